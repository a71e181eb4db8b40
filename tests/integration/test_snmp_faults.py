"""What a broken, slow or hostile agent can do to a poll: nothing but end it, soon and in words."""

import asyncio
import socket
import time
from dataclasses import replace

import pytest
from fakes.snmp_agent import IF_X_TABLE, FakePort, FakeSwitch, bench, credential, snmp_context

from collectors.snmp import ber, mib
from collectors.snmp.agent import Agent, Typed, counter32, serve
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import HIGH_CAPACITY
from collectors.snmp.message import MIN_REQUEST_ID, Pdu, Status, decode_header, encode_message
from netmon import sdk

TRY_SECONDS = 0.2
COLUMNS = tuple(field.wanted for field in HIGH_CAPACITY)
OCTETS = COLUMNS[0]
SCALARS = (mib.SYS_UP_TIME, mib.SYS_DESCR, mib.SYS_NAME)


class Rig:
    def __init__(self, made, engine, session):
        self.agent, self.switch, self.engine, self.session = made.agent, made.switch, engine, session

    async def table(self, columns=COLUMNS, timeout_seconds=5.0):
        return await self.session.table(columns, timeout_seconds)

    async def get(self, timeout_seconds=5.0):
        return await self.session.get(SCALARS, timeout_seconds)

    async def fails(self, asking):
        began = time.monotonic()
        with pytest.raises(sdk.SourceError) as caught:
            await asking
        return sdk.Outcome(caught.value.outcome), time.monotonic() - began


@pytest.fixture
async def rig():
    switch = FakeSwitch(ports=[FakePort(n, f"Gi0/{n}".encode(), octets=n) for n in range(1, 49)])
    async with bench(switch) as made, snmp_context(TRY_SECONDS) as context:
        engine = await context.shared.get(SnmpEngine)
        yield Rig(made, engine, engine.session(made.device, context))


def whole(table):
    return not table.partial and table[OCTETS] == list(range(1, 49))


async def test_a_good_agent_gives_the_whole_table(rig):
    table = await rig.table()
    assert whole(table)
    assert table.index == tuple((n,) for n in range(1, 49))
    assert table.uptime == (123_456, 123_456)


async def test_a_dark_device_is_a_timeout_after_three_tries(rig):
    rig.agent.drop = lambda _header: True
    outcome, seconds = await rig.fails(rig.get())
    assert outcome is sdk.Outcome.TIMEOUT
    assert rig.agent.requests_total == 3
    assert seconds == pytest.approx(3 * TRY_SECONDS, abs=TRY_SECONDS)


async def test_a_device_that_was_dark_a_moment_ago_gets_one_short_try(rig):
    rig.agent.drop = lambda _header: True
    await rig.fails(rig.get())
    outcome, seconds = await rig.fails(rig.table())
    assert outcome is sdk.Outcome.TIMEOUT
    assert rig.agent.requests_total == 4
    assert seconds < TRY_SECONDS


async def test_a_device_that_comes_back_is_read_at_once(rig):
    rig.agent.drop = lambda _header: True
    await rig.fails(rig.get())
    rig.agent.drop = lambda _header: False
    assert whole(await rig.table())


async def test_a_lost_packet_costs_one_retry_and_nothing_else(rig):
    lost = iter([False, True])
    rig.agent.drop = lambda _header: next(lost, False)
    assert whole(await rig.table())
    assert rig.engine.counters.resent == 1


async def test_a_late_reply_never_answers_a_later_question(rig):
    rig.agent.delay_seconds = 4 * TRY_SECONDS
    rig.switch.changes["1.3.6.1.2.1.1.5.0"] = "old"
    await rig.fails(rig.get())
    rig.agent.delay_seconds = 0.0
    rig.switch.changes["1.3.6.1.2.1.1.5.0"] = "new"
    async with asyncio.timeout(5):
        while rig.engine.counters.late < 3:
            assert (await rig.get())[mib.SYS_NAME] == b"new"
            await asyncio.sleep(0.02)


async def test_a_slow_reply_within_the_retries_is_an_answer(rig):
    rig.agent.delay_seconds = 1.5 * TRY_SECONDS
    assert (await rig.get())[mib.SYS_NAME] == b"sw-1"


