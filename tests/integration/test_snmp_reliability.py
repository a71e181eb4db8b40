"""The faults that devices and networks are known for, one test each, with bounded CPU, memory and time.

N1  a dark device                      test_n1_...     N15 rubbish, indefinite, nested, 2 GiB   test_n15_...
N2  dark, then back                    test_n2_...     N16 large replies never arrive           test_n16_...
N3  GET but no GETBULK                 test_n3_...     N17 names that do not increase           test_n17_...
N4  tooBig                             test_n4_...     N18 a walk without end                   test_n18_...
N5  missing inside a table             test_n5_...     N19 a bomb of variables                  test_n19_...
N6  fifty slow devices                 test_n6_...     N20 counters wrap                        test_n20_...
N7  wrong community or refusal         test_n7_...     N21 counters reset without a restart     test_n21_...
N8  v3: wrong user, digest, key        test_snmp_v3.py N22 a restart while it is read           test_n22_...
N9  v3: time window, boots             test_snmp_v3.py N23 sysUpTime wraps                      test_n23_...
N10 a reply from elsewhere             test_n10_...    N24 ports are renumbered                 test_n24_...
N11 the wrong request-id               test_n11_...    N25 two devices of one name              test_n25_...
N12 a late reply                       test_n12_...    N26 hostile text                         test_n26_...
N13 every reply three times            test_n13_...    N27 speeds that say nothing              test_n27_...
N14 other variables than asked for     test_n14_...    N28 wrong types, negative gauges         test_n28_...

Many have further tests beside them: test_snmp_faults.py, test_snmp_simagent.py, test_interfaces.py.
"""

import asyncio
import resource
import secrets
import time
from dataclasses import replace

import pytest
from fakes.context import FakeClock
from fakes.snmp_agent import IF_TABLE, IF_X_TABLE, FakePort, FakeSwitch, bench, snmp_context

from collectors.interfaces import InterfacesCollector
from collectors.snmp import ber, mib
from collectors.snmp.agent import Typed, counter32, time_ticks
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import HIGH_CAPACITY
from collectors.snmp.message import MIN_REQUEST_ID, Pdu, Status, decode_header, encode_message
from netmon import sdk

TRY_SECONDS = 0.15
MOST_CPU_SECONDS, MOST_SECONDS, MOST_KILOBYTES = 4.0, 10.0, 64 << 10
COLUMNS = tuple(field.wanted for field in HIGH_CAPACITY)
OCTETS = COLUMNS[0]
SCALARS = (mib.SYS_UP_TIME, mib.SYS_DESCR, mib.SYS_NAME)
LINE_OCTETS_PER_SECOND = 1e9 / 8


