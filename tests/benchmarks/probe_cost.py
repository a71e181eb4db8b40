"""What a probe costs: CPU of the whole ping probe, from its schedule to its reading, over the emulated path.

The far end and the path run on another core, so that only the near end is counted, with its kernel's part.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import struct
import time

import _probe_peers as peers
from _probe_lab import path_with_services
from _results import OURS, report, say
from fakes.context import make_context
from fakes.referee import MANY, EmulatedPath

from netmon import sdk
from probes.icmp import IcmpProbe
from probes.timestamping import start_stamps
from probes.train import RECEIVED

BENCH = "probe_cost"
EVERY_SECONDS = 1e-6
"""What the probe believes, so that its phase does not move: the benchmark calls it."""
RUNS, FLOODING = 5, 2
GOAL_US, GOAL_PER_SECOND, GOAL_CORE_PERCENT = 60, 30_000, 5


async def spread(targets: int, seconds: int) -> float:
    """Probe so many targets once a second; return CPU microseconds per probe."""
    context = make_context()
    addresses = tuple(f"{MANY}.{n // 250}.{n % 250 + 1}" for n in range(targets))
    probe = IcmpProbe(
        sdk.Assignment("bench", addresses, EVERY_SECONDS, 1.0), IcmpProbe.settings_type(packets=1)
    )
    await probe.open(context)
    await probe.read()
    found = []
    for _ in range(seconds):
        await asyncio.sleep(1 - time.monotonic() % 1)
        before = time.process_time_ns()
        reading, *_ = await probe.read()
        # What is left to do after the last reply belongs to the probe, too.
        await asyncio.sleep(0.05)
        found.append((time.process_time_ns() - before) / 1000 / targets)
        assert set(reading.outcomes) == {sdk.Outcome.OK}
    await probe.close()
    await context.shared.close()
    return statistics.median(found)


async def flood(seconds: float) -> float:
    """Probe without rest; return probes per second of CPU, which is what one core can do."""
    context = make_context()
    probes = []
    for number in range(FLOODING):
        addresses = tuple(f"{MANY}.{10 + number}.{n + 1}" for n in range(100))
        settings = IcmpProbe.settings_type(packets=20, spacing="4ms")
        probes.append(IcmpProbe(sdk.Assignment(f"bench {number}", addresses, EVERY_SECONDS, 1.0), settings))
        await probes[-1].open(context)
    answered, began, before = 0, time.monotonic(), time.process_time()

    async def work(probe: IcmpProbe) -> None:
        nonlocal answered
        while time.monotonic() - began < seconds:
            reading, *_ = await probe.read()
            answered += sum(reading.columns[reading.shape.column(RECEIVED)])

    await asyncio.gather(*map(work, probes))
    cpu_seconds = time.process_time() - before
    await context.shared.close()
    return answered / cpu_seconds


def bare(targets: int, rounds: int) -> float:
    """Make the same system calls in a bare loop: what is left when there is no probe around them."""
    cost = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sock:
        sock.setblocking(False)
        start_stamps(sock)
        to = [(f"{MANY}.{n // 250}.{n % 250 + 1}", 0) for n in range(targets)]
        buffer = bytearray(2048)
        for _ in range(rounds):
            time.sleep(1)
            before = time.process_time()
            for number, address in enumerate(to):
                sock.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, number) + bytes(56), address)
            time.sleep(0.05)
            for flags in (socket.MSG_ERRQUEUE, 0):
                for _ in range(targets):
                    sock.recvmsg_into([buffer], 512, flags)
            cost.append((time.process_time() - before) * 1e6 / targets)
    return statistics.median(cost)


def fping(path: EmulatedPath, targets: int, seconds: int) -> float:
    """Let fping do the same as spread(); return its CPU microseconds per probe, its start included."""
    program = peers.need("fping")
    addresses = [f"{MANY}.{n // 250}.{n % 250 + 1}" for n in range(targets)]
    before = os.times()
    path.near.run(program, "-q", "-C", str(seconds), "-p", "1000", "-i", "1", *addresses, timeout_seconds=120)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent * 1e6 / targets / seconds


def main() -> None:
    os.sched_setaffinity(0, OURS)
    note, shown, theirs = "", "fping", None
    with path_with_services() as path:

        def over_the_path(measure):
            with path.emulating("delay=5ms", "delay=5ms"), path.near.entered():
                return asyncio.run(measure)

        few = [over_the_path(spread(50, 5)) for _ in range(RUNS)]
        say(f"50 targets once a second: {[round(one, 1) for one in few]} us")
        many = [over_the_path(spread(500, 3)) for _ in range(RUNS)]
        say(f"500 targets once a second: {[round(one, 1) for one in many]} us")
        with path.emulating("delay=5ms", "delay=5ms"), path.near.entered():
            calls = bare(50, RUNS)
        rates = [over_the_path(flood(2.0)) for _ in range(RUNS)]
        say(f"without rest: {[round(one) for one in rates]} per second of CPU")
        try:
            shown = peers.version("fping").rpartition("/")[2]
            with path.emulating("delay=5ms", "delay=5ms"):
                theirs = fping(path, 50, 10)
        except FileNotFoundError as problem:
            note = f"not installed: {problem}"
    more = {"peer": shown, "runs": RUNS, "lower": True}
    report(
        BENCH, "cpu_us_per_probe", statistics.median(few), "us", peer_value=theirs and round(theirs, 1),
        note=note or f"50 targets once a second; bare system calls: {calls:.1f} us", goal=GOAL_US, **more,
    )  # fmt: skip
    report(
        BENCH, "core_percent", statistics.median(many) * 500 / 1e4, "%", peer_value=None,
        note="500 targets once a second", goal=GOAL_CORE_PERCENT, **more,
    )  # fmt: skip
    report(
        BENCH, "probes_per_second", statistics.median(rates), "probes/s", peer="", runs=RUNS,
        note="per second of CPU, without rest", goal=GOAL_PER_SECOND,
    )  # fmt: skip


if __name__ == "__main__":
    main()