async def test_duplicates_change_nothing(rig):
    rig.agent.copies = 3
    assert whole(await rig.table())
    assert whole(await rig.table())
    assert rig.engine.counters.late > 10


async def from_other_address(rig):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.99", 0))
    rig.agent.source = transport
    return transport


async def test_a_reply_from_another_address_is_dropped_and_counted(rig):
    transport = await from_other_address(rig)
    outcome, _ = await rig.fails(rig.get())
    transport.close()
    assert outcome is sdk.Outcome.TIMEOUT
    assert rig.engine.counters.bad_source == 3


async def test_another_address_is_accepted_where_the_owner_allowed_it():
    async with bench(other_source=True) as made, snmp_context(TRY_SECONDS) as context:
        engine = await context.shared.get(SnmpEngine)
        rig = Rig(made, engine, engine.session(made.device, context))
        transport = await from_other_address(rig)
        assert (await rig.get())[mib.SYS_NAME] == b"sw-1"
        transport.close()


@pytest.mark.parametrize(
    ("change", "outcome", "counter"),
    [
        pytest.param({"request_id": MIN_REQUEST_ID}, sdk.Outcome.TIMEOUT, "unknown_id", id="wrong id"),
        pytest.param({"community": b"other"}, sdk.Outcome.GARBLED, "mismatched", id="wrong community"),
        pytest.param({"version": 0}, sdk.Outcome.GARBLED, "mismatched", id="wrong version"),
        pytest.param({"pdu": Pdu.GET}, sdk.Outcome.GARBLED, "mismatched", id="wrong PDU type"),
    ],
)
async def test_a_reply_that_is_not_the_requests_own_is_dropped(rig, change, outcome, counter):
    rig.agent.rewrite = lambda header: replace(header, **change)
    assert (await rig.fails(rig.get()))[0] is outcome
    assert getattr(rig.engine.counters, counter) == 3


