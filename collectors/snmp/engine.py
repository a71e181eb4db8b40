"""The SNMP engine of one daemon: one transport, and one session per device."""

from __future__ import annotations

from typing import Self
from weakref import WeakValueDictionary

from collectors.snmp.conversation import Conversation
from collectors.snmp.limits import Limits
from collectors.snmp.session import Session
from collectors.snmp.transport import Transport, TransportCounters
from netmon import sdk

_Key = tuple[str, str, int, bool, sdk.Credential]


class SnmpEngine:
    """Shared by all collectors: `await context.shared.get(SnmpEngine)`."""

    def __init__(self, try_seconds: float = 1.0, limits: Limits | None = None) -> None:
        """Make it; `try_seconds` is how long one try is for a device that was never measured."""
        self._try_seconds = try_seconds
        self._limits = limits or Limits()
        self._transport = Transport(self._limits)
        # Kept as long as a collector holds them: a reload that changes a credential makes a new session.
        self._sessions: WeakValueDictionary[_Key, Session] = WeakValueDictionary()

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make the engine; sockets are opened with the first request."""
        del clock  # sessions have the clock of their context
        return cls()

    async def close(self) -> None:
        """Close the sockets."""
        self._transport.close()

    @property
    def counters(self) -> TransportCounters:
        """Datagrams sent, received and dropped, by reason."""
        return self._transport.counters

    @property
    def devices(self) -> frozenset[tuple[str, str]]:
        """Names and addresses of the devices that somebody asks now, as they are configured."""
        return frozenset(key[:2] for key in self._sessions)

    def renewed(self, device: str) -> None:
        """Note that the device of this name is another one than before, so that all of it is read anew."""
        for key, session in self._sessions.items():
            if key[0] == device:
                session.renewed()

    def session(self, device: sdk.Device, context: sdk.Context) -> Session:
        """Return the device's session."""
        key = (device.name, device.address, device.port, device.other_source, device.credential)
        session = self._sessions.get(key)
        if session is None:
            allowance = self._limits.for_device()
            conversation = Conversation(device, self._transport, context, self._try_seconds, allowance)
            session = self._sessions[key] = Session(conversation)
        return session
