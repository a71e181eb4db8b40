"""The DNS probe against resolvers on loopback that answer well, badly, or for somebody else."""

import asyncio
import socket
import struct
import time
from itertools import pairwise

import pytest
from fakes.context import make_context
from fakes.loopback import silence, tcp_server, udp_server
from fakes.ports import free_port
from fakes.probing import probe_once

from netmon import sdk
from netmon.sdk import Outcome
from probes.dns import DnsProbe, DnsSettings
from probes.dns_message import Question
from probes.dns_socket import DnsSockets, ask_resolver
from probes.timestamping import StampKeeper

REQUEST = "probe_dns_duration_seconds request"
WWW = {"query_name": "www.example.org", "query_type": "A"}
A_RECORD = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1"


def reply(query, rcode=0, records=(), truncated=False):
    flags = 0x8180 | rcode | (0x0200 if truncated else 0)
    return query[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + query[12:] + b"".join(records)


async def ask(answer, settings=WWW, timeout_seconds=5.0):
    async with udp_server(answer) as server:
        return await probe_once(DnsProbe, f"127.0.0.1:{server.port}", settings, timeout_seconds)


async def test_an_answer_is_counted_and_timed_by_the_kernel():
    found = await ask(lambda query: [reply(query, records=[A_RECORD, A_RECORD])])
    assert found.outcome is Outcome.OK, found.detail
    assert 0 < found[REQUEST] < 0.1
    expected = {
        "probe_dns_answer_rrs": 2,
        "probe_dns_authority_rrs": 0,
        "probe_dns_additional_rrs": 0,
        "probe_dns_query_succeeded": 1,
        "netmon_probe_dns_rcode": 0,
        "netmon_probe_kernel_timestamps": 1,
        "probe_dns_duration_seconds connect": 0.0,
    }
    assert {name: found[name] for name in expected} == expected


async def test_the_root_is_asked_for_by_default():
    async with udp_server(lambda query: [reply(query)]) as server:
        await probe_once(DnsProbe, f"127.0.0.1:{server.port}")
    assert server.heard[0][2:] == struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + b"\0" + struct.pack("!HH", 2, 1)


async def test_a_busy_loop_does_not_make_the_resolver_slow():
    loop = asyncio.get_running_loop()

    def answer_then_block(query):
        loop.call_soon(time.sleep, 0.1)
        return [reply(query)]

    found = await ask(answer_then_block)
    assert (found.outcome, found["netmon_probe_kernel_timestamps"]) == (Outcome.OK, 1)
    assert found[REQUEST] < 0.05
    assert found["probe_duration_seconds"] > 0.1


async def test_an_answer_that_the_busy_loop_has_not_read_yet_is_no_loss():
    loop = asyncio.get_running_loop()

    def answer_then_block(query):
        loop.call_soon(time.sleep, 0.2)
        return [reply(query)]

    context = make_context()
    await context.shared.get(StampKeeper)
    sockets = await context.shared.get(DnsSockets)
    async with udp_server(answer_then_block) as server:
        to = ("127.0.0.1", server.port)
        heard = await ask_resolver(sockets.of(4), to, Question((), 2), wait_seconds=0.05)
    await context.shared.close()
    assert heard is not None
    assert heard.round_trip.seconds < 0.05


@pytest.mark.parametrize(
    ("rcode", "settings", "outcome"),
    [
        (2, WWW, Outcome.REJECTED),
        (3, WWW, Outcome.REJECTED),
        (5, WWW, Outcome.DENIED),
        (3, WWW | {"valid_rcodes": "NOERROR,NXDOMAIN"}, Outcome.OK),
    ],
    ids=["SERVFAIL", "NXDOMAIN", "REFUSED", "NXDOMAIN wanted"],
)
async def test_a_response_code_has_its_outcome(rcode, settings, outcome):
    found = await ask(lambda query: [reply(query, rcode)], settings)
    assert (found.outcome, found["netmon_probe_dns_rcode"]) == (outcome, rcode)
    assert found["probe_dns_query_succeeded"] == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda query: query[:2] + b"\x81",
        lambda query: reply(query, records=[b"\xc0\x21" + A_RECORD[2:]]),
        lambda query: reply(query[:12] + query[12:].swapcase()),
        lambda query: query,
    ],
    ids=["cut off", "compression loop", "other case", "our own query"],
)
async def test_a_malformed_answer_is_garbled(damage):
    found = await ask(lambda query: [damage(query)])
    assert (found.outcome, found["probe_dns_query_succeeded"]) == (Outcome.GARBLED, 0), found.detail


async def test_an_answer_with_another_id_is_not_ours_and_the_right_one_is():
    def other(query):
        return bytes((query[0] ^ 1,)) + query[1:]

    found = await ask(lambda query: [reply(other(query))], timeout_seconds=0.2)
    assert (found.outcome, found["probe_dns_query_succeeded"]) == (Outcome.TIMEOUT, 0)
    found = await ask(lambda query: [reply(other(query)), reply(query)])
    assert found.outcome is Outcome.OK


async def test_an_answer_from_another_port_is_not_ours():
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        asked.bind(("127.0.0.1", 0))
        asked.setblocking(False)

        def answer():
            query, client = asked.recvfrom(512)
            stranger.sendto(reply(query), client)

        loop.add_reader(asked, answer)
        found = await probe_once(DnsProbe, f"127.0.0.1:{asked.getsockname()[1]}", WWW, 0.2)
        loop.remove_reader(asked)
    assert found.outcome is Outcome.TIMEOUT


