"""Power over Ethernet: what a device's supplies can give and do give, and what each port delivers.

Only ports that deliver power, or should and cannot, are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from collectors.snmp.answers import Table
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.entity import Entities, Entity
from collectors.snmp.known_ports import KnownPorts
from collectors.snmp.poe import BUDGET, CONSUMPTION, GROUPS, PORTS, STATE, PoePort, poe_ports, port_names
from netmon import sdk

POE: Final = "poe"
POE_PORT: Final = "poe_port"

_RETRY_SECONDS: Final = 60.0

_SUPPLY: Final = (
    sdk.gauge("netmon_poe_budget_watts", "Power that a group of ports can be given in all."),
    sdk.gauge("netmon_poe_consumption_watts", "Power that a group of ports is given now, as measured."),
    sdk.state("netmon_poe_state", "State of the supply: 1 on, 2 off, 3 faulty."),
)
_EACH: Final = (
    sdk.state("netmon_poe_port_enabled", "1 when the port is allowed to deliver power, 0 when it is not."),
    sdk.state(
        "netmon_poe_port_state",
        "State of the port: 1 disabled, 2 searching, 3 delivering power, 4 fault, 5 test, 6 other fault.",
    ),
    sdk.integer("netmon_poe_port_class", "Class of the powered device, 0 to 4, larger ones want more."),
    sdk.gauge("netmon_poe_port_allocated_watts", "Power that is kept for the port."),
    sdk.gauge("netmon_poe_port_consumption_watts", "Power that the port delivers now."),
)


class PowerCollector(SnmpCollector[sdk.NoSettings]):
    """Reads power over Ethernet of one device every minute; of one that has none, every hour."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {POE: _SUPPLY, POE_PORT: _EACH}
    settings_type = sdk.NoSettings
    period_seconds = 60.0

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._shapes: dict[str, sdk.Shape] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._named = -1
        self._name_again_at = float("inf")

    async def collect(self) -> Sequence[sdk.Record]:
        """Return a reading of the supplies and one of the ports, as far as the device has them."""
        stamp = self.context.clock.stamp()
        supplies, table = await self.table(GROUPS), await self.table(PORTS)
        readings = self._supplies(supplies, stamp)
        ports = list(poe_ports(table))
        if ports:
            readings += await self._ports(ports, table.partial, stamp)
        elif not readings and not supplies.partial and not table.partial:
            self.lacking()
        return readings

    def _supplies(self, table: Table, stamp: sdk.Stamp) -> list[sdk.Reading]:
        kept = [at for at, index in enumerate(table.index) if len(index) == 1]
        rows = tuple(sdk.Row((*self.key, ("group", str(table.index[at][0])))) for at in kept)
        columns = tuple([table[wanted][at] for at in kept] for wanted in (BUDGET, CONSUMPTION, STATE))
        return [self._reading(POE, rows, columns, table.partial, stamp)] if rows else []

    async def _ports(self, ports: Sequence[PoePort], partial: str, stamp: sdk.Stamp) -> list[sdk.Reading]:
        await self._name(ports)
        told = [port for port in ports if port.matters]
        if not told:
            return []
        rows = tuple(self._row(port) for port in told)
        columns = (
            [port.enabled for port in told],
            [port.state for port in told],
            [port.power_class for port in told],
            [port.allocated_watts for port in told],
            [port.drawn_watts for port in told],
        )
        return [self._reading(POE_PORT, rows, columns, partial, stamp)]

    async def _name(self, ports: Sequence[PoePort]) -> None:
        """Find the names of all ports once, and again when there are others or the device was renewed.

        Also after a minute when its parts could not be read: until then names stay, or numbers decide.
        """
        places, now = {(port.group, port.port) for port in ports}, self.context.clock.monotonic()
        same = self._named == self.session.generation and places <= self._names.keys()
        if same and now < self._name_again_at:
            return
        known = await (await self.context.shared.get(KnownPorts)).ports(self.session, self.left_seconds)
        parts = await self._entities(ports)
        self._name_again_at = float("inf") if parts is not None else now + _RETRY_SECONDS
        self._named = self.session.generation
        if parts is not None or not places <= self._names.keys():
            named = port_names(ports, known, parts or ())
            self._names = {(port.group, port.port): name for port, name in named.items()}

    async def _entities(self, ports: Sequence[PoePort]) -> tuple[Entity, ...] | None:
        """Return the device's parts where its ports name some; None when they cannot be read now."""
        if not any(port.part for port in ports):
            return ()
        try:
            return await (await self.context.shared.get(Entities)).entities(self.session, self.left_seconds)
        except sdk.SourceError:
            return None

    def _row(self, port: PoePort) -> sdk.Row:
        numbers = (("group", str(port.group)), ("port", str(port.port)))
        return sdk.Row((*self.key, ("ifName", self._names[port.group, port.port])), numbers)

    def _reading(
        self,
        measurement: str,
        rows: tuple[sdk.Row, ...],
        columns: tuple[Sequence[sdk.Value], ...],
        partial: str,
        stamp: sdk.Stamp,
    ) -> sdk.Reading:
        shape = self._shapes.get(measurement)
        if shape is None or shape.rows != rows:
            shape = self._shapes[measurement] = sdk.Shape(measurement, self.metrics[measurement], rows)
        outcome = sdk.Outcome.PARTIAL if partial else sdk.Outcome.OK
        return sdk.Reading(shape, stamp, columns, (outcome,) * len(rows))
