"""GOV.UK Notify: text messages and e-mail, with receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from netmon.errors import Parked
from netmon.notices.addressees import Addressees
from netmon.notices.channel import Channel, Receipt, Ticket
from netmon.notices.govuk_settings import GovukSettings
from netmon.notices.message import Message
from netmon.notices.own_thread import OwnThread

if TYPE_CHECKING:
    from netmon.notices.govuk_session import GovukSession

MISSING = "notifications-python-client is not installed; it is the extra netmon-edge[govuk]"
_RECEIPTS: Mapping[str, Receipt] = {
    "delivered": Receipt.DELIVERED,
    "sent": Receipt.DELIVERED,  # abroad: no network there says more
    "permanent-failure": Receipt.FAILED,
    "temporary-failure": Receipt.FAILED,
    "technical-failure": Receipt.FAILED,
}


class GovukNotify(Channel):
    """Sends by template. By its reference, what is there already after a crash is found, and not repeated."""

    def __init__(self, name: str, settings: GovukSettings) -> None:
        self.name = name
        self._settings = settings
        names = [*(f"sms {to}" for to in settings.sms_to), *(f"email {to}" for to in settings.email_to)]
        self._names = {one: f"{one.partition(' ')[0]}{number}" for number, one in enumerate(names)}
        self._addressees = Addressees(names)
        calls = 2 * max(1, len(names))
        self._thread = OwnThread(f"notify {name}", settings.timeout_seconds * calls)
        self._session: GovukSession | None = None

    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Send it to all; the tickets are GOV.UK Notify's ids."""
        return await self._thread.call(lambda: self._bring(message, again=again))

    async def reach(self) -> str:
        """Ask for a message that there is none of: the key is judged by it."""
        await self._thread.call(lambda: self._opened().find("netmon-doctor"))
        return "GOV.UK Notify takes the key"

    async def receipt(self, ticket: Ticket) -> Receipt:
        """Return what became of a message."""
        status = await self._thread.call(lambda: self._opened().status(ticket))
        return _RECEIPTS.get(status, Receipt.WAITING)

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()
        self._thread.close()

    def _opened(self) -> GovukSession:
        if self._session is None:
            try:
                # Imported late: an extra, with an HTTP library of its own.
                from netmon.notices.govuk_session import GovukSession  # noqa: PLC0415
            except ImportError as error:
                raise Parked(MISSING) from error
            self._session = GovukSession(self._settings)
        return self._session

    def _bring(self, message: Message, *, again: bool) -> list[Ticket]:
        session = self._opened()

        def send(name: str) -> Ticket:
            reference = f"netmon-{message.id}-{self._names[name]}"
            found = session.find(reference) if again else ""
            return found or _sender(session, name)(message, reference)

        return self._addressees.bring(message.id, send)


def _sender(session: GovukSession, name: str) -> Callable[[Message, str], Ticket]:
    way, _, to = name.partition(" ")
    if way == "sms":
        return lambda message, reference: session.sms(to, message.short, reference)
    return lambda message, reference: session.email(to, message.title, message.text, reference)