@pytest.fixture(autouse=True)
def bounded():
    """Hold every fault to its bounds: generous ones, since a defect here has none."""
    began, cpu = time.monotonic(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - cpu < MOST_CPU_SECONDS
    assert time.monotonic() - began < MOST_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < MOST_KILOBYTES


class Rig:
    """A switch of eight ports, its session, and the collector that reads it every thirty seconds."""

    def __init__(self, made, context, engine, clock):
        self.agent, self.switch, self.device = made.agent, made.switch, made.device
        self.context, self.engine, self.clock = context, engine, clock
        self.session = engine.session(made.device, context)
        self.collector = InterfacesCollector(made.assignment("interfaces"), sdk.NoSettings())

    async def table(self, timeout_seconds=5.0):
        return await self.session.table(COLUMNS, timeout_seconds)

    async def get(self, timeout_seconds=5.0):
        return await self.session.get(SCALARS, timeout_seconds)

    async def fails(self, asking):
        with pytest.raises(sdk.SourceError) as caught:
            await asking
        return sdk.Outcome(caught.value.outcome)

    async def poll(self):
        reading, *others = await self.collector.read()
        self.clock.advance(30)
        self.switch.uptime += 3_000
        return reading, [record for record in others if isinstance(record, sdk.Event)]


@pytest.fixture
async def rig():
    clock = FakeClock()
    switch = FakeSwitch(ports=[FakePort(n, f"Gi0/{n}".encode(), octets=1000 * n) for n in range(1, 9)])
    async with bench(switch) as made, snmp_context(TRY_SECONDS, clock=clock) as context:
        rig = Rig(made, context, await context.shared.get(SnmpEngine), clock)
        await rig.collector.open(context)
        yield rig


def whole(table):
    return not table.partial and list(table[OCTETS]) == [1000 * n for n in range(1, 9)]


def column(reading, name):
    names = [metric.name for metric in reading.shape.metrics]
    return list(reading.columns[names.index(name)])


def ports(reading):
    return [dict(row.key)["ifName"] for row in reading.shape.rows]


def rates(before, after, name="ifHCInOctets", wrap_bits=64):
    """Return octets per second of each port, as pages and exports compute them."""
    pairs = zip(column(before, name), column(after, name), before.epochs, after.epochs, strict=True)
    return [
        sdk.rate(
            sdk.Count(old, before.stamp.boottime_ns, epoch),
            sdk.Count(new, after.stamp.boottime_ns, later),
            wrap_bits,
            LINE_OCTETS_PER_SECOND,
        )
        for old, new, epoch, later in pairs
    ]


async def test_n1_a_dark_device_is_a_timeout_and_others_keep_their_pace(rig):
    rig.agent.drop = lambda _header: True
    async with bench() as other:
        there = rig.engine.session(replace(other.device, name="there"), rig.context)
        dark = asyncio.ensure_future(rig.fails(rig.get()))
        for _ in range(20):
            assert (await there.get(SCALARS, 5.0))[mib.SYS_NAME] == b"sw-1"
        assert not dark.done()
        assert await dark is sdk.Outcome.TIMEOUT


async def test_n2_a_device_that_comes_back_is_read_at_once_without_a_spike(rig):
    before, _ = await rig.poll()
    rig.agent.drop = lambda _header: True
    assert await rig.fails(rig.poll()) is sdk.Outcome.TIMEOUT
    rig.clock.advance(30)
    rig.agent.drop = lambda _header: False
    for port in rig.switch.ports:
        port.octets += 6_000
    rig.switch.uptime += 3_000
    after, _ = await rig.poll()
    assert rates(before, after) == pytest.approx([100.0] * 8)


async def test_n3_a_device_without_getbulk_is_asked_without_it_from_then_on(rig):
    rig.agent.status = lambda header, _: Status.GEN_ERR if header.pdu == Pdu.GETBULK else Status.NO_ERROR
    assert whole(await rig.table())
    asked = sum(header.pdu == Pdu.GETBULK for header in rig.agent.seen)
    assert whole(await rig.table())
    assert sum(header.pdu == Pdu.GETBULK for header in rig.agent.seen) == asked


async def test_n4_too_big_shrinks_requests_and_is_remembered(rig):
    def refused(header, names):
        variables = names * max(header.second, 1)
        return Status.TOO_BIG if header.pdu == Pdu.GETBULK and variables > 12 else Status.NO_ERROR

    rig.agent.status = refused
    assert whole(await rig.table())
    first = len(rig.agent.seen)
    assert whole(await rig.table())
    assert len(rig.agent.seen) - first <= first


async def test_n5_what_is_missing_inside_a_table_is_not_known_and_never_nought(rig):
    for tag, row in ((ber.NO_SUCH_INSTANCE, 3), (ber.NO_SUCH_OBJECT, 4), (ber.END_OF_MIB_VIEW, 5)):
        rig.switch.changes[f"{IF_X_TABLE}.6.{row}"] = Typed(tag, b"")
    reading, _ = await rig.poll()
    assert column(reading, "ifHCInOctets") == [1000, 2000, None, None, None, 6000, 7000, 8000]
    assert None not in column(reading, "ifHCOutOctets")


async def test_n6_fifty_devices_just_under_the_timeout_take_no_longer_than_one(rig):
    rig.agent.delay_seconds = 0.8 * TRY_SECONDS
    sessions = [rig.engine.session(replace(rig.device, name=f"sw{n}"), rig.context) for n in range(50)]
    began = time.monotonic()
    answers = await asyncio.gather(*(session.get(SCALARS, 5.0) for session in sessions))
    assert all(values[mib.SYS_NAME] == b"sw-1" for values in answers)
    assert time.monotonic() - began < 25 * TRY_SECONDS
    assert rig.agent.requests_total < 150


async def test_n7_a_wrong_community_and_a_refusal_are_told_apart_without_the_secret(rig):
    hidden = replace(rig.device.credential, community=sdk.SecretStr("not-the-one"))
    guess = rig.engine.session(replace(rig.device, credential=hidden), rig.context)
    with pytest.raises(sdk.SourceError) as silent:
        await guess.get(SCALARS, 5.0)
    assert "wrong community" in str(silent.value)
    assert "not-the-one" not in str(silent.value)
    rig.agent.status = lambda _header, _names: Status.AUTHORIZATION_ERROR
    assert await rig.fails(rig.get()) is sdk.Outcome.DENIED


async def test_n10_a_reply_from_another_address_is_dropped_and_counted(rig):
    loop = asyncio.get_running_loop()
    forger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.9", 0))
    rig.agent.source = forger
    assert await rig.fails(rig.table()) is sdk.Outcome.TIMEOUT
    forger.close()
    assert rig.engine.counters.bad_source >= 2


async def test_n11_a_reply_with_another_request_id_is_dropped(rig):
    rig.agent.rewrite = lambda header: replace(header, request_id=MIN_REQUEST_ID)
    assert await rig.fails(rig.get()) is sdk.Outcome.TIMEOUT
    assert rig.engine.counters.unknown_id == 3


async def test_n12_a_late_reply_never_answers_a_later_question(rig):
    rig.agent.delay_seconds = 4 * TRY_SECONDS
    rig.switch.changes["1.3.6.1.2.1.1.5.0"] = "old"
    await rig.fails(rig.get())
    rig.agent.delay_seconds = 0.0
    rig.switch.changes["1.3.6.1.2.1.1.5.0"] = "new"
    async with asyncio.timeout(5):
        while rig.engine.counters.late < 3:
            assert (await rig.get())[mib.SYS_NAME] == b"new"
            await asyncio.sleep(0.02)


async def test_n13_of_three_equal_replies_the_first_counts(rig):
    rig.agent.copies = 3
    for _ in range(5):
        assert whole(await rig.table())
    assert rig.engine.counters.late > 5


async def test_n14_a_reply_with_other_fewer_or_swapped_variables_is_refused(rig):
    def swapped(reply):
        header = decode_header(reply)
        first, second = ber.element(reply, header.start, len(reply))[2], len(reply)
        return encode_message(header, reply[first:second] + reply[header.start : first])

    rig.agent.mangle = swapped
    assert await rig.fails(rig.get()) is sdk.Outcome.GARBLED
    one = ber.encode_integer(1)
    foreign = ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid((1, 3, 6, 1))) + one)
    rig.agent.mangle = lambda reply: encode_message(decode_header(reply), foreign * 3)
    assert await rig.fails(rig.get()) is sdk.Outcome.GARBLED
    assert await rig.fails(rig.table()) is sdk.Outcome.GARBLED
    rig.agent.mangle = lambda reply: encode_message(decode_header(reply), b"")
    assert await rig.fails(rig.get()) is sdk.Outcome.GARBLED


