"""The TCP probe against listeners on loopback."""

import asyncio
import socket

from fakes.loopback import hang_up, reset, silence, tcp_server
from fakes.ports import free_port
from fakes.probing import probe_once

from netmon.sdk import Outcome
from probes.tcp import TcpProbe

EXPECT = {"expect_pattern": "^SSH-2"}
CONNECT = "netmon_probe_tcp_duration_seconds connect"


async def greet(_reader, writer):
    writer.write(b"SS")
    await writer.drain()
    writer.write(b"H-2.0-test\r\n")
    await writer.drain()


async def test_a_handshake_is_timed_by_the_kernel():
    async with tcp_server(silence) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}")
    assert found.outcome is Outcome.OK
    assert 0 <= found[CONNECT] < 0.1
    assert found["netmon_probe_tcp_handshake_retransmits"] == 0
    assert found["probe_failed_due_to_regex"] == 0


async def test_a_closed_port_refuses():
    found = await probe_once(TcpProbe, f"127.0.0.1:{free_port()}")
    assert (found.outcome, found["probe_success"], found[CONNECT]) == (Outcome.REFUSED, 0, None)


async def test_a_greeting_in_pieces_is_put_together():
    async with tcp_server(greet) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", EXPECT)
    assert (found.outcome, found["probe_failed_due_to_regex"]) == (Outcome.OK, 0)
    assert found["netmon_probe_tcp_duration_seconds expect"] > 0


async def test_another_greeting_is_rejected():
    async with tcp_server(greet) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", {"expect_pattern": "^220 "})
    assert (found.outcome, found["probe_failed_due_to_regex"]) == (Outcome.REJECTED, 1)


async def test_closing_without_a_word_is_no_greeting_and_no_refusal():
    async with tcp_server(hang_up) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", EXPECT)
    assert found.outcome is Outcome.GARBLED


async def test_a_reset_after_the_handshake_is_no_refusal():
    async with tcp_server(reset) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", EXPECT)
    assert found.outcome is Outcome.GARBLED


async def test_silence_where_a_greeting_is_expected_is_a_timeout():
    async with tcp_server(silence) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", EXPECT, timeout_seconds=0.2)
    assert found.outcome is Outcome.TIMEOUT


async def test_a_handshake_that_is_not_answered_is_a_timeout():
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        # A listener that accepts nobody: when its queue is full, the kernel drops what comes.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        for sock in (first, second):
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        await asyncio.sleep(0)
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", timeout_seconds=0.3)
    assert found.outcome is Outcome.TIMEOUT


async def test_a_stream_without_end_is_not_read_for_ever():
    async def chatter(_reader, writer):
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with tcp_server(chatter) as port:
        found = await probe_once(TcpProbe, f"127.0.0.1:{port}", EXPECT)
    assert found.outcome is Outcome.REJECTED


async def test_a_name_without_address_is_unresolved():
    found = await probe_once(TcpProbe, "nowhere.test:80")
    assert found.outcome is Outcome.UNRESOLVED
