"""Power over Ethernet, against a fake switch on loopback."""

from contextlib import asynccontextmanager

import pytest
from fakes.context import FakeClock
from fakes.parts import parts
from fakes.snmp_agent import FakePort, FakeSwitch, bench, snmp_context

from collectors.power import PowerCollector
from collectors.snmp import ber
from collectors.snmp.agent import gauge32
from collectors.snmp.entity import Entity
from collectors.snmp.poe import PoePort, port_names
from collectors.snmp.ports import Port
from netmon import sdk

SEARCHING, DELIVERING, FAULT = 2, 3, 4
DRAWN = "1.3.6.1.4.1.9.9.402.1.2.1.9"


def supply(group, budget=370, drawn=115, state=1):
    entry = "1.3.6.1.2.1.105.1.3.1.1"
    return {
        f"{entry}.2.{group}": gauge32(budget),
        f"{entry}.3.{group}": state,
        f"{entry}.4.{group}": gauge32(drawn),
    }


def port(group, number, state=DELIVERING, power_class=4):
    entry, index = "1.3.6.1.2.1.105.1.1.1", f"{group}.{number}"
    return {f"{entry}.3.{index}": 1, f"{entry}.6.{index}": state, f"{entry}.10.{index}": power_class}


class Rig:
    def __init__(self, collector, rig, clock):
        self.collector, self.switch, self.agent, self.clock = collector, rig.switch, rig.agent, clock

    async def read(self):
        return {
            reading.shape.measurement: {
                row.key[-1][1]: {
                    metric.name: column[at]
                    for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
                }
                for at, row in enumerate(reading.shape.rows)
            }
            for reading in await self.collector.read()
        }


@asynccontextmanager
async def opened(switch=None):
    clock = FakeClock()
    async with bench(switch) as made, snmp_context(clock=clock) as context:
        collector = PowerCollector(made.assignment("power"), sdk.NoSettings())
        await collector.open(context)
        yield Rig(collector, made, clock)


async def test_supplies_and_ports_are_told_in_watts():
    async with opened() as rig:
        rig.switch.changes |= supply(1) | port(1, 2) | {f"{DRAWN}.1.2": gauge32(6952)}
        found = await rig.read()
    assert found == {
        "poe": {
            "1": {"netmon_poe_budget_watts": 370, "netmon_poe_consumption_watts": 115, "netmon_poe_state": 1}
        },
        "poe_port": {
            "Gi0/2": {
                "netmon_poe_port_enabled": 1,
                "netmon_poe_port_state": DELIVERING,
                "netmon_poe_port_class": 3,
                "netmon_poe_port_allocated_watts": None,
                "netmon_poe_port_consumption_watts": 6.952,
            }
        },
    }


async def test_only_ports_that_deliver_or_cannot_are_told():
    async with opened() as rig:
        rig.switch.changes |= port(1, 1, SEARCHING) | port(1, 2) | port(1, 3, FAULT) | port(1, 4, state=1)
        found = (await rig.read())["poe_port"]
    assert {name: cells["netmon_poe_port_state"] for name, cells in found.items()} == {"Gi0/2": 3, "Gi0/3": 4}
    assert found["Gi0/3"]["netmon_poe_port_class"] is None


async def test_a_device_without_it_says_nothing_and_is_left_alone_for_an_hour():
    async with opened() as rig:
        assert await rig.read() == {}
        rig.clock.advance(120)
        assert not rig.collector.due()
        rig.clock.advance(3700)
        assert rig.collector.due()


async def test_one_with_it_is_asked_every_minute():
    async with opened() as rig:
        rig.switch.changes |= supply(1)
        await rig.read()
        rig.clock.advance(30)
        assert not rig.collector.due()
        rig.clock.advance(20)
        assert rig.collector.due()


