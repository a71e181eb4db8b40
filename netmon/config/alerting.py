"""`[notify.NAME]` and `[evidence]`: who is told, and what is kept as proof."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from netmon.config.incidents import Severity
from netmon.config.secret import ReadableFile, Secret
from netmon.config.section import Problem, Section
from netmon.config.values import Endpoint, MailServer, Name, Timeout, Url, Words, url_host, within
from netmon.units import Seconds


def _mail(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text) or not text.isprintable():
        raise ValueError(f"{text!r} is not a mail address")
    return text


def _phone(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{6,15}", text, re.ASCII):
        raise ValueError(f"{text!r} is not a telephone number: digits only, + in front of the country")
    return text


Mail = Annotated[str, AfterValidator(_mail)]
Phone = Annotated[str, AfterValidator(_phone)]


class NotifyType(Section):
    """A channel of a type that does not exist: only that is wrong with it, as its keys are unknown."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["alertmanager", "webhook", "email", "govuk_notify", "apprise"] = Field(
        description="alertmanager, webhook, email, govuk_notify or apprise"
    )


class NotifySection(Section):
    """What all channels have."""

    type: str = Field(description="what kind of channel it is")
    severities: tuple[Severity, ...] = Field(("page", "ticket"), description="which alerts go this way")
    fallback: Name | None = Field(
        None, description="NAME of the channel to use when this one does not confirm"
    )
    budget_per_day: int = Field(
        50, ge=1, le=10_000, description="most messages a day; the rest go as one summary"
    )
    confirm_within_seconds: Annotated[Seconds, AfterValidator(within("30s", "1d"))] = Field(
        300.0,
        alias="confirm_within",
        description="how long it has to confirm before its fallback tells",
    )
    weekly_test: bool = Field(True, description="send a test message on Mondays; one that fails alarms")
    timeout_seconds: Timeout = Field(10.0, alias="timeout", description="longest time for one message")


class HttpNotify(NotifySection):
    """Prometheus Alertmanager (API v2) or any server that takes JSON."""

    type: Literal["alertmanager", "webhook"] = Field(description="Alertmanager, or a server that takes JSON")
    url: Url = Field(description="where the server is")
    token: Secret | None = Field(None, description="bearer token, if the server wants one")
    secret: Secret | None = Field(None, description="webhook: signs each message; a forged one is known")
    heartbeat_seconds: Annotated[Seconds, AfterValidator(within("10s", "1h"))] | None = Field(
        None, alias="heartbeat", description="how often to say that netmon lives, so that silence is noticed"
    )
    ca_file: ReadableFile | None = Field(None, description="certificates to trust instead of the system's")

    def mistakes(self) -> Iterator[Problem]:
        """Yield a signature that nobody looks at."""
        if self.secret is not None and self.type == "alertmanager":
            yield Problem("secret", "is for webhooks; Alertmanager checks no signature", "use token")

    def warnings(self) -> Iterator[Problem]:
        """Warn of secrets that travel in clear text."""
        clear = self.url.startswith("http://") and not Endpoint(url_host(self.url), 0).loopback
        if self.token is not None and clear:
            yield Problem("url", "sends its secret in clear text", "use https://")


class EmailNotify(NotifySection):
    """E-mail by SMTP with STARTTLS."""

    type: Literal["email"] = Field(description="e-mail by SMTP")
    server: MailServer = Field(description="mail server, with :port when it is not 587")
    sender: Mail = Field(description="address that messages come from")
    to: tuple[Mail, ...] = Field(min_length=1, description="addresses that messages go to")
    username: Words = Field("", description="user of the mail server, if it wants one")
    password: Secret | None = Field(None, description="password of that user")
    starttls: bool = Field(True, description="insist on an encrypted connection")
    fault_desk_of: Words = Field(
        "", description="a supplier, when this is its fault desk: hears only of its own line faults"
    )


class GovukNotify(NotifySection):
    """Text messages and e-mail by GOV.UK Notify."""

    type: Literal["govuk_notify"] = Field(description="GOV.UK Notify")
    api_key: Secret = Field(description="API key of the service")
    url: Url = Field("https://api.notifications.service.gov.uk", description="where GOV.UK Notify answers")
    sms_template: Words = Field("", description="id of the template for text messages: ((message))")
    sms_to: tuple[Phone, ...] = Field((), description="numbers that text messages go to")
    sms_characters: int = Field(
        140, ge=70, le=160, description="longest text message; the service's name stands in front of it"
    )
    email_template: Words = Field("", description="id of the template for e-mail: ((subject)), ((message))")
    email_to: tuple[Mail, ...] = Field((), description="addresses that e-mail goes to")

    def mistakes(self) -> Iterator[Problem]:
        """Yield recipients without a template, templates without a recipient, and nobody at all."""
        ways = (("sms", self.sms_template, self.sms_to), ("email", self.email_template, self.email_to))
        for way, template, recipients in ways:
            if bool(template) != bool(recipients):
                missing = f"{way}_to" if template else f"{way}_template"
                yield Problem(missing, f"is missing: {way}_to and {way}_template belong together")
        if not (self.sms_to or self.email_to):
            yield Problem("", "tells nobody", "add sms_to and sms_template, or email_to and email_template")


class AppriseNotify(NotifySection):
    """PagerDuty, Teams, Slack and other services by apprise."""

    type: Literal["apprise"] = Field(description="a service that apprise knows")
    service_url: Secret = Field(description="the service's apprise URL, which holds its secret")


NOTIFY_TYPES: Mapping[str, type[NotifySection]] = {
    "alertmanager": HttpNotify,
    "webhook": HttpNotify,
    "email": EmailNotify,
    "govuk_notify": GovukNotify,
    "apprise": AppriseNotify,
}


class EvidenceSection(Section):
    """Records that must stand up later: their roots are kept elsewhere too."""

    roots_to: tuple[Name, ...] = Field(
        (), description="NAMEs of [notify.NAME] that are sent each day's root, to keep it"
    )
