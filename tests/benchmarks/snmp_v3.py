"""What SNMPv3 costs: the same 673 varbinds by v2c and by SHA-1/AES-128, CPU of netmon's side compared.

The simulated switch speaks v2c only: a process of its own, on the other core, puts its replies into
SNMPv3 messages for the one, and passes them on as they are for the other, so that both take as long.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from _snmp_lab import (
    COMMUNITY,
    FIELDS,
    OURS,
    PORTS,
    THEIRS,
    address,
    agents,
    report,
    say,
    status_kb,
)
from fakes.context import make_context
from fakes.simagent import free_udp_port
from fakes.usm_engine import ENGINE_ID, FakeEngine

from collectors.snmp import ber, usm_message
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.limits import Limits
from collectors.snmp.message import MIN_REQUEST_ID, VERSION_2C, decode_header
from collectors.snmp.usm_keyring import KeyRing
from collectors.snmp.usm_message import Envelope, Scoped
from netmon import sdk
from netmon.clock import SystemClock

RUNS = 7
SECONDS = 2.0
DEVICES = 20
COLUMNS = tuple(field.wanted for field in FIELDS)
V2C = sdk.Credential("v2c", sdk.SnmpVersion.V2C, sdk.SecretStr(COMMUNITY))
V3 = sdk.Credential(
    "v3",
    sdk.SnmpVersion.V3,
    user="netmon",
    auth="SHA-1",
    auth_secret=sdk.SecretStr("authentication"),
    privacy="AES-128",
    privacy_secret=sdk.SecretStr("encryption"),
)


class Relay(FakeEngine):
    """An SNMPv3 engine whose objects are those of a v2c agent."""

    agent: socket.socket

    def answer(self, datagram: bytes) -> bytes | None:
        if b"\x02\x01\x01\x04" in datagram[:8]:
            # As slow as the other way, or its replies would come in larger bursts, which cost us less.
            self.open(self.message(MIN_REQUEST_ID, self.lock.level, datagram))
            reply = self.ask(datagram)
            self.message(MIN_REQUEST_ID, self.lock.level, reply)
            return reply
        self.seen.clear()
        return super().answer(datagram)

    def open(self, datagram: bytes) -> None:
        envelope = usm_message.decode(datagram)
        self._refused(envelope, datagram)
        self.lock.cipher.decrypt(datagram[envelope.start :], envelope.salt, envelope.boots, envelope.seconds)

    def ask(self, datagram: bytes) -> bytes:
        self.agent.send(datagram)
        return self.agent.recv(65535)

    def response(self, envelope: Envelope, scoped: Scoped, _pdu: int = 0) -> bytes:
        header = scoped.header
        numbers = b"".join(map(ber.encode_integer, (header.request_id, header.first, header.second)))
        asked = ber.encode(header.pdu, numbers + ber.encode(ber.SEQUENCE, scoped.body[header.start :]))
        community = ber.encode(ber.OCTET_STRING, COMMUNITY.encode())
        reply = self.ask(ber.encode(ber.SEQUENCE, ber.encode_integer(VERSION_2C) + community + asked))
        found = decode_header(reply)
        numbers = b"".join(map(ber.encode_integer, (found.request_id, found.first, found.second)))
        inner = ber.encode(found.pdu, numbers + ber.encode(ber.SEQUENCE, reply[found.start :]))
        return self.message(envelope.message_id, self.lock.level, inner)


def serve(port: int, agent_port: int) -> None:
    os.sched_setaffinity(0, THEIRS)
    began = time.monotonic()
    relay = Relay(asyncio.run(KeyRing().lock(V3, ENGINE_ID)))
    relay.agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    relay.agent.connect((address(0), agent_port))
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", port))
    while True:
        datagram, source = own.recvfrom(65535)
        relay.seconds = 1000 + int(time.monotonic() - began)
        reply = relay.answer(datagram)
        if reply is not None:
            own.sendto(reply, source)


@contextmanager
def relay(agent_port: int) -> Iterator[int]:
    port = free_udp_port()
    process = get_context("spawn").Process(target=serve, args=(port, agent_port), daemon=True)
    process.start()
    try:
        while f":{port:04X} " not in Path("/proc/net/udp").read_text():
            time.sleep(0.01)
        yield port
    finally:
        process.kill()
        process.join()


async def ms_per_poll(port: int, credentials: tuple[sdk.Credential, ...]) -> list[list[float]]:
    """Poll in turns with each credential; return CPU milliseconds per poll, run by run."""
    os.sched_setaffinity(0, OURS)
    context = make_context(clock=SystemClock())
    engine = SnmpEngine(limits=Limits(1e6, 100_000, 1e6, 100_000))
    sessions = {
        credential.name: [
            engine.session(sdk.Device(f"{credential.name}-{n}", "127.0.0.1", port, credential), context)
            for n in range(DEVICES)
        ]
        for credential in credentials
    }
    found: list[list[float]] = [[] for _ in credentials]
    for run in range(RUNS + 1):
        for at, credential in enumerate(credentials):
            polls, before, end = 0, time.process_time(), time.monotonic() + SECONDS
            while time.monotonic() < end:
                tables = await asyncio.gather(
                    *(one.table(COLUMNS, 10.0) for one in sessions[credential.name])
                )
                assert all(len(table.index) == PORTS and not table.partial for table in tables)
                polls += len(tables)
            if run:  # the first one learns
                found[at].append(1000 * (time.process_time() - before) / polls)
    say(f"{found} {engine.counters}")
    await context.shared.close()
    await engine.close()
    return found


def main() -> None:
    memory = status_kb("VmRSS")
    with agents() as agent_port, relay(agent_port) as port:
        runs = asyncio.run(ms_per_poll(port, (V2C, V3)))
    plain, secure = map(statistics.median, runs)
    times = statistics.median(theirs / ours for ours, theirs in zip(*runs, strict=True))
    say(f"memory grew by {status_kb('VmRSS') - memory} kB")
    report(
        "snmp_engine", "v3_cpu_ms_per_poll", secure, "ms", peer="own v2c", peer_value=round(plain, 4),
        lower=True, runs=RUNS, note=f"SHA-1/AES-128: {times:.2f} times v2c, run by run; goal: 1.5",
    )  # fmt: skip


if __name__ == "__main__":
    main()