async def test_n14_foreign_variables_are_refused_by_a_poll_that_knows_the_device(rig):
    for _ in range(3):
        assert whole(await rig.table())
    other = ber.encode_oid((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10, 1))
    asked = ber.encode_oid((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1))
    rig.agent.mangle = lambda reply: reply.replace(asked, other)
    try:
        table = await rig.table()
    except sdk.SourceError as error:
        assert error.outcome == sdk.Outcome.GARBLED  # noqa: PT017 - refusing all of it is right as well
    else:
        assert table.partial or table[OCTETS][0] is None


@pytest.mark.parametrize("known", [False, True], ids=["first poll", "later poll"])
async def test_n15_rubbish_is_dropped_and_counted_whatever_it_claims(rig, known):
    if known:
        assert whole(await rig.table())
    rubbish = iter(
        [
            lambda reply: reply[: len(reply) * 6 // 10],
            lambda reply: secrets.token_bytes(len(reply)),
            lambda reply: b"\x30\x80" + reply[2:],
            lambda reply: b"\x30\x84\x7f\xff\xff\xff" + reply[2:],
            lambda _reply: b"\x30\x03" * 20_000,
        ]
        * 40
    )

    def spoilt(reply):
        return next(rubbish)(reply)

    rig.agent.mangle = spoilt
    for _ in range(5):
        assert await rig.fails(rig.table()) in {sdk.Outcome.GARBLED, sdk.Outcome.TIMEOUT}
    counters = rig.engine.counters
    assert counters.garbled + counters.unknown_id + counters.mismatched > 5
    rig.agent.mangle = lambda reply: reply
    rig.clock.advance(600)  # a device that was useless for so long is left alone for a while
    assert whole(await rig.table())


async def test_n16_where_large_replies_never_arrive_smaller_ones_are_asked_for(rig):
    rig.agent.drop = lambda header: header.pdu == Pdu.GETBULK and header.second > 2
    assert whole(await rig.table())
    resent = rig.engine.counters.resent
    assert whole(await rig.table())
    assert rig.engine.counters.resent <= resent + 1  # a busy machine may lose one of its own accord


@pytest.mark.parametrize("back_to", [2, 4, 5], ids=["loop of four", "loop of two", "same again"])
async def test_n17_names_that_do_not_increase_end_the_walk_and_keep_what_came(rig, back_to):
    rig.agent.successor = lambda name: (*name[:-1], back_to) if name[-1] == 5 else None
    table = await rig.table()
    assert "do not increase" in table.partial
    assert list(table[OCTETS])[:4] == [1000, 2000, 3000, 4000]
    assert rig.agent.requests_total < 20


async def test_n18_a_walk_without_end_is_cut(rig):
    def endless(name):
        if len(name) <= len(OCTETS.oid):
            return (*name, 1) if len(name) == len(OCTETS.oid) else None
        return (*name[:-1], name[-1] + 1)

    rig.agent.successor = endless
    rig.agent._max_size = 60_000
    table = await rig.session.table((OCTETS,), 30.0)
    assert table.partial
    assert len(table.index) <= 10_050


async def test_n19_more_variables_than_asked_for_are_not_looked_at(rig):
    def bomb(reply):
        header = decode_header(reply)
        return encode_message(header, (reply[header.start :] * 100)[:60_000])

    rig.agent.mangle = bomb
    cpu = time.process_time()
    try:
        assert len((await rig.table()).index) == 8
    except sdk.SourceError as error:
        assert error.outcome == sdk.Outcome.GARBLED  # noqa: PT017 - refusing all of it is right as well
    assert rig.session.counters.varbinds < 2_000
    assert time.process_time() - cpu < 1


async def test_n20_one_wrap_of_32_bits_counts_and_a_fall_of_64_bits_is_a_gap(rig):
    for port in rig.switch.ports:
        port.high_capacity = False
    rig.switch.changes |= {f"{IF_TABLE}.10.{n}": counter32(2**32 - 1_500) for n in range(1, 9)}
    rig.switch.changes |= {f"{IF_X_TABLE}.10.{n}": Typed(ber.COUNTER64, b"\xff" * 8) for n in range(1, 9)}
    before, _ = await rig.poll()
    rig.switch.changes |= {f"{IF_TABLE}.10.{n}": counter32(1_500) for n in range(1, 9)}
    rig.switch.changes |= {f"{IF_X_TABLE}.10.{n}": Typed(ber.COUNTER64, b"\x05") for n in range(1, 9)}
    after, _ = await rig.poll()
    assert rates(before, after, "ifHCOutOctets") == [None] * 8
    unchanged = replace(after, epochs=before.epochs)  # the fall of the 64-bit ones began new epochs
    assert rates(before, unchanged, "ifInOctets", 32) == pytest.approx([100.0] * 8)


async def test_n21_counters_that_reset_without_a_restart_are_a_gap_and_an_event(rig):
    before, _ = await rig.poll()
    for port in rig.switch.ports:
        port.octets = 5
    after, events = await rig.poll()
    assert rates(before, after) == [None] * 8
    assert len(events) == 1


async def test_n22_a_restart_while_it_is_read_discards_what_came(rig):
    await rig.poll()
    rig.switch.uptime = 500_000
    ticks = iter([time_ticks(500_000), *[time_ticks(17)] * 50])
    rig.agent._max_size = 600  # so that a poll takes several packets
    rig.switch.changes["1.3.6.1.2.1.1.3.0"] = lambda: next(ticks)
    assert await rig.fails(rig.collector.read()) is sdk.Outcome.PARTIAL


async def test_n23_the_wrap_of_the_uptime_is_no_restart(rig):
    rig.switch.uptime = 2**32 - 1_000
    before, _ = await rig.poll()
    after, events = await rig.poll()
    assert not events
    assert before.epochs == after.epochs


async def test_n24_ports_with_new_numbers_keep_their_names_and_series(rig):
    before, _ = await rig.poll()
    for port in rig.switch.ports:
        port.index += 100
        port.octets += 3_000
    rig.switch.table_last_change += 1
    after, events = await rig.poll()
    assert ports(before) == ports(after)
    assert column(after, "ifHCInOctets") == [1000 * n + 3_000 for n in range(1, 9)]
    assert set(rates(before, after)) <= {None, 100.0}
    assert [event.kind for event in events] == ["interfaces_renumbered"]


async def test_n25_two_devices_that_call_themselves_the_same_stay_apart(rig):
    async with bench() as twin:
        device = replace(twin.device, name="sw2")
        second = InterfacesCollector(
            sdk.Assignment("interfaces", ("sw2",), 30.0, 5.0, device=device), sdk.NoSettings()
        )
        await second.open(rig.context)
        readings = [(await rig.collector.read())[0], (await second.read())[0]]
    keys = [{dict(row.key)["device"] for row in reading.shape.rows} for reading in readings]
    assert keys == [{"sw1"}, {"sw2"}]


async def test_n26_hostile_text_is_cleaned_once_and_short(rig):
    hostile = [b"A" * 1_000, b"\xff\xfe", b"a\x00b", "\u202eevil".encode(), b"x\ny", b"<script>", b'"', b"\\"]
    for port, name in zip(rig.switch.ports, hostile, strict=True):
        port.name = port.alias = name
    reading, _ = await rig.poll()
    names = ports(reading)
    assert len(set(names)) == 8
    assert all(name.isprintable() and len(name) <= 256 for name in names)


async def test_n27_a_speed_that_says_nothing_is_taken_from_elsewhere_or_left_as_told(rig):
    for port, speed, high in zip(
        rig.switch.ports, (0, 2**32 - 1, 0, 10_000_000), (0, 40_000, 100, 10), strict=False
    ):
        port.speed, port.high_speed = speed, high
    reading, _ = await rig.poll()
    assert column(reading, "ifSpeed")[:4] == [0, 40_000_000_000, 100_000_000, 10_000_000]


@pytest.mark.parametrize("known", [False, True], ids=["first poll", "later poll"])
async def test_n28_a_wrong_type_or_a_negative_gauge_is_not_known_and_counted(rig, known):
    if known:
        await rig.poll()
        await rig.poll()
    rig.switch.changes[f"{IF_X_TABLE}.6.2"] = 7
    rig.switch.changes[f"{IF_X_TABLE}.6.3"] = counter32(7)
    rig.switch.changes[f"{IF_TABLE}.8.4"] = b"up"
    table = await rig.session.table((OCTETS, mib.IF_TYPE), 5.0)
    assert list(table[OCTETS]) == [1000, None, None, 4000, 5000, 6000, 7000, 8000]
    assert table.wrong_types == 2
    reading, _ = await rig.poll()
    assert column(reading, "ifOperStatus")[3] is None
    rig.switch.changes[f"{IF_X_TABLE}.15.5"] = -5
    fresh = InterfacesCollector(sdk.Assignment("i", ("sw1",), 30.0, 5.0, device=rig.device), sdk.NoSettings())
    await fresh.open(rig.context)
    assert column((await fresh.read())[0], "ifHighSpeed")[4] is None
