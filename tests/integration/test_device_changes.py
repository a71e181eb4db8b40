"""What happens to a device's hardware and ports, seen by all its collectors: one event each, whole series.

The collectors run as one job does: one after the other, those that are due, every thirty seconds.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from fakes.context import FakeClock
from fakes.neighbourhood import lldp, local_port
from fakes.parts import parts, without
from fakes.snmp_agent import FakePort, FakeSwitch, bench, snmp_context

from collectors.addresses import AddressesCollector
from collectors.interfaces import InterfacesCollector
from collectors.inventory import InventoryCollector
from collectors.neighbours import NeighboursCollector
from collectors.power import PowerCollector
from collectors.snmp.entity import Entity
from collectors.system import SystemCollector
from collectors.vlans import VlansCollector
from netmon import sdk
from netmon.rates import Count, rate

JOB = (
    SystemCollector,
    InterfacesCollector,
    PowerCollector,
    NeighboursCollector,
    InventoryCollector,
    AddressesCollector,
    VlansCollector,
)
OCTETS = "ifHCInOctets"
RATE = 1_000
"""Octets that each port takes in a second."""

MEMBERS = {
    member: (
        Entity(member * 10, "chassis", f"Switch {member}", model="S-4", serial=f"A{member}", position=member),
        Entity(member * 10 + 1, "module", f"Slot {member}/1", "4 ports", "LC-4", f"L{member}",
               contained_in=member * 10, position=1),
    )
    for member in (1, 2)
}  # fmt: skip
PORTS = {
    member: [FakePort(member * 100 + n, f"Gi{member}/0/{n}".encode(), octets=10_000 * n) for n in range(1, 5)]
    for member in (1, 2)
}


@dataclass
class Told:
    """What a tick gave."""

    events: list[sdk.Event] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    @property
    def kinds(self):
        return [event.kind for event in self.events]


class Watch:
    """A stack of two, its collectors, and each port's history."""

    def __init__(self, made, collectors, clock):
        self.switch, self.agent, self.collectors, self.clock = made.switch, made.agent, collectors, clock
        self.history: dict[str, list[Count]] = {}

    async def tick(self, ticks=1):
        told = Told()
        for _ in range(ticks):
            for collector in self.collectors:
                if collector.due():
                    told.ran.append(type(collector).__name__)
                    self.take(await collector.read(), told)
            self.pass_time(30)
        return told

    def pass_time(self, seconds):
        self.clock.advance(seconds)
        self.switch.uptime += seconds * 100
        for port in self.switch.ports:
            port.octets += RATE * seconds

    def take(self, records, told):
        told.events += [record for record in records if isinstance(record, sdk.Event)]
        for reading in records:
            if isinstance(reading, sdk.Reading) and reading.shape.measurement == "interface":
                names = [metric.name for metric in reading.shape.metrics]
                column = reading.columns[names.index(OCTETS)]
                for row, epoch, octets in zip(reading.shape.rows, reading.epochs, column, strict=True):
                    count = Count(octets, reading.stamp.boottime_ns, epoch)
                    self.history.setdefault(dict(row.key)["ifName"], []).append(count)

    def wrong_rates(self):
        """Return rates between following readings of a port that are not the one that it had."""
        pairs = ((name, a, b) for name, counts in self.history.items() for a, b in pairwise(counts))
        found = ((name, rate(a, b)) for name, a, b in pairs)
        return [(name, speed) for name, speed in found if speed is not None and abs(speed - RATE) > 1]

    def remove(self, *entities):
        self.switch.changes |= without(*entities)


@pytest.fixture
async def watch():
    clock = FakeClock()
    switch = FakeSwitch([replace(port) for member in (1, 2) for port in PORTS[member]])
    async with bench(switch) as made, snmp_context(clock=clock) as context:
        switch.changes |= parts(*MEMBERS[1], *MEMBERS[2])
        for port in switch.ports:
            switch.changes |= local_port(port.index, port.name)
        switch.changes |= lldp("0.101.1", b"core")
        collectors = [kind(made.assignment(kind.__name__), sdk.NoSettings()) for kind in JOB]
        for collector in collectors:
            await collector.open(context)
        found = Watch(made, collectors, clock)
        assert (await found.tick(3)).events == []
        yield found


