"""Errors by kind and duplex of Ethernet ports, beside the interfaces' own counters."""

import pytest
from fakes.context import FakeClock
from fakes.snmp_agent import FakePort, bench, snmp_context

from collectors.interfaces import InterfacesCollector
from collectors.snmp.agent import counter32
from netmon import sdk

ENTRY = "1.3.6.1.2.1.10.7.2.1"
HALF, FULL = 2, 3


def errors(index, fcs=0, duplex=FULL):
    return {f"{ENTRY}.3.{index}": counter32(fcs), f"{ENTRY}.19.{index}": duplex}


class Rig:
    """A collector and its switch, one poll at a time, thirty seconds apart."""

    def __init__(self, collector, made, clock):
        self.collector, self.switch, self.agent, self.clock = collector, made.switch, made.agent, clock

    async def poll(self):
        records = await self.collector.read()
        self.clock.advance(30)
        self.switch.uptime += 3_000
        readings = [record for record in records if isinstance(record, sdk.Reading)]
        return readings[0], next((r for r in readings if r.shape.measurement == "ethernet"), None)

    async def tenth(self):
        for _ in range(9):
            assert (await self.poll())[1] is None
        return await self.poll()


@pytest.fixture
async def rig():
    clock = FakeClock()
    async with bench(wan={"Gi0/1": "line-a"}) as made, snmp_context(clock=clock) as context:
        collector = InterfacesCollector(made.assignment("interfaces"), sdk.NoSettings())
        await collector.open(context)
        yield Rig(collector, made, clock)


def cells(reading, name):
    at = next(at for at, metric in enumerate(reading.shape.metrics) if metric.name == name)
    keys = (dict(row.key)["ifName"] for row in reading.shape.rows)
    return dict(zip(keys, reading.columns[at], strict=True))


async def test_they_are_read_with_every_tenth_poll_for_ports_that_have_them(rig):
    rig.switch.changes |= errors(1, fcs=7) | errors(3, duplex=HALF)
    ports, found = await rig.poll()
    assert cells(found, "dot3StatsFCSErrors") == {"Gi0/1": 7, "Gi0/3": 0}
    assert cells(found, "dot3StatsDuplexStatus") == {"Gi0/1": FULL, "Gi0/3": HALF}
    assert cells(found, "dot3StatsLateCollisions") == {"Gi0/1": None, "Gi0/3": None}
    assert found.shape.rows[0].key == ports.shape.rows[0].key
    assert found.epochs == (ports.epochs[0], ports.epochs[2])
    again = (await rig.tenth())[1]
    assert again.shape is found.shape


async def test_a_port_keeps_its_series_when_it_gets_another_ifindex(rig):
    rig.switch.changes |= errors(1, fcs=7) | errors(2, fcs=9)
    await rig.poll()
    rig.switch.ports = [FakePort(n + 100, f"Gi0/{n}".encode()) for n in range(1, 5)]
    rig.switch.table_last_change += 1
    rig.switch.changes = errors(101, fcs=8) | errors(102, fcs=10)
    ports, found = await rig.tenth()
    assert cells(found, "dot3StatsFCSErrors") == {"Gi0/1": 8, "Gi0/2": 10}
    assert found.epochs == ports.epochs[:2]


async def test_a_reset_of_the_ports_counters_begins_a_new_epoch_here_too(rig):
    rig.switch.changes |= errors(1, fcs=7)
    _, before = await rig.poll()
    rig.switch.ports[0].octets = 5
    _, after = await rig.tenth()
    assert after.epochs != before.epochs


async def test_rows_that_changed_places_in_between_are_nobodys(rig):
    rig.switch.changes |= errors(1, fcs=7) | errors(2, fcs=9)
    await rig.poll()
    for _ in range(9):
        await rig.poll()
    session = rig.collector._session
    rig.collector._session = Swapping(session, rig.switch)
    assert (await rig.poll())[1] is None
    assert rig.switch.ports[0].name == b"Gi0/2"


class Swapping:
    """A session whose device swaps two ports before it tells of Ethernet errors."""

    def __init__(self, session, switch):
        self.session, self.switch = session, switch

    def __getattr__(self, name):
        return getattr(self.session, name)

    async def table(self, columns, *arguments, **more):
        if columns[0].name.startswith("dot3"):
            one, other = self.switch.ports[:2]
            one.name, other.name = other.name, one.name
        return await self.session.table(columns, *arguments, **more)


async def test_a_device_without_them_gives_its_other_counters(rig):
    assert [found for _, found in [await rig.poll() for _ in range(12)]] == [None] * 12


async def test_silence_about_them_costs_no_other_counter(rig):
    rig.switch.changes |= errors(1)
    tag = bytes((43, 6, 1, 2, 1, 10, 7, 2))
    answer = rig.agent.answer
    rig.agent.answer = lambda data: None if tag in data else answer(data)
    ports, found = await rig.poll()
    assert (found, set(ports.outcomes)) == (None, {sdk.Outcome.OK})