async def test_a_late_answer_is_never_taken_for_the_next_query():
    kept = []

    def one_behind(query):
        kept.append(query)
        return [reply(kept[-2], rcode=2)] if len(kept) > 1 else []

    async with udp_server(one_behind) as server:
        context = make_context()
        probe = DnsProbe(sdk.Assignment("dns", (f"127.0.0.1:{server.port}",), 1.0, 0.1), DnsSettings())
        await probe.open(context)
        outcomes = [(await probe.read())[0].outcomes[0] for _ in range(3)]
        strangers_total = (await context.shared.get(DnsSockets)).of(4).strangers_total
        await context.shared.close()
    # Identifiers are random, 16 bits of them: once in 65,536 times two queries in a row have the same.
    twins = [one[:2] == other[:2] for one, other in pairwise(kept)]
    assert outcomes == [Outcome.TIMEOUT, *(Outcome.REJECTED if twin else Outcome.TIMEOUT for twin in twins)]
    assert strangers_total == twins.count(False)


async def test_a_closed_port_refuses_at_once():
    found = await probe_once(DnsProbe, f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}", WWW)
    assert (found.outcome, found["probe_success"]) == (Outcome.REFUSED, 0)
    assert found["probe_dns_query_succeeded"] == 0
    assert found["probe_duration_seconds"] < 1


async def test_one_closed_port_does_not_spoil_the_query_to_the_next_resolver():
    async with udp_server(lambda query: [reply(query)]) as server:
        targets = tuple(f"127.0.0.1:{port}" for port in (free_port(socket.SOCK_DGRAM), server.port))
        found = await probe_once(DnsProbe, targets, WWW)
    assert found.reading.outcomes == (Outcome.REFUSED, Outcome.OK)


def by_tcp(message, pieces=1):
    async def talk(reader, writer):
        size = int.from_bytes(await reader.readexactly(2), "big")
        answer = message(await reader.readexactly(size))
        framed = len(answer).to_bytes(2, "big") + answer
        step = -(-len(framed) // pieces)
        for at in range(0, len(framed), step):
            writer.write(framed[at : at + step])
            await writer.drain()

    return talk


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_truncated_answer_is_asked_for_again_by_tcp(pieces):
    whole = by_tcp(lambda query: reply(query, records=[A_RECORD] * 40), pieces)
    async with (
        udp_server(lambda query: [reply(query, truncated=True)]) as server,
        tcp_server(whole, port=server.port),
    ):
        found = await probe_once(DnsProbe, f"127.0.0.1:{server.port}", WWW)
    assert (found.outcome, found["probe_dns_answer_rrs"]) == (Outcome.OK, 40), found.detail
    assert found["probe_dns_duration_seconds connect"] > 0


@pytest.mark.parametrize(
    ("talk", "outcome"),
    [
        (by_tcp(reply), Outcome.OK),
        (by_tcp(lambda query: b"\0\0" + reply(query)[2:]), Outcome.GARBLED),
        (by_tcp(lambda _query: b""), Outcome.GARBLED),
        (silence, Outcome.TIMEOUT),
    ],
    ids=["answer", "other id", "nothing", "silence"],
)
async def test_tcp_alone_can_be_asked_for(talk, outcome):
    async with tcp_server(talk) as port:
        found = await probe_once(DnsProbe, f"127.0.0.1:{port}", WWW | {"transport": "tcp"}, 0.5)
    assert found.outcome is outcome, found.detail


async def test_strangers_are_counted():
    context = make_context()
    sockets = await context.shared.get(DnsSockets)
    async with udp_server(lambda query: [b"xx" + query[2:]] * 3) as server:
        await probe_once(DnsProbe, f"127.0.0.1:{server.port}", WWW, 0.2, context=context)
    assert sockets.of(4).strangers_total == 3


async def test_a_random_label_is_asked_for_under_the_name_each_time_and_its_absence_is_an_answer():
    heard = []

    def no_such_name(query):
        heard.append(query)
        return [reply(query, rcode=3)]

    context = make_context()
    settings = WWW | {"random_label": True}
    async with udp_server(no_such_name) as server:
        probe = DnsProbe(
            sdk.Assignment("dns", (f"127.0.0.1:{server.port}",), 1.0, 1.0), DnsSettings(**settings)
        )
        await probe.open(context)
        found = [(await probe.read())[0] for _ in range(2)]
    await context.shared.close()
    assert [one.outcomes[0] for one in found] == [Outcome.OK] * 2
    assert dict(found[0].shape.rows[0].texts) == {"netmon_probe_dns_answer_info": "no_such_name"}
    labels = {query[13 : 13 + query[12]].lower() for query in heard}
    assert {query[12] for query in heard} == {16}
    assert len(labels) == 2


@pytest.mark.parametrize(("answers", "speaks"), [(True, 1), (False, 0)], ids=["with", "without"])
async def test_a_resolver_is_asked_whether_it_speaks_edns(answers, speaks):
    heard = []

    def answer(query):
        heard.append(query)
        plain = query[:10] + b"\0\0" + query[12:-11]
        options = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
        said = reply(plain)
        return [said[:10] + b"\0\1" + said[12:] + options if answers else said]

    found = await ask(answer, WWW | {"edns_bytes": 1232})
    assert (found.outcome, found["netmon_probe_dns_edns"]) == (Outcome.OK, speaks), found.detail
    assert heard[0].endswith(b"\0\0\x29\x04\xd0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [(1, "not_understood"), (2, "server_failure"), (3, "no_such_name"), (5, "refused"), (9, "other")],
)
async def test_response_codes_are_told_by_their_class(rcode, kind):
    found = await ask(lambda query: [reply(query, rcode)], WWW)
    assert found.texts["netmon_probe_dns_answer_info"] == kind
