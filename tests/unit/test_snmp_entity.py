"""The parts of a device, read once for everybody."""

import pytest
from fakes.context import FakeClock
from fakes.parts import STACK, parts
from fakes.snmp_agent import bench, snmp_context

from collectors.snmp.engine import SnmpEngine
from collectors.snmp.entity import Entities, Entity, chassis
from netmon import sdk


async def session_and_entities(rig, context):
    engine = await context.shared.get(SnmpEngine)
    return engine.session(rig.device, context), await context.shared.get(Entities)


async def test_parts_are_typed_and_clean():
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes |= parts(
            Entity(1, "chassis", "Chassis", "48 ports\x1b[31m", "WS-1", " SN1 ", "Maker", "A", "B", "C"),
            Entity(7, "port", "Gi0/1", contained_in=1, position=0, if_index=12),
        )
        session, entities = await session_and_entities(rig, context)
        found = await entities.entities(session, 5)
    assert found[0].serial == "SN1"
    assert found[0].descr == "48 ports\ufffd[31m"
    assert found[0].position == -1
    assert found[1] == Entity(7, "port", "Gi0/1", contained_in=1, position=0, if_index=12)


async def test_a_device_without_the_table_has_no_parts():
    async with bench() as rig, snmp_context() as context:
        session, entities = await session_and_entities(rig, context)
        assert await entities.entities(session, 5) == ()


async def test_it_is_read_once_an_hour_and_when_the_device_was_renewed():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        rig.switch.changes |= parts(*STACK)
        session, entities = await session_and_entities(rig, context)
        asked = []
        for advance, renewed in ((0, False), (60, False), (0, True), (3600, False), (0, False)):
            clock.advance(advance)
            if renewed:
                session.renewed()
            before = len(rig.agent.seen)
            await entities.entities(session, 5)
            asked.append(len(rig.agent.seen) > before)
    assert asked == [True, False, True, True, False]


async def test_a_device_that_does_not_answer_is_not_asked_by_everybody():
    clock = FakeClock()
    async with bench() as rig, snmp_context(try_seconds=0.02, clock=clock) as context:
        session, entities = await session_and_entities(rig, context)
        rig.agent.drop = lambda _header: True
        for _ in range(2):
            with pytest.raises(sdk.SourceError):
                await entities.entities(session, 0.1)
            seen = len(rig.agent.seen)
        assert len(rig.agent.seen) == seen
        rig.agent.drop = lambda _header: False
        clock.advance(60)
        assert await entities.entities(session, 5) == ()


@pytest.mark.parametrize(
    ("parts_", "index"),
    [
        ((), None),
        ((Entity(1, "sensor", contained_in=7),), None),
        ((Entity(1, "stack"), Entity(2, "chassis", contained_in=1), Entity(3, "chassis", model="M")), 3),
        ((Entity(1, "stack", model="M"), Entity(2, "chassis", contained_in=1)), 1),
        ((Entity(1, "module", contained_in=9), Entity(5, "module", serial="S")), 5),
        ((Entity(4, "chassis", serial="A"), Entity(3, "chassis", serial="B")), 3),
    ],
    ids=["none", "no-device", "told-chassis", "told-stack", "outermost", "first"],
)
def test_one_part_stands_for_the_device(parts_, index):
    found = chassis(parts_)
    assert (found.index if found else None) == index
