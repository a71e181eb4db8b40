"""Services that apprise knows: PagerDuty, Teams, Slack and others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netmon.errors import Parked
from netmon.notices.channel import Channel, Ticket
from netmon.notices.message import Message
from netmon.notices.own_thread import OwnThread

if TYPE_CHECKING:
    from netmon.notices.service_session import ServiceSession

MISSING = "apprise is not installed; it is the extra netmon-edge[apprise]"


class Service(Channel):
    """Sends by apprise. Chats have no ids: a kill between sending and noting so repeats the message."""

    def __init__(self, name: str, service_url: str, timeout_seconds: float) -> None:
        self.name = name
        self._service_url = service_url
        self._thread = OwnThread(f"service {name}", timeout_seconds)

    async def send(self, message: Message, *, again: bool = False) -> Sequence[Ticket]:
        """Send it."""
        del again
        await self._thread.call(lambda: self._opened().send(message))
        return ()

    async def reach(self) -> str:
        """See whether apprise knows the service; it cannot ask it anything."""
        await self._thread.call(self._opened)
        return f"apprise knows the service; `netmon notify test {self.name}` shows whether it takes messages"

    async def close(self) -> None:
        """Let the thread go."""
        self._thread.close()

    def _opened(self) -> ServiceSession:
        try:
            # Imported late: an extra, and 40 MB of it.
            from netmon.notices.service_session import ServiceSession  # noqa: PLC0415
        except ImportError as error:
            raise Parked(MISSING) from error
        return ServiceSession(self._service_url)