@pytest.mark.parametrize(
    "mangle",
    [
        pytest.param(lambda reply: reply[: len(reply) * 6 // 10], id="truncated"),
        pytest.param(lambda reply: bytes(len(reply)), id="zeros"),
        pytest.param(lambda reply: b"\x30\x80" + reply[2:], id="indefinite length"),
        pytest.param(lambda reply: b"\x30\x84\x7f\xff\xff\xff" + reply[2:], id="two gigabytes claimed"),
        pytest.param(lambda _reply: b"\x30\x03" * 20_000, id="deep nesting"),
    ],
)
async def test_rubbish_is_called_garbled_in_bounded_time(rig, mangle):
    rig.agent.mangle = mangle
    outcome, seconds = await rig.fails(rig.table())
    assert outcome is sdk.Outcome.GARBLED
    assert seconds < 5 * TRY_SECONDS
    assert rig.engine.counters.garbled >= 3


async def test_other_variables_than_those_asked_for_are_refused(rig):
    name = ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid((1, 3, 6, 1)))
    one = ber.encode(ber.SEQUENCE, name + ber.encode_integer(1))
    rig.agent.mangle = lambda reply: encode_message(decode_header(reply), one * 3)
    assert (await rig.fails(rig.get()))[0] is sdk.Outcome.GARBLED
    assert (await rig.fails(rig.table()))[0] is sdk.Outcome.GARBLED


async def test_a_reply_without_variables_ends_the_poll_at_once(rig):
    rig.agent.mangle = lambda reply: encode_message(decode_header(reply), b"")
    outcome, seconds = await rig.fails(rig.table())
    assert outcome is sdk.Outcome.GARBLED
    assert seconds < TRY_SECONDS


@pytest.mark.parametrize(
    "back_to", [1, 18, 19, 20], ids=["loop of 20", "loop of 3", "loop of 2", "same again"]
)
async def test_names_that_do_not_increase_end_the_walk_and_keep_what_came(rig, back_to):
    rig.agent.successor = lambda name: (*name[:-1], back_to) if name[-1] == 20 else None
    table = await rig.table()
    assert "do not increase" in table.partial
    assert table[OCTETS][:19] == list(range(1, 20))
    assert rig.agent.requests_total < 20


def endless(name):
    """Follow each instance of a column of ifXTable with one more."""
    if len(name) <= len(OCTETS.oid):
        return (*name, 1) if len(name) == len(OCTETS.oid) else None
    return (*name[:-1], name[-1] + 1)


async def test_a_table_without_end_is_cut_at_its_rows(rig):
    rig.agent.successor = endless
    rig.agent._max_size = 60_000
    table = await rig.table((OCTETS,), 30.0)
    assert "more than 10000 rows" in table.partial
    assert len(table.index) <= 10_050


async def test_a_table_without_end_is_cut_at_its_deadline(rig):
    rig.agent.successor = endless
    began = time.monotonic()
    table = await rig.table(COLUMNS, 0.3)
    assert "no time left" in table.partial
    assert time.monotonic() - began < 1


async def test_names_that_grow_without_end_are_cut(rig):
    rig.agent.successor = lambda name: (*name, 1) if len(name) > 10 else None
    table = await rig.table((OCTETS,), 5.0)
    assert table.partial
    assert len(table.index) <= 130


async def test_what_is_missing_inside_a_table_is_not_known_and_not_the_end(rig):
    for tag, row in ((ber.NO_SUCH_INSTANCE, 20), (ber.NO_SUCH_OBJECT, 21), (ber.END_OF_MIB_VIEW, 22)):
        rig.switch.changes[f"{IF_X_TABLE}.6.{row}"] = Typed(tag, b"")
    table = await rig.table()
    assert not table.partial
    assert [at + 1 for at, value in enumerate(table[OCTETS]) if value is None] == [20, 21, 22]
    assert None not in table[COLUMNS[1]]


async def test_a_row_that_only_some_columns_have_stays_aligned(rig):
    rig.switch.changes[f"{IF_X_TABLE}.6.20"] = None
    table = await rig.table()
    assert [at + 1 for at, value in enumerate(table[OCTETS]) if value is None] == [20]
    assert table[OCTETS][20] == 21


async def test_a_column_that_the_device_lacks_is_not_known(rig):
    for row in range(1, 49):
        rig.switch.changes[f"{IF_X_TABLE}.13.{row}"] = None
    table = await rig.table()
    assert table[COLUMNS[-1]] == [None] * 48
    assert table[OCTETS] == list(range(1, 49))


async def test_too_big_shrinks_requests_and_is_remembered(rig):
    rig.agent.status = lambda header, names: (
        Status.TOO_BIG
        if header.pdu == Pdu.GETBULK and (names - header.first) * header.second > 12
        else Status.NO_ERROR
    )
    assert whole(await rig.table())
    tried = sum(header.second > 1 for header in rig.agent.seen)
    assert whole(await rig.table())
    assert sum(header.second > 1 for header in rig.agent.seen) == tried


async def test_silence_on_large_requests_shrinks_them_and_is_remembered(rig):
    rig.agent.drop = lambda header: header.second > 3
    assert whole(await rig.table())
    large = sum(header.second > 3 for header in rig.agent.seen)
    assert whole(await rig.table())
    assert large > 0
    assert sum(header.second > 3 for header in rig.agent.seen) == large


@pytest.mark.parametrize("how", ["silence", "genErr"])
async def test_a_device_without_getbulk_is_walked_with_getnext_and_remembered(rig, how):
    if how == "silence":
        rig.agent.drop = lambda header: header.pdu == Pdu.GETBULK
    else:
        rig.agent.status = lambda header, _: Status.GEN_ERR if header.pdu == Pdu.GETBULK else Status.NO_ERROR
    assert whole(await rig.table())
    bulks = sum(header.pdu == Pdu.GETBULK for header in rig.agent.seen)
    assert whole(await rig.table())
    assert sum(header.pdu == Pdu.GETBULK for header in rig.agent.seen) == bulks


async def test_an_error_for_everything_ends_soon(rig):
    rig.agent.status = lambda _header, _names: Status.GEN_ERR
    assert (await rig.fails(rig.get()))[0] is sdk.Outcome.REJECTED
    outcome, seconds = await rig.fails(rig.table())
    assert outcome is sdk.Outcome.REJECTED
    assert seconds < 1


@pytest.mark.parametrize("status", [Status.AUTHORIZATION_ERROR, Status.NO_ACCESS])
async def test_a_refusal_is_told_apart_from_silence_and_hides_the_secret(rig, status):
    rig.agent.status = lambda _header, _names: status
    with pytest.raises(sdk.SourceError) as caught:
        await rig.get()
    assert caught.value.outcome == sdk.Outcome.DENIED
    assert credential().community.get_secret_value() not in str(caught.value)


async def test_a_wrong_type_is_not_known_and_counted(rig):
    rig.switch.changes[f"{IF_X_TABLE}.6.7"] = counter32(7)
    table = await rig.table()
    assert table[OCTETS][6] is None
    assert table.wrong_types == 1


async def test_a_bomb_of_varbinds_is_not_looked_at(rig):
    def repeated(reply):
        header = decode_header(reply)
        return encode_message(header, reply[header.start :] * 40)

    rig.agent.mangle = repeated
    table = await rig.table()
    assert not table.partial
    assert rig.session.counters.varbinds < 2000


async def test_nobody_on_the_port_is_refused_at_once():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    async with snmp_context(5.0) as context:
        engine = await context.shared.get(SnmpEngine)
        session = engine.session(sdk.Device("sw1", "127.0.0.1", port, credential()), context)
        began = time.monotonic()
        with pytest.raises(sdk.SourceError) as caught:
            await session.get(SCALARS, 30.0)
        assert caught.value.outcome == sdk.Outcome.REFUSED
        assert time.monotonic() - began < 1


async def test_one_refused_port_does_not_disturb_another_device(rig):
    async with snmp_context(TRY_SECONDS) as context:
        engine = await context.shared.get(SnmpEngine)
        gone = engine.session(sdk.Device("gone", "127.0.0.1", 1, credential()), context)
        port = rig.agent._transport.get_extra_info("sockname")[1]
        here = engine.session(sdk.Device("here", "127.0.0.1", port, credential()), context)

        async def refused():
            with pytest.raises(sdk.SourceError):
                await gone.get(SCALARS, 5.0)

        for _ in range(20):
            values, _ = await asyncio.gather(here.get(SCALARS, 5.0), refused())
            assert values[mib.SYS_NAME] == b"sw-1"


async def test_version_1_reads_tables_without_getbulk_and_64_bit_counters(rig):
    device = sdk.Device(
        "old",
        "127.0.0.1",
        rig.agent._transport.get_extra_info("sockname")[1],
        credential(version=sdk.SnmpVersion.V1),
    )
    async with snmp_context(TRY_SECONDS) as context:
        session = (await context.shared.get(SnmpEngine)).session(device, context)
        values = await session.get((*SCALARS, mib.ENGINE_BOOTS, mib.ENGINE_TIME), 5.0)
        table = await session.table((mib.IF_DESCR, mib.IF_TYPE), 5.0)
    assert values[mib.SYS_NAME] == b"sw-1"
    assert values[mib.ENGINE_BOOTS] is None
    assert table[mib.IF_TYPE] == [6] * 48
    assert not table.partial


async def test_collectors_of_one_device_share_a_session_and_one_socket(rig):
    async with snmp_context(TRY_SECONDS) as context:
        engine = await context.shared.get(SnmpEngine)
        port = rig.agent._transport.get_extra_info("sockname")[1]
        device = sdk.Device("here", "127.0.0.1", port, credential())
        first, second = engine.session(device, context), engine.session(device, context)
        assert first is second
        both = await asyncio.gather(first.get(SCALARS, 5.0), second.table(COLUMNS, 5.0))
        assert both[0][mib.SYS_NAME] == b"sw-1"
        assert whole(both[1])
        assert len(engine._transport._sockets) == 1


async def test_an_ipv6_device_is_read_as_well():
    switch = FakeSwitch()
    transport, port = await serve(Agent(switch.objects, "test-community"), "::1")
    async with snmp_context(TRY_SECONDS) as context:
        engine = await context.shared.get(SnmpEngine)
        session = engine.session(sdk.Device("v6", "::1", port, credential()), context)
        assert (await session.get(SCALARS, 5.0))[mib.SYS_NAME] == b"sw-1"
    transport.close()


async def test_the_deadline_is_kept_however_many_tries_there_are(rig):
    rig.agent.drop = lambda _header: True
    outcome, seconds = await rig.fails(rig.get(timeout_seconds=TRY_SECONDS))
    assert outcome is sdk.Outcome.TIMEOUT
    assert seconds < 1.5 * TRY_SECONDS
