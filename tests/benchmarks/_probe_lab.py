"""What the probes' benchmarks share: the emulated path, what answers at its far end, and a busy core."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from ipaddress import ip_address
from pathlib import Path

from _results import OURS, THEIRS
from fakes.context import make_context
from fakes.referee import (
    BACKWARD,
    FORWARD,
    ICMP,
    MANY,
    TCP,
    UDP,
    EmulatedPath,
    Packet,
    emulated_path,
    round_trips,
)

from netmon import sdk

HTTP_PORT, DNS_PORT = 8080, 5353
TARGETS = 20
ADDRESSES = tuple(f"{MANY}.0.{number}" for number in range(1, TARGETS + 1))
BUSY_SECONDS, PERIOD_SECONDS = 0.005, 0.020
_SYN, _PUSH, _ACK = 0x02, 0x08, 0x10

Trips = dict[str, list[float | None]]
"""Round trips in seconds by address, in the order they were measured; None where nothing came."""


@contextmanager
def path_with_services() -> Iterator[EmulatedPath]:
    """Make the path, with HTTP and DNS at its far end."""
    with tempfile.TemporaryDirectory() as name, emulated_path(Path(name)) as path:
        script = str(Path(__file__).parent / "_far_end.py")
        command = [*path.far.prefix, sys.executable, script, str(HTTP_PORT), str(DNS_PORT)]
        services = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.sched_setaffinity(services.pid, THEIRS)
        try:
            assert services.stdout.readline() == b"ready\n"
            yield path
        finally:
            services.stdin.close()
            services.wait(10)
            services.stdout.close()


def burn(seconds: float) -> None:
    """Keep the core for so long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@asynccontextmanager
async def busy_loop():
    """Keep this event loop busy 5 ms in every 20."""

    async def work() -> None:
        while True:
            burn(BUSY_SECONDS)
            await asyncio.sleep(PERIOD_SECONDS - BUSY_SECONDS)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        await asyncio.wait([working])


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep the measured core busy 5 ms in every 20, for programs that have no loop of ours."""
    text = (
        "import time\n"
        "while True:\n"
        f"    end = time.perf_counter() + {BUSY_SECONDS}\n"
        "    while time.perf_counter() < end: pass\n"
        f"    time.sleep({PERIOD_SECONDS - BUSY_SECONDS})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", text])
    os.sched_setaffinity(process.pid, OURS)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def load(*, busy: bool):
    """Return the load of a core, or none."""
    return busy_core() if busy else nullcontext()


async def measured(
    source: type[sdk.Probe],
    metric: sdk.Metric,
    targets: Sequence[str],
    rounds: int,
    every_seconds: float,
    *,
    busy: bool,
    **settings,
) -> Trips:
    """Probe the targets again and again, as the daemon would; return what a metric said, by address."""
    context = make_context()
    assignment = sdk.Assignment("bench", tuple(targets), 0.05, 1.0)
    probe = source(assignment, source.settings_type(**settings))
    found: Trips = defaultdict(list)
    await probe.open(context)
    try:
        async with busy_loop() if busy else _nothing():
            for _ in range(rounds):
                reading, *_ = await probe.read()
                for row, target in enumerate(targets):
                    found[_address(target)].append(reading.cell(row, metric))
                await asyncio.sleep(every_seconds * context.random.uniform(0.5, 1.5))
    finally:
        await probe.close()
        await context.shared.close()
    return found


@asynccontextmanager
async def _nothing():
    yield


def _address(target: str) -> str:
    return target.removeprefix("http://").partition("/")[0].partition(":")[0]


def true_echoes(packets: Iterable[Packet]) -> Trips:
    """Return the true times of all echo requests by address, in their order."""
    began: list[tuple[int, str, tuple[int, int, int]]] = []
    trips = round_trips(packet for packet in packets if packet.protocol == ICMP)
    for packet in packets:
        if packet.protocol == ICMP and packet.direction == FORWARD and packet.flags == 8:
            key = (packet.destination, packet.source_port, packet.destination_port)
            began.append((packet.arrived_ns, str(ip_address(packet.destination)), key))
    found: Trips = defaultdict(list)
    waiting = {key: deque(times) for key, times in trips.items()}
    for _, address, key in sorted(began):
        found[address].append(waiting[key].popleft())
    return found


def _pairs(packets: Iterable[Packet], key, asks, answers) -> Trips:
    """Return the times from the first packet that asks to the first that answers, by what joins the two."""
    found: dict[object, list] = {}
    for packet in packets:
        if packet.direction == FORWARD and asks(packet):
            found.setdefault(key(packet), [str(ip_address(packet.destination)), packet.arrived_ns, None])
        elif packet.direction == BACKWARD and packet.delivered and answers(packet):
            pair = found.get(key(packet))
            if pair is not None and pair[2] is None:
                pair[2] = (packet.sent_ns - pair[1]) / 1e9
    trips: Trips = defaultdict(list)
    for address, _, seconds in found.values():
        trips[address].append(seconds)
    return trips


def _connection(packet: Packet) -> tuple[int, int]:
    if packet.direction == FORWARD:
        return packet.destination, packet.source_port
    return packet.source, packet.destination_port


def true_handshakes(packets: Iterable[Packet]) -> Trips:
    """Return the times from SYN to SYN and ACK."""
    found = [packet for packet in packets if packet.protocol == TCP and packet.flags & _SYN]
    return _pairs(
        found,
        _connection,
        lambda packet: not packet.flags & _ACK,
        lambda packet: bool(packet.flags & _ACK),
    )


def true_first_bytes(packets: Iterable[Packet]) -> Trips:
    """Return the times from the request to the first segment of the answer."""
    found = [packet for packet in packets if packet.protocol == TCP and packet.flags & _PUSH]
    return _pairs(found, _connection, lambda _: True, lambda _: True)


def true_answers(packets: Iterable[Packet]) -> Trips:
    """Return the times from query to answer; a query is known by its port and its id."""
    found = [packet for packet in packets if packet.protocol == UDP]
    return _pairs(found, lambda p: (*_connection(p), p.first >> 16), lambda _: True, lambda _: True)


def errors_us(measurements: Trips, truth: Trips) -> list[float]:
    """Return the errors of all measurements, in microseconds; both must speak of the same packets."""
    found = []
    for address, times in measurements.items():
        true = truth.get(address, [])
        assert len(true) == len(times), f"{address}: {len(times)} measured, {len(true)} seen by the referee"
        pairs = zip(times, true, strict=True)
        found += [(mine - theirs) * 1e6 for mine, theirs in pairs if mine is not None and theirs is not None]
    return found


def p99(errors: Sequence[float]) -> float:
    """Return the 99th percentile of the errors' sizes."""
    sizes = sorted(map(abs, errors))
    return sizes[min(len(sizes) - 1, round(0.99 * len(sizes)))]


def described(errors: Sequence[float]) -> str:
    """Return a line for people."""
    return f"{len(errors)} probes, median {statistics.median(errors):.1f} us, p99 {p99(errors):.1f} us"
