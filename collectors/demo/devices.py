"""A simulated device: standard MIB objects with counters that live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from collectors.snmp.agent import Live, SortedObjects, counter32, counter64, gauge32, object_id, time_ticks
from collectors.snmp.ber import Oid

_SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
_IF_NUMBER: Oid = (1, 3, 6, 1, 2, 1, 2, 1, 0)
_IF_ENTRY: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IFX_ENTRY: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
UP, DOWN = 1, 2
"""ifOperStatus."""

_ETHERNET = 6
_PACKET_OCTETS = 700


@dataclass(slots=True)
class Port:
    """One port: its speed and share of traffic, and what it has counted."""

    index: int
    name: str
    alias: str
    speed_mbps: int
    in_bits_per_second: float = 0.0
    out_bits_per_second: float = 0.0
    oper_status: int = UP
    last_change: int = 0
    in_octets: float = 0.0
    out_octets: float = 0.0
    in_errors: float = 0.0
    error_ratio: float = 0.0


@dataclass(slots=True)
class SimulatedDevice:
    """A device: `advance()` moves its counters to a moment, `objects()` is its MIB then."""

    name: str
    description: str
    object_id: Oid
    location: str
    ports: list[Port]
    now: Callable[[], float]
    started: float = 0.0
    advanced: float = 0.0
    equipment: Mapping[Oid, Live] = field(default_factory=dict)
    """Objects beyond system group and ports."""
    _table: SortedObjects | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.started = self.advanced = self.now()

    def advance(self) -> None:
        """Count what each port carried since the last time."""
        now = self.now()
        elapsed = now - self.advanced
        self.advanced = now
        for port in self.ports:
            if port.oper_status == UP:
                port.in_octets += port.in_bits_per_second * elapsed / 8
                port.out_octets += port.out_bits_per_second * elapsed / 8
                port.in_errors += port.in_bits_per_second * elapsed / 8 / _PACKET_OCTETS * port.error_ratio

    def set_oper_status(self, port: Port, status: int) -> None:
        """Change a port's state and note when, as ifLastChange does."""
        if port.oper_status != status:
            port.oper_status, port.last_change = status, self.uptime_hundredths()

    def uptime_hundredths(self) -> int:
        """Return sysUpTime."""
        return int((self.now() - self.started + 86_400 * 40) * 100)

    def objects(self) -> SortedObjects:
        """Return the MIB; values are made when they are asked for."""
        if self._table is None:
            self._table = SortedObjects(self._system() | self._interfaces() | dict(self.equipment))
        return self._table

    def _system(self) -> dict[Oid, Live]:
        return {
            (*_SYSTEM, 1, 0): self.description,
            (*_SYSTEM, 2, 0): object_id(self.object_id),
            (*_SYSTEM, 3, 0): lambda: time_ticks(self.uptime_hundredths()),
            (*_SYSTEM, 4, 0): "network team",
            (*_SYSTEM, 5, 0): self.name,
            (*_SYSTEM, 6, 0): self.location,
            _IF_NUMBER: len(self.ports),
        }

    def _interfaces(self) -> dict[Oid, Live]:
        table: dict[Oid, Live] = {}
        for port in self.ports:
            for entry, columns in ((_IF_ENTRY, _if_columns(port)), (_IFX_ENTRY, _ifx_columns(port))):
                table |= {(*entry, column, port.index): live for column, live in columns.items()}
        return table


def _if_columns(port: Port) -> Mapping[int, Live]:
    """Return IF-MIB ifEntry columns by number."""
    return {
        1: port.index,
        2: f"{port.name} Ethernet Interface",
        3: _ETHERNET,
        4: 1500,
        5: gauge32(port.speed_mbps * 10**6),
        6: bytes((0x02, 0, 0, 0, 0, port.index)),
        7: UP,
        8: lambda: port.oper_status,
        9: lambda: time_ticks(port.last_change),
        10: lambda: counter32(int(port.in_octets)),
        13: counter32(0),
        14: lambda: counter32(int(port.in_errors)),
        15: counter32(0),
        16: lambda: counter32(int(port.out_octets)),
        19: counter32(0),
        20: counter32(0),
    }


def _ifx_columns(port: Port) -> Mapping[int, Live]:
    """Return IF-MIB ifXEntry columns by number."""
    return {
        1: port.name,
        6: lambda: counter64(int(port.in_octets)),
        7: lambda: counter64(int(port.in_octets) // _PACKET_OCTETS),
        8: counter64(0),
        9: counter64(0),
        10: lambda: counter64(int(port.out_octets)),
        11: lambda: counter64(int(port.out_octets) // _PACKET_OCTETS),
        12: counter64(0),
        13: counter64(0),
        15: gauge32(port.speed_mbps),
        16: 2,
        17: 1,
        18: port.alias,
        19: time_ticks(0),
    }
