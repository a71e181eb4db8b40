"""The door to apprise: PagerDuty, Teams, Slack and some hundred other services by one URL. It blocks."""

from __future__ import annotations

import logging
from hashlib import blake2s

import apprise

from netmon.errors import Parked, RetryLater
from netmon.incidents.incident import Severity
from netmon.notices.message import Message

_KINDS = {Severity.PAGE: apprise.NotifyType.FAILURE, Severity.TICKET: apprise.NotifyType.WARNING}


class ServiceSession:
    """One service. Its URL holds its secret: no error and no log line shows it."""

    def __init__(self, service_url: str) -> None:
        # It tells each failure itself, with parts of the address.
        logging.getLogger("apprise").setLevel(logging.CRITICAL)
        asset = apprise.AppriseAsset(http_redirects=False, secure_logging=True)
        service = apprise.Apprise.instantiate(service_url, asset=asset, suppress_exceptions=True)
        if service is None:
            raise Parked("apprise does not know this service URL")
        self._service, self._all = service, apprise.Apprise(asset=asset)
        self._all.add(service)

    def send(self, message: Message) -> None:
        """Send it; RetryLater when the service did not take it: apprise does not say why."""
        if hasattr(self._service, "dedup"):
            # PagerDuty finds by it what a later message ends, and drops what comes twice.
            self._service.dedup = blake2s(message.key.encode(), digest_size=16).hexdigest()
        kind = _KINDS.get(message.severity, apprise.NotifyType.INFO)
        if not message.firing:
            kind = apprise.NotifyType.SUCCESS
        body = message.text.partition("\n\n")[2] or message.text
        if not self._all.notify(body=body, title=message.title, notify_type=kind):
            raise RetryLater("the service did not take the message")
