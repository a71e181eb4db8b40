"""The ports of each device by ifIndex, for tables that name a port by its number only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self
from weakref import WeakKeyDictionary

from collectors.snmp.interface_fields import SLOW
from collectors.snmp.ports import DESCRIBING, Port, ports_of
from collectors.snmp.session import Session
from netmon import sdk

_KEPT_SECONDS: Final = 3600.0
_COLUMNS: Final = (*(field.wanted for field in SLOW), *DESCRIBING)


@dataclass(frozen=True, slots=True)
class _Known:
    generation: int
    until: float
    ports: tuple[Port, ...]


class KnownPorts:
    """Shared by all collectors: `await context.shared.get(KnownPorts)`."""

    def __init__(self, clock: sdk.Clock) -> None:
        self._clock = clock
        self._known: WeakKeyDictionary[Session, _Known] = WeakKeyDictionary()

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it."""
        return cls(clock)

    async def close(self) -> None:
        """Forget everything."""
        self._known.clear()

    def note(self, session: Session, ports: tuple[Port, ...]) -> None:
        """Take what the interfaces' own collector just read, so that nobody asks for it again."""
        until = self._clock.monotonic() + _KEPT_SECONDS
        self._known[session] = _Known(session.generation, until, ports)

    async def ports(self, session: Session, timeout_seconds: float) -> tuple[Port, ...]:
        """Return a device's ports under the names of their series; read when nobody has noted them.

        SourceError when the device does not answer, PARTIAL when only some ports came.
        """
        known = self._known.get(session)
        if known is None or known.generation != session.generation or self._clock.monotonic() >= known.until:
            table = await session.table(_COLUMNS, timeout_seconds, often=False)
            if table.partial:
                raise sdk.SourceError(sdk.Outcome.PARTIAL, f"not all ports came: {table.partial}")
            self.note(session, ports_of(table).ports)
            return self._known[session].ports
        return known.ports
