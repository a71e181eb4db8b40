"""When the collectors of a device are due."""

from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

import pytest
from fakes.context import FakeClock
from fakes.snmp_agent import bench, snmp_context

from collectors.interfaces import InterfacesCollector
from collectors.snmp import mib
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.renewal import Renewals
from collectors.system import SystemCollector
from netmon import sdk


class Slow(SnmpCollector[sdk.NoSettings]):
    """Reads the names of ports every hour."""

    metrics: ClassVar = {}
    settings_type = sdk.NoSettings
    period_seconds = 3600.0

    async def collect(self):
        await self.whole_table((mib.IF_NAME,))
        return []


class Minutely(Slow):
    period_seconds = 60.0


class Fast(Slow):
    period_seconds = 0.0


async def opened(kind, rig, context):
    collector = kind(rig.assignment("slow"), sdk.NoSettings())
    await collector.open(context)
    return collector


async def test_it_is_due_at_first_and_then_when_its_period_is_over():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        assert Slow(rig.assignment("slow"), sdk.NoSettings()).due()
        slow, fast = await opened(Slow, rig, context), await opened(Fast, rig, context)
        for collector in (slow, fast):
            assert collector.due()
            await collector.read()
        assert (slow.due(), fast.due()) == (False, True)
        clock.advance(3600 * 0.94)
        assert not slow.due()
        clock.advance(3600 * 0.12)
        assert slow.due()


async def test_devices_do_not_all_come_at_once():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        many = [await opened(Slow, rig, context) for _ in range(20)]
        for collector in many:
            await collector.read()
        clock.advance(3600)
        due = [collector.due() for collector in many]
    assert 0 < sum(due) < len(due)


async def test_a_restart_makes_it_due_at_once():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        slow, system = await opened(Slow, rig, context), await opened(SystemCollector, rig, context)
        for uptime, due in ((500_000, True), (503_000, False), (1_000, True), (4_000, False)):
            rig.switch.uptime = uptime
            await system.read()
            assert slow.due() is due
            await slow.read()
            clock.advance(30)


async def test_other_ports_make_it_due_at_once():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        ports, slow = await opened(InterfacesCollector, rig, context), await opened(Slow, rig, context)
        await ports.read()
        await slow.read()
        await ports.read()
        assert not slow.due()
        rig.switch.ports.pop()
        await ports.read()
        assert slow.due()


async def test_what_failed_is_tried_again_at_the_next_tick_and_then_more_rarely():
    clock = FakeClock()
    async with bench() as rig, snmp_context(try_seconds=0.02, clock=clock) as context:
        slow = await opened(Slow, rig, context)
        rig.agent.drop = lambda _header: True
        ticks = []
        for _ in range(40):
            if slow.due():
                ticks.append(round(clock.monotonic()) - 1000)
                with suppress(sdk.SourceError):
                    await slow.read()
            clock.advance(30)
        rig.agent.drop = lambda _header: False
        clock.advance(1200)
        assert slow.due()
        await slow.read()
        assert not slow.due()
    assert ticks == [0, 30, 90, 210, 450, 930]


@pytest.mark.parametrize("tick_seconds", [10, 20, 30, 60])
async def test_a_period_of_whole_ticks_is_kept_whatever_its_variation(tick_seconds):
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        minutely = Minutely(replace(rig.assignment("slow"), every_seconds=tick_seconds), sdk.NoSettings())
        await minutely.open(context)
        reads = 0
        for _ in range(3600 // tick_seconds):
            if minutely.due():
                await minutely.read()
                reads += 1
            clock.advance(tick_seconds)
    assert 58 <= reads <= 62


async def test_one_that_failed_because_the_device_was_dark_is_due_when_it_answers_again():
    clock = FakeClock()
    async with bench() as rig, snmp_context(try_seconds=0.02, clock=clock) as context:
        system, slow = await opened(SystemCollector, rig, context), await opened(Slow, rig, context)

        async def tick():
            reads = 0
            for collector in (system, slow):
                if collector.due():
                    reads += collector is slow
                    with suppress(sdk.SourceError):
                        await collector.read()
            clock.advance(30)
            rig.switch.uptime += 3_000
            return reads

        rig.agent.drop = lambda _header: True
        assert sum([await tick() for _ in range(40)]) <= 6
        rig.agent.drop = lambda _header: False
        assert [await tick() for _ in range(3)] == [1, 0, 0]


async def test_one_that_was_not_opened_says_so():
    async with bench() as rig:
        slow = Slow(rig.assignment("slow"), sdk.NoSettings())
        with pytest.raises(sdk.SourceError, match="not opened"):
            await slow.read()


async def test_a_device_that_is_renewed_all_the_time_is_not_asked_for_everything_all_the_time():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        ports, slow = await opened(InterfacesCollector, rig, context), await opened(Slow, rig, context)
        reads = 0
        for tick in range(240):
            for port in rig.switch.ports:
                port.octets = 10_000_000 - tick
            await ports.read()
            if slow.due():
                await slow.read()
                reads += 1
            clock.advance(30)
            rig.switch.uptime += 3_000
    assert 12 <= reads <= 22


def test_a_renewal_that_cannot_be_told_yet_is_told_later():
    renewals = Renewals()
    told = []
    for now in range(0, 1800, 30):
        if now < 300:
            renewals.note()
        told.append(renewals.number(now))
    assert told[:7] == [1, 2, 3, 4, 5, 6, 6]
    assert told[-1] == 7
