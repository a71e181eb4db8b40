"""The channels of the configuration, in the words of the parts that tell."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from netmon.clock import Clock
from netmon.config.alerting import AppriseNotify, EmailNotify, GovukNotify, HttpNotify, NotifySection
from netmon.config.schema import Configuration
from netmon.config.secret import Secret
from netmon.incidents.incident import Severity
from netmon.notices.alertmanager import Alertmanager
from netmon.notices.channel import Channel
from netmon.notices.govuk import GovukNotify as GovukChannel
from netmon.notices.govuk_settings import GovukSettings
from netmon.notices.http_session import HttpSettings
from netmon.notices.judgement import LaneSettings
from netmon.notices.mail import Mail
from netmon.notices.mail_session import MailSettings
from netmon.notices.selection import Selection
from netmon.notices.service import Service
from netmon.notices.webhook import Webhook
from netmon.notices.wording import Place


def channel(name: str, section: NotifySection, clock: Clock) -> Channel:
    """Return the channel that a section is for; nothing is opened yet."""
    if isinstance(section, HttpNotify):
        return _http(name, section, clock)
    if isinstance(section, EmailNotify):
        return Mail(name, mail_settings(section), clock)
    if isinstance(section, GovukNotify):
        return GovukChannel(name, _govuk(section))
    if isinstance(section, AppriseNotify):
        return Service(name, _text(section.service_url), section.timeout_seconds)
    raise TypeError(f"no channel is made of {type(section).__name__}")


def lane_settings(name: str, section: NotifySection, roots_to: Collection[str] = ()) -> LaneSettings:
    """Return what the channel takes, and what it may cost."""
    desk = section.fault_desk_of if isinstance(section, EmailNotify) else ""
    severities = frozenset(Severity(one) for one in section.severities)
    return LaneSettings(
        Selection(name, severities, desk),
        section.budget_per_day,
        section.confirm_within_seconds,
        announces=name in roots_to,
    )


def place(configuration: Configuration, section: NotifySection) -> Place:
    """Return where netmon stands, for people who read it by this channel."""
    site = configuration.site
    names = {site.id: site.name} if site.name else {}
    most = section.sms_characters if isinstance(section, GovukNotify) else 160
    return Place(site.id, names, ZoneInfo(site.timezone), most)


def _http(name: str, section: HttpNotify, clock: Clock) -> Channel:
    settings = HttpSettings(
        section.url, _text(section.token), str(section.ca_file or ""), section.timeout_seconds
    )
    if section.type == "alertmanager":
        return Alertmanager(name, settings, clock)
    return Webhook(name, settings, clock, _text(section.secret))


def mail_settings(section: EmailNotify) -> MailSettings:
    """Return how a section's mail server is reached."""
    return MailSettings(
        host=section.server.host,
        port=section.server.port,
        sender=section.sender,
        to=section.to,
        username=section.username,
        password=_text(section.password),
        starttls=section.starttls,
        timeout_seconds=section.timeout_seconds,
    )


def _govuk(section: GovukNotify) -> GovukSettings:
    return GovukSettings(
        url=section.url,
        api_key=_text(section.api_key),
        sms_template=section.sms_template,
        sms_to=section.sms_to,
        email_template=section.email_template,
        email_to=section.email_to,
        timeout_seconds=section.timeout_seconds,
    )


def _text(secret: Secret | None) -> str:
    return secret.get_secret_value() if secret else ""