async def test_a_quiet_hour_has_no_event_and_reads_slow_tables_rarely(watch):
    told = await watch.tick(120)
    assert told.events == []
    assert told.ran.count("InterfacesCollector") == 120
    assert told.ran.count("InventoryCollector") <= 2
    assert told.ran.count("AddressesCollector") <= 2
    assert 10 <= told.ran.count("NeighboursCollector") <= 14
    assert watch.wrong_rates() == []


async def test_a_stack_member_that_is_lost_is_one_event_of_its_ports_and_one_of_its_parts(watch):
    watch.switch.ports = watch.switch.ports[:4]
    watch.remove(*MEMBERS[2])
    told = await watch.tick()
    assert told.kinds == ["interfaces_vanished", "component_removed"]
    assert told.events[1].text == "sw1: Switch 2 (serial A2) removed"
    assert (await watch.tick(20)).events == []
    assert watch.wrong_rates() == []


async def test_a_line_card_that_is_swapped_for_another_is_one_event(watch):
    old = watch.switch.ports[4:]
    watch.switch.ports = watch.switch.ports[:4]
    watch.remove(MEMBERS[2][1])
    assert (await watch.tick()).kinds == ["interfaces_vanished", "component_removed"]
    watch.switch.ports += [replace(port, octets=5) for port in old]
    watch.switch.changes |= parts(replace(MEMBERS[2][1], serial="L9"))
    assert (await watch.tick()).kinds == ["interfaces_appeared", "component_added"]
    assert (await watch.tick(20)).events == []
    assert watch.wrong_rates() == []


async def test_a_line_card_that_is_swapped_between_two_reads_is_one_event(watch):
    watch.switch.changes |= parts(replace(MEMBERS[2][1], serial="L9"))
    for port in watch.switch.ports[4:]:
        port.octets = 5
    assert (await watch.tick()).kinds == ["counters_reset", "component_replaced"]
    assert (await watch.tick(20)).events == []
    assert watch.wrong_rates() == []


async def test_ports_that_are_renumbered_are_one_event_and_the_same_series(watch):
    for port in watch.switch.ports:
        port.index += 1000
    watch.switch.changes |= lldp("0.101.1", b"core")
    watch.switch.changes |= {k: v for p in watch.switch.ports for k, v in local_port(p.index, p.name).items()}
    before = set(watch.history)
    told = await watch.tick()
    assert told.kinds == ["interfaces_renumbered"]
    assert (await watch.tick(20)).events == []
    assert set(watch.history) == before
    assert watch.wrong_rates() == []


async def test_ports_that_swap_their_numbers_do_not_cross(watch):
    one, other = watch.switch.ports[:2]
    one.index, other.index = other.index, one.index
    assert (await watch.tick()).kinds == ["interfaces_renumbered"]
    assert (await watch.tick(3)).events == []
    assert watch.wrong_rates() == []


async def test_a_port_that_is_renamed_is_one_event(watch):
    watch.switch.ports[0].name = b"uplink"
    told = await watch.tick()
    assert told.kinds == ["interfaces_renamed"]
    assert (await watch.tick(20)).events == []
    assert watch.wrong_rates() == []


async def test_a_second_port_of_the_same_name_moves_both_to_names_of_their_own(watch):
    one, other = watch.switch.ports[:2]
    one.descr, other.descr, other.name = b"port Gi1/0/1", b"port Gi1/0/2", one.name
    watch.switch.table_last_change += 1
    told = await watch.tick()
    assert told.kinds == ["interfaces_renamed"]
    assert (await watch.tick(20)).events == []
    assert {"port Gi1/0/1", "port Gi1/0/2"} <= set(watch.history)
    assert watch.wrong_rates() == []


async def test_counters_that_start_again_without_a_restart_are_one_event(watch):
    for port in watch.switch.ports[:3]:
        port.octets = 7
    assert (await watch.tick()).kinds == ["counters_reset"]
    assert (await watch.tick(20)).events == []
    assert watch.wrong_rates() == []


async def test_a_restart_is_one_event_and_everything_is_read_again_at_once(watch):
    watch.switch.uptime = 500
    for port in watch.switch.ports:
        port.octets = 7
    told = await watch.tick()
    assert told.kinds == ["reboot"]
    assert {"InventoryCollector", "AddressesCollector", "VlansCollector"} <= set(told.ran)
    assert (await watch.tick(20)).events == []
    assert watch.wrong_rates() == []


async def test_another_neighbour_is_one_event(watch):
    watch.switch.changes |= lldp("0.101.1", b"stranger", chassis=9)
    assert (await watch.tick(12)).kinds == ["neighbours_changed"]
