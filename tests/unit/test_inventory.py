"""The parts of a device: the fact about them, and one event for each kind of change."""

from dataclasses import replace
from unittest.mock import ANY

import pytest
from fakes.context import FakeClock
from fakes.parts import STACK, parts, without
from fakes.snmp_agent import bench, snmp_context

from collectors.inventory import InventoryCollector
from collectors.rules.library import Library
from collectors.snmp.agent import object_id
from collectors.snmp.entity import Entity
from collectors.snmp.part_changes import part_changes, places
from netmon import sdk


class Rig:
    """A collector and its switch, one read at a time, two hours apart."""

    def __init__(self, collector, switch, clock, agent):
        self.collector, self.switch, self.clock, self.agent = collector, switch, clock, agent

    async def read(self):
        fact, *events = await self.collector.read()
        self.clock.advance(7200)
        self.switch.uptime += 720_000
        return fact, events


@pytest.fixture
async def rig():
    clock = FakeClock()
    async with bench() as made, snmp_context(clock=clock) as context:
        made.switch.changes |= parts(*STACK)
        collector = InventoryCollector(made.assignment("inventory"), sdk.NoSettings())
        await collector.open(context)
        yield Rig(collector, made.switch, clock, made.agent)


def named(found):
    return [part.get("name") for part in found.values["components"]]


def kinds(before, after):
    return {
        change.kind: [part.name for part in change.parts]
        for change in part_changes(places(before), places(after))
    }


async def test_parts_of_a_vendors_table_that_did_not_come_were_not_removed(rig, tmp_path):
    entry = "1.3.6.1.4.1.99999.7.1"
    (tmp_path / "pumps.toml").write_text(
        f"""format = 1
vendor = "Pumps"
enterprises = [99999]
[[table]]
mib = "PUMP-MIB"
provenance = "MIB"
entry = "{entry}"
columns = {{ name = 2, serial = 3 }}
[[table.component]]
name = "{{name}}"
serial = "{{serial}}"
"""
    )
    library = Library([tmp_path])
    library.scan()
    rig.collector.context.shared._things[Library] = library
    rig.switch.changes |= {"1.3.6.1.2.1.1.2.0": object_id((1, 3, 6, 1, 4, 1, 99999, 1))}
    rig.switch.changes |= {f"{entry}.{column}.{row}": f"V{row}" for column in (2, 3) for row in (1, 2)}
    first, _ = await rig.read()
    assert named(first)[-2:] == ["V1", "V2"]
    last = (*map(int, entry.split(".")), 2, 1)
    rig.agent.successor = lambda name: last if name == last else None
    with pytest.raises(sdk.SourceError, match="PUMP-MIB"):
        await rig.read()
    rig.agent.successor = lambda _name: None
    assert await rig.read() == (replace(first, stamp=ANY), [])


async def test_the_parts_are_a_fact_without_what_is_not_known(rig):
    fact, events = await rig.read()
    assert events == []
    assert (fact.kind, fact.key) == ("inventory", (("site", "test-site"), ("device", "sw1")))
    assert named(fact) == [part.name for part in STACK]
    assert fact.values["components"][0] == {"index": 1, "class": "stack", "name": "Stack"}
    assert fact.values["components"][1] == {
        "index": 10, "class": "chassis", "name": "Switch 1", "model": "S-48", "serial": "A1",
        "contained_in": 1,
    }  # fmt: skip


async def test_nothing_is_told_while_nothing_changes(rig):
    assert [(await rig.read())[1] for _ in range(3)] == [[], [], []]


async def test_a_stack_member_that_is_lost_is_one_event_and_its_return_another(rig):
    await rig.read()
    rig.switch.changes |= without(*STACK[4:])
    (lost,) = (await rig.read())[1]
    rig.switch.changes |= parts(*STACK[4:])
    (back,) = (await rig.read())[1]
    assert (lost.kind, lost.text) == ("component_removed", "sw1: Switch 2 (serial A2) removed")
    assert [part["name"] for part in lost.data["components"]] == ["Switch 2"]
    assert (back.kind, back.text) == ("component_added", "sw1: Switch 2 (serial A2) added")


