"""Tables by plan: the second and every later poll gives what a sweep would give, whatever the device does."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from fakes.snmp_agent import IF_TABLE, IF_X_TABLE, FakePort, FakeSwitch, bench, snmp_context

from collectors.snmp import mib
from collectors.snmp.agent import counter64
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import HIGH_CAPACITY, SPEED
from collectors.snmp.message import Pdu, Status, decode_header, encode_message
from netmon import sdk

COLUMNS = (*(field.wanted for field in HIGH_CAPACITY[:3]), mib.IF_NAME, SPEED.wanted)
OCTETS = COLUMNS[0]


class Rig:
    def __init__(self, made, context, engine):
        self.agent, self.switch, self.engine, self._device = made.agent, made.switch, engine, made.device
        self._context = context
        self.session = engine.session(made.device, context)

    async def table(self, session=None):
        return await (session or self.session).table(COLUMNS, 5.0, (mib.SYS_NAME,))

    async def fresh(self):
        """Read the same by a sweep, in a session that knows nothing."""
        other = SnmpEngine(0.2)
        try:
            return await self.table(other.session(self._device, self._context))
        finally:
            await other.close()

    async def learn(self):
        for _ in range(3):
            await self.table()
        self.agent.seen.clear()


@asynccontextmanager
async def a_learned_table(try_seconds):
    switch = FakeSwitch(ports=[FakePort(n, f"Gi0/{n}".encode(), octets=n * 100) for n in range(1, 31)])
    async with bench(switch) as made, snmp_context(try_seconds) as context:
        found = Rig(made, context, await context.shared.get(SnmpEngine))
        await found.learn()
        yield found


@pytest.fixture
async def rig():
    async with a_learned_table(0.2) as found:
        yield found


def content(table):
    return table.index, {name: list(column) for name, column in table.columns.items()}


async def same(rig):
    planned = await rig.table()
    swept = await rig.fresh()
    assert content(planned) == content(swept)
    assert planned.uptime == swept.uptime
    assert planned.scalars[mib.SYS_NAME] == swept.scalars[mib.SYS_NAME] == b"sw-1"
    assert (planned.partial, planned.wrong_types) == (swept.partial, swept.wrong_types)
    return planned


async def test_a_learned_table_is_the_swept_one(rig):
    await same(rig)


async def test_numbers_that_grow_are_read_as_they_are(rig):
    for step in (1, 100, 70_000, 2**33, 2**60):
        for port in rig.switch.ports:
            port.octets += step
        rig.switch.uptime += 100
        assert (await same(rig))[OCTETS] == [port.octets for port in rig.switch.ports]


async def test_a_text_that_changes_is_read_anew(rig):
    rig.switch.ports[7].name = b"renamed"
    assert (await same(rig))[mib.IF_NAME][7] == b"renamed"


async def test_rows_that_come_and_go_are_seen_by_the_next_poll(rig):
    rig.switch.ports.append(FakePort(99, b"new"))
    assert (await same(rig)).index[-1] == (99,)
    await rig.learn()
    del rig.switch.ports[3]
    assert (4,) not in (await same(rig)).index


async def test_a_cell_that_vanishes_is_not_known(rig):
    rig.switch.changes[f"{IF_X_TABLE}.6.5"] = None
    assert (await same(rig))[OCTETS][4] is None
    await rig.learn()
    assert (await same(rig))[OCTETS][4] is None
    rig.switch.changes[f"{IF_X_TABLE}.6.5"] = counter64(7)
    assert (await same(rig))[OCTETS][4] == 7


async def test_a_cell_of_a_wrong_type_is_not_known_and_counted_in_every_poll(rig):
    rig.switch.changes[f"{IF_TABLE}.5.9"] = b"fast"
    for _ in range(4):
        table = await same(rig)
        assert (table[SPEED.wanted][8], table.wrong_types) == (None, 1)


async def test_a_restart_on_the_way_throws_the_table_away(rig):
    def restart(header):
        rig.switch.uptime = 50 if len(rig.agent.seen) > 2 else 123_456
        return header

    rig.agent.rewrite = restart
    with pytest.raises(sdk.SourceError) as caught:
        await rig.table()
    assert caught.value.outcome == sdk.Outcome.PARTIAL


async def test_a_plan_asks_the_same_requests_once_each():
    async with a_learned_table(30.0) as rig:  # so patient that nothing is asked for again on a busy machine
        await rig.table()
        first, _ = len(rig.agent.seen), rig.agent.seen.clear()
        await rig.table()
        assert len(rig.agent.seen) == first
        assert len({header.request_id for header in rig.agent.seen}) == first


@pytest.mark.parametrize(
    "change",
    [{"community": b"other"}, {"version": 0}, {"pdu": Pdu.GETNEXT}, {"request_id": 2**30}],
    ids=lambda change: next(iter(change)),
)
async def test_a_reply_that_is_not_the_plans_own_never_reaches_the_table(rig, change):
    honest = rig.agent.rewrite
    lies = iter([True])

    def lie(header):
        return replace(header, **change) if next(lies, False) else honest(header)

    rig.agent.rewrite = lie
    table = await rig.table()
    assert table[OCTETS] == [port.octets for port in rig.switch.ports]


async def test_duplicates_and_late_replies_change_nothing(rig):
    rig.agent.copies = 3
    await same(rig)
    assert rig.engine.counters.late > 0


async def test_a_lost_packet_is_asked_for_again(rig):
    lost = iter([False, True])
    rig.agent.drop = lambda _header: next(lost, False)
    await same(rig)


async def test_a_device_that_falls_silent_half_way_is_swept_again(rig):
    large = iter([False])
    rig.agent.drop = lambda header: next(large, header.pdu == Pdu.GETBULK and header.second > 1)
    table = await rig.table()
    assert not table.partial
    assert table[OCTETS] == [port.octets for port in rig.switch.ports]


async def test_a_plan_grows_with_what_the_device_bears(rig):
    rig.agent.status = lambda header, names: (
        Status.TOO_BIG if header.pdu == Pdu.GETBULK and names * header.second > 8 else Status.NO_ERROR
    )
    rig.switch.ports.append(FakePort(99, b"new"))  # makes it sweep
    await rig.table()
    rig.agent.status = lambda _header, _names: Status.NO_ERROR
    asked = []
    for _ in range(45):
        rig.agent.seen.clear()
        await rig.table()
        asked.append(len(rig.agent.seen))
    assert asked[-1] < asked[0] / 2
    await same(rig)


async def test_a_dark_device_is_left_alone_after_three_polls(rig):
    rig.agent.drop = lambda _header: True
    for _ in range(3):
        with pytest.raises(sdk.SourceError):
            await rig.table()
    rig.agent.seen.clear()
    began = time.monotonic()
    with pytest.raises(sdk.SourceError, match="left alone"):
        await rig.table()
    assert time.monotonic() - began < 0.1
    assert rig.agent.seen == []


async def test_a_foreign_name_with_a_good_id_is_never_mixed_in(rig):
    other = iter([True])

    def mangle(reply):
        if not next(other, False):
            return reply
        header = decode_header(reply)
        return encode_message(header, reply[header.start :].replace(b"Gi0/3", b"Gi0/4", 1))

    rig.agent.mangle = mangle
    table = await rig.table()
    assert len(table[OCTETS]) == 30
    await same(rig)


async def test_a_cancelled_poll_leaves_nothing_behind(rig):
    rig.agent.delay_seconds = 0.1
    poll = asyncio.ensure_future(rig.table())
    await asyncio.sleep(0)
    poll.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poll
    rig.agent.delay_seconds = 0.0
    await same(rig)