async def test_the_shape_stays_while_the_same_ports_deliver():
    async with opened() as rig:
        rig.switch.changes |= supply(1) | port(1, 1) | port(1, 2)
        first, second = [[r.shape for r in await rig.collector.read()] for _ in range(2)]
        rig.switch.changes |= port(1, 2, SEARCHING)
        third = [r.shape for r in await rig.collector.read()]
    assert all(one is other for one, other in zip(first, second, strict=True))
    assert (third[0] is first[0], third[1] is first[1]) == (True, False)


async def test_ports_of_a_stack_are_found_by_the_parts_that_they_are():
    switch = FakeSwitch(
        [FakePort(10101, b"Gi1/0/1"), FakePort(10601, b"Te2/0/1"), FakePort(10602, b"Gi2/0/1")]
    )
    async with opened(switch) as rig:
        rig.switch.changes |= port(1, 1) | port(2, 1) | {"1.3.6.1.4.1.9.9.402.1.2.1.11.2.1": 2010}
        rig.switch.changes |= parts(Entity(2010, "port", "port Gi2/0/1"))
        assert list((await rig.read())["poe_port"]) == ["Gi1/0/1", "Gi2/0/1"]


async def test_ports_are_named_by_numbers_when_the_parts_do_not_come():
    table = ber.oid("1.3.6.1.2.1.47")
    async with opened() as rig:
        rig.switch.changes |= port(1, 2) | {"1.3.6.1.4.1.9.9.402.1.2.1.11.1.2": 2010}
        rig.switch.changes |= parts(Entity(2010, "port", "port Gi0/3"))
        rig.agent.refused = lambda names: any(name[: len(table)] == table for name in names)
        assert list((await rig.read())["poe_port"]) == ["Gi0/2"]
        rig.agent.refused = lambda _names: False
        rig.clock.advance(120)
        assert list((await rig.read())["poe_port"]) == ["Gi0/3"]
        rig.agent.refused = lambda names: any(name[: len(table)] == table for name in names)
        rig.collector.session.renewed()
        assert list((await rig.read())["poe_port"]) == ["Gi0/3"]


def interfaces(*names, first=1):
    return [Port(at, name, name, "", "", 6, "") for at, name in enumerate(names, first)]


@pytest.mark.parametrize(
    ("place", "groups", "ports", "expected"),
    [
        ((2, 14), (1, 2), interfaces("Gi1/0/14", "Gi2/0/14"), "Gi2/0/14"),
        ((1, 1), (1, 2), interfaces("Te1/1/1", "Gi1/0/1", "Te1/0/1"), "Gi1/0/1"),
        ((1, 3), (1,), interfaces("1", "2", "3"), "3"),
        ((1, 3), (1,), interfaces("10GE1/0/3"), "10GE1/0/3"),
        ((1, 3), (1,), interfaces("lan", "wan", "dmz"), "dmz"),
        ((1, 3), (1, 2), interfaces("lan", "wan", "dmz"), "1/3"),
        ((1, 9), (1,), interfaces("lan"), "1/9"),
    ],
)
def test_a_port_is_found_by_the_numbers_in_names_before_its_ifindex(place, groups, ports, expected):
    poe = [PoePort(group, 99, 1, 3, None, None, None, 0) for group in groups]
    wanted = PoePort(*place, 1, 3, None, None, None, 0)
    assert port_names([wanted, *poe], ports, ())[wanted] == expected


def test_two_ports_never_have_one_name():
    both = [PoePort(group, 1, 1, 3, None, None, None, 7) for group in (1, 2)]
    found = port_names(both, interfaces("Gi1/0/1"), [Entity(7, "port", "Gi1/0/1")])
    assert list(found.values()) == ["Gi1/0/1", "2/1"]


def test_no_two_ports_have_one_name():
    wired = [Port(n, f"1/{n}", f"1/{n}", "", "", 6, "") for n in (1, 2, 3)]
    poe = [PoePort(1, n, 1, DELIVERING, None, None, None, part) for n, part in ((1, 10), (2, 0), (3, 0))]
    names = port_names(poe, wired, [Entity(10, "port", "1/2", if_index=2)])
    assert [names[each] for each in poe] == ["1/2", "1/2 #2", "1/3"]
