"""The reflector cannot be used against others: no loops, no amplification, bounded work."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from ipaddress import ip_network

import pytest
from fakes.namespaces import network_namespace
from fakes.ports import free_port
from fakes.reflecting import EVERYBODY, reflecting

from netmon import sdk
from probes.stamp_command import bound_socket
from probes.stamp_gate import Gate, Limits, Refusal
from probes.stamp_packet import decode_reply, encode_request
from probes.stamp_reflector import Reflector
from probes.stamp_time import encode_time
from probes.target import Endpoint

NETMON = [sys.executable, "-P", "-m", "netmon"]


@contextmanager
def sender(address="127.0.0.1", port=0):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, port))
        sock.setblocking(False)
        yield sock


def request(sequence=0, session=1):
    return encode_request(sequence, encode_time(time.time_ns()), 0x8001, session)


async def answer(sock):
    async with asyncio.timeout(2):
        return await asyncio.get_running_loop().sock_recv(sock, 65_535)


async def no_answer(sock):
    try:
        async with asyncio.timeout(0.1):
            return await asyncio.get_running_loop().sock_recv(sock, 65_535)
    except TimeoutError:
        return None


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - counters tell nobody
            await asyncio.sleep(0.005)


def at(reflector):
    return ("127.0.0.1", reflector.port)


async def test_a_request_is_answered_with_a_number_a_count_and_when_the_last_reply_left():
    with reflecting(None, "127.0.0.1", 0) as reflector, sender() as sock:
        replies = []
        for sequence in (0, 1, 1):
            packet = request(sequence)
            sock.sendto(packet, at(reflector))
            replies.append(await answer(sock))
            assert len(replies[-1]) == len(packet)
    first, second, copy = map(decode_reply, replies)
    assert [reply.sequence for reply in (first, second, copy)] == [0, 1, 2]
    assert [reply.counted for reply in (first, second, copy)] == [1, 2, 2]
    assert (first.follow_up, second.follow_up.sequence, copy.follow_up.sequence) == (None, 0, 1)
    assert first.received < first.sent < second.follow_up.timestamp < second.received


@pytest.mark.parametrize("size", [36, 44, 60, 1400])
async def test_a_reply_is_as_long_as_its_request(size):
    with reflecting(None, "127.0.0.1", 0) as reflector, sender() as sock:
        sock.sendto(request()[:size].ljust(size, b"\0"), at(reflector))
        assert len(await answer(sock)) == size


@pytest.mark.parametrize("data", [b"", bytes(35), bytes(9217)], ids=len)
async def test_what_is_no_request_gets_no_answer(data):
    with reflecting(None, "127.0.0.1", 0) as reflector, sender() as sock:
        sock.sendto(data, at(reflector))
        assert await no_answer(sock) is None
        assert reflector.refused_total == {Refusal.MALFORMED: 1}


async def test_a_reply_is_never_answered():
    with reflecting(None, "127.0.0.1", 0) as reflector, sender() as sock:
        sock.sendto(request(), at(reflector))
        sock.sendto(await answer(sock), at(reflector))
        assert await no_answer(sock) is None
        assert reflector.refused_total == {Refusal.REFLECTED: 1}


async def test_two_reflectors_do_not_talk_to_each_other_whoever_forges_the_first_word():
    with reflecting(None, "127.0.0.1", 0) as one, reflecting(None, "127.0.0.1", 0) as other:
        # As if somebody had sent it to the other one with this one's address.
        one._socket.send(request(), at(other))
        await until(lambda: other.reflected_total == 1 and one.refused_total)
        await asyncio.sleep(0.05)
        assert (one.reflected_total, other.reflected_total) == (0, 1)
        assert (one.refused_total, other.refused_total) == ({Refusal.REFLECTED: 1}, {})


async def test_a_reflector_on_the_same_port_is_not_answered_at_all():
    port = free_port(socket.SOCK_DGRAM)
    with reflecting(None, "127.0.0.1", port) as one, reflecting(None, "127.0.0.2", port) as other:
        one._socket.send(request(), ("127.0.0.2", port))
        await until(lambda: other.refused_total)
        assert (other.reflected_total, other.refused_total) == (0, {Refusal.REFLECTED: 1})


async def test_a_server_is_not_disturbed_by_replies_that_it_never_asked_for():
    with network_namespace(), reflecting(None, "127.0.0.1", 8620) as reflector, sender(port=123) as ntp:
        ntp.sendto(request(), at(reflector))
        assert await no_answer(ntp) is None
        assert reflector.refused_total == {Refusal.SERVICE: 1}


async def test_who_is_not_on_the_list_gets_no_answer():
    gate = Gate((ip_network("127.0.0.2"),), Limits())
    reflector = Reflector(bound_socket(Endpoint("127.0.0.1", 0)), sdk.SystemClock(), gate)
    with sender() as stranger, sender("127.0.0.2") as friend:
        for sock in (stranger, friend):
            sock.sendto(request(), at(reflector))
        assert decode_reply(await answer(friend)).sequence == 0
        assert await no_answer(stranger) is None
    reflector.close()
    assert reflector.refused_total == {Refusal.STRANGER: 1}


async def test_a_sender_that_goes_away_does_not_stop_the_others():
    with reflecting(None, "127.0.0.1", 0) as reflector, sender() as sock:
        for turn in range(5):
            with sender() as gone:
                gone.sendto(request(), at(reflector))
            await until(lambda turn=turn: reflector.reflected_total == 2 * turn + 1)
            sock.sendto(request(turn), at(reflector))
            assert decode_reply(await answer(sock)).sequence == turn


# Floods


async def flood(reflector, seconds, packet, sources):
    """Send as fast as a thread can; return how many, and the share of a core that the loop used."""
    stop = time.monotonic() + seconds

    def pour():
        sent = 0
        while time.monotonic() < stop:
            for sock in sources:
                try:
                    sock.sendto(packet, at(reflector))
                    sent += 1
                except BlockingIOError:
                    time.sleep(0.001)
        return sent

    began = time.thread_time()
    sent = await asyncio.to_thread(pour)
    return sent, (time.thread_time() - began) / seconds


async def test_a_flood_of_strangers_costs_a_bounded_share_of_a_core():
    gate = Gate((ip_network("10.0.0.0/8"),), Limits(total_per_second=1000))
    reflector = Reflector(bound_socket(Endpoint("127.0.0.1", 0)), sdk.SystemClock(), gate)
    with sender() as sock:
        sent, share = await flood(reflector, 1.5, request(), [sock])
    seen = sum(reflector.refused_total.values())
    reflector.close()
    assert sent > 10_000
    assert seen < 1000 * 2.5 + 64 * 40
    assert share < 0.25
    assert gate.sessions == 0


async def test_a_flood_of_new_sessions_fills_a_bounded_table_and_a_session_in_it_goes_on():
    limits = Limits(source_per_second=100_000, total_per_second=2000, sessions_per_source=16, sessions=64)
    gate = Gate(EVERYBODY, limits)
    reflector = Reflector(bound_socket(Endpoint("127.0.0.1", 0)), sdk.SystemClock(), gate)
    with sender("127.0.0.9") as early:
        early.sendto(request(), at(reflector))
        await answer(early)
        for source in range(10, 20):
            for session in range(30):
                with sender(f"127.0.0.{source}") as sock:
                    sock.sendto(request(session=session), at(reflector))
        await until(lambda: reflector.refused_total[Refusal.FULL] + reflector.reflected_total == 301)
        assert gate.sessions == 64
        early.sendto(request(1), at(reflector))
        assert decode_reply(await answer(early)).sequence == 1
    reflector.close()


async def test_after_a_flood_it_answers_again():
    gate = Gate(EVERYBODY, Limits(total_per_second=500, source_per_second=100))
    reflector = Reflector(bound_socket(Endpoint("127.0.0.1", 0)), sdk.SystemClock(), gate)
    with sender() as sock, sender("127.0.0.2") as patient:
        await flood(reflector, 0.5, request(), [sock])
        reply, deadline = None, time.monotonic() + 30
        while reply is None and time.monotonic() < deadline:
            patient.sendto(request(), at(reflector))
            reply = await no_answer(patient)
        assert reply is not None
        assert reflector.refused_total[Refusal.RATE] > 0
        assert reflector.refused_total[Refusal.OVERLOAD] > 0
    reflector.close()


# The command


def run(*words):
    return subprocess.run([*NETMON, *words], capture_output=True, text=True, timeout=30, check=False)


def test_beyond_loopback_it_wants_to_know_for_whom():
    done = run("reflector", "--listen", "0.0.0.0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "listening on 0.0.0.0 takes --allow" in done.stderr


def test_a_port_that_is_taken_is_said_in_words():
    with sender() as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("reflector", "--listen", listen)
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1 port" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_serves_a_probe_and_shows_its_counters_until_it_is_stopped():
    port = free_port(socket.SOCK_DGRAM)
    command = [*NETMON, "reflector", "--json", "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reflector:
        assert "reflecting on" in reflector.stderr.readline()
        probe = run("probe", "stamp", f"127.0.0.1:{port}", "--json", "--set", "packets=5")
        os.kill(reflector.pid, signal.SIGTERM)
        counters = json.loads(reflector.communicate(timeout=30)[0])
    assert probe.returncode == 0
    assert json.loads(probe.stdout)["outcome"] == "ok"
    assert (counters["reflected"], counters["sessions"], counters["refused_stranger"]) == (5, 1, 0)
    assert reflector.returncode == 0
