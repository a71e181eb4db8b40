"""`netmon report ... --issue DIR --mail NAME`: what was issued, by a channel of the configuration."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from datetime import UTC, datetime

from netmon.app.channel_settings import mail_settings
from netmon.clock import Clock
from netmon.config import default_path, load
from netmon.config.alerting import EmailNotify
from netmon.errors import UsageError
from netmon.evidence.reports.delivery import deliver
from netmon.evidence.reports.issued import Issued


def add_mail(parser: ArgumentParser) -> None:
    """Declare `--mail`."""
    told = "send what is issued by [notify.NAME] of type email; each revision goes out once"
    parser.add_argument("--mail", metavar="NAME", help=told)


def refuse_mail_alone(options: Namespace) -> None:
    """Raise UsageError where there is nothing to send."""
    if options.mail and not options.issue:
        raise UsageError("--mail sends what is issued: say --issue DIR, too")


def mail(options: Namespace, issued: Issued, title: str, environ: Mapping[str, str], clock: Clock) -> bool:
    """Send the newest revision to all that do not have it; False when somebody does not have it now."""
    notify = load(default_path(options.config), environ).configuration.notify
    section = notify.get(options.mail)
    if not isinstance(section, EmailNotify):
        known = ", ".join(name for name, one in notify.items() if isinstance(one, EmailNotify)) or "none"
        raise UsageError(f"the configuration has no [notify.{options.mail}] of type email; it has: {known}")
    now = datetime.fromtimestamp(clock.wall_ns() / 1e9, UTC)
    done = deliver(issued, title, options.mail, mail_settings(section), now)
    sys.stdout.writelines(f"sent: {to}\n" for to in done.sent)
    sys.stderr.writelines(f"netmon: {to}: {error}\n" for to, error in done.failed)
    return not done.failed
