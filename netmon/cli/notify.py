"""`netmon notify test`: a message through every channel, end to end, with the receipts."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import asdict

from netmon.app.channel_settings import channel, place
from netmon.clock import Clock, SystemClock
from netmon.config import default_path, load
from netmon.config.schema import Configuration
from netmon.errors import UsageError
from netmon.notices.trial import Result, test_message, try_all
from netmon.sdk import Command
from netmon.units import duration_seconds


class NotifyCommand(Command):
    """Try the channels; works beside the daemon, which keeps queues of its own."""

    summary = "a test message through every channel, end to end"

    def __init__(self, environ: Mapping[str, str] = os.environ, clock: Clock | None = None) -> None:
        self._environ, self._clock = environ, clock or SystemClock()

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do."""
        parser.add_argument("action", choices=("test",), help="send a test message and wait for receipts")
        parser.add_argument("channels", metavar="NAME", nargs="*", help="channels to try (default: all)")
        parser.add_argument("--wait", metavar="TIME", default="2m", help="how long to wait for receipts")

    def run(self, options: Namespace) -> int:
        """Do it; exit code 1 when a channel did not deliver."""
        configuration = load(default_path(options.config), self._environ).configuration
        names = options.channels or list(configuration.notify)
        unknown = [name for name in names if name not in configuration.notify]
        if unknown or not names:
            known, missing = ", ".join(configuration.notify) or "none", (*unknown, "NAME")[0]
            raise UsageError(f"the configuration has no [notify.{missing}]; it has: {known}")
        results = asyncio.run(self._try(configuration, names, _seconds(options.wait)))
        _tell(results, as_json=options.json)
        return 0 if all(one.ok for one in results) else 1

    async def _try(self, configuration: Configuration, names: list[str], seconds: float) -> list[Result]:
        made = [channel(name, configuration.notify[name], self._clock) for name in names]
        message = test_message(place(configuration, configuration.notify[names[0]]), self._clock)
        try:
            return await try_all(made, message, self._clock, seconds)
        finally:
            for one in made:
                await one.close()


def _seconds(text: str) -> float:
    try:
        return duration_seconds(text)
    except ValueError as error:
        raise UsageError(f"--wait: {error}") from error


def _tell(results: list[Result], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in results], indent=2) + "\n")
        return
    for one in results:
        sys.stdout.write(f"{one.channel}: {'ok' if one.ok else 'FAILED'}, {one.words} ({one.seconds:g} s)\n")