async def test_a_hot_swapped_part_is_one_event_with_what_is_there_now(rig):
    await rig.read()
    rig.switch.changes |= parts(replace(STACK[2], serial="P9"))
    (swapped,) = (await rig.read())[1]
    assert (swapped.kind, swapped.text) == ("component_replaced", "sw1: Switch 1 PSU (serial P9) replaced")


async def test_new_indexes_after_a_restart_are_no_change(rig):
    await rig.read()
    moved = [
        replace(part, index=part.index + 500, contained_in=part.contained_in and part.contained_in + 500)
        for part in STACK
    ]
    rig.switch.changes |= without(*STACK) | parts(*moved)
    assert (await rig.read())[1] == []


async def test_half_a_table_changes_nothing_and_is_tried_again(rig):
    await rig.read()
    rig.agent.successor = lambda name: (1, 3, 6, 1, 1) if name[-1] == 12 else None
    with pytest.raises(sdk.SourceError) as caught:
        await rig.collector.read()
    assert caught.value.outcome is sdk.Outcome.PARTIAL
    assert rig.collector.due()
    rig.agent.successor = lambda _name: None
    rig.clock.advance(60)
    fact, events = await rig.read()
    assert (len(fact.values["components"]), events) == (len(STACK), [])


async def test_that_all_parts_are_gone_is_believed_when_it_is_said_twice(rig):
    await rig.read()
    rig.switch.changes |= without(*STACK)
    with pytest.raises(sdk.SourceError, match="no parts"):
        await rig.collector.read()
    rig.clock.advance(60)
    fact, (gone,) = await rig.read()
    assert fact.values == {"components": []}
    assert gone.kind == "component_removed"


async def test_texts_are_made_harmless(rig):
    rig.switch.changes |= parts(replace(STACK[0], name="<script>\x1b]0;x\n" + "y" * 1000))
    fact, _ = await rig.read()
    assert fact.values["components"][0]["name"] == sdk.clean("<script>\x1b]0;x\n" + "y" * 1000)


# What counts as which change


def test_a_part_of_another_name_at_the_same_position_is_replaced():
    slot = Entity(1, "chassis", "C")
    old = Entity(5, "module", "Card A", serial="1", contained_in=1, position=3)
    new = Entity(6, "module", "Card B", serial="2", contained_in=1, position=3)
    assert kinds((slot, old), (slot, new)) == {"component_replaced": ["Card B"]}


def test_what_is_inside_a_replaced_part_is_not_told_apart():
    card, inner = (
        Entity(5, "module", "Slot 1", serial="1"),
        Entity(6, "module", "Sub", serial="2", contained_in=5),
    )
    after = (replace(card, serial="8"), replace(inner, serial="9"))
    assert kinds((card, inner), after) == {"component_replaced": ["Slot 1"]}


def test_a_part_that_only_got_another_name_or_slot_is_no_change():
    card = Entity(5, "module", "Slot 1", serial="1", contained_in=0)
    assert kinds((card,), (replace(card, name="Slot 7"),)) == {}


def test_a_switch_that_becomes_a_member_of_a_stack_is_one_new_stack():
    alone = Entity(1, "chassis", "Switch 1", serial="A1")
    fan = Entity(2, "fan", "Fan", contained_in=1)
    together = (Entity(9, "stack", "Stack"), replace(alone, contained_in=9), fan)
    assert kinds((alone, fan), together) == {"component_added": ["Stack"]}


def test_sensors_and_ports_come_and_go_silently_but_transceivers_do_not():
    sensor, port = Entity(1, "sensor", "T1"), Entity(2, "port", "Gi0/1")
    optic = Entity(3, "port", "SFP 1", serial="X")
    assert kinds((), (sensor, port, optic)) == {"component_added": ["SFP 1"]}


def test_equal_parts_are_told_apart_by_their_order():
    fans = tuple(Entity(n, "fan", "Fan") for n in (1, 2, 3))
    assert len(places(fans)) == 3
    assert kinds(fans, fans[:2]) == {"component_removed": ["Fan"]}


def test_parts_that_contain_each_other_are_borne():
    ring = (Entity(1, "module", "A", contained_in=2), Entity(2, "module", "B", contained_in=1))
    assert len(places(ring)) == 2
