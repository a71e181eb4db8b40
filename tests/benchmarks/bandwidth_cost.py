"""What a gigabit costs our processor, beside iperf3 over the same cable; the far end has the other core."""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import time

from _capacity_lab import CABLE_FAR, served_cable, shape
from _results import OURS, THEIRS, report, say
from fakes.capacity import run_test

from netmon import sdk
from probes.bandwidth.measured import Ask, Direction

BENCH, RUNS, SECONDS = "bandwidth_cost", 3, 4.0
METHODS = ("http", "ndt7")
PLENTY = 10**12


def cpu_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def ours(host, kind: str, direction: Direction) -> tuple[float, float]:
    """Return CPU seconds and Gbit (IP) of one test in this process."""
    began = cpu_seconds(resource.RUSAGE_SELF)
    _, meter = asyncio.run(run_test(host, CABLE_FAR, kind, Ask(direction, SECONDS, 4, False), PLENTY))
    return cpu_seconds(resource.RUSAGE_SELF) - began, meter.spent_bytes * 8e-9


def theirs(host, direction: Direction) -> tuple[float, float]:
    """Return the same of an iperf3 process."""
    began = cpu_seconds(resource.RUSAGE_CHILDREN)
    _, meter = asyncio.run(run_test(host, CABLE_FAR, "iperf3", Ask(direction, SECONDS, 4, False), PLENTY))
    return cpu_seconds(resource.RUSAGE_CHILDREN) - began, meter.spent_bytes * 8e-9


def compare(host, where: str) -> None:
    """Measure both programs in both directions, in turn."""
    for direction in Direction:
        peers, mine = [], {kind: [] for kind in METHODS}
        for _ in range(RUNS):
            try:
                peers.append(theirs(host, direction))
            except sdk.SourceError as error:
                say(f"iperf3: {error}")
            for kind in METHODS:
                mine[kind].append(ours(host, kind, direction))
        peer = statistics.median(cpu / gbit for cpu, gbit in peers) if peers else None
        for kind, runs in mine.items():
            each = statistics.median(cpu / gbit for cpu, gbit in runs)
            rate = statistics.median(gbit for _, gbit in runs) / SECONDS
            note = f"{kind} {direction}, {where}; {rate:.2f} Gbit/s; one core's ceiling {1 / each:.1f} Gbit/s"
            report(
                BENCH, "cpu_s_per_gbit", each, "s", peer="iperf3", peer_value=peer, lower=True,
                runs=RUNS, note=note,
            )  # fmt: skip


def main() -> None:
    os.sched_setaffinity(0, OURS)
    for offloads, megabits, where in (
        (True, 0, "cable without limit, segments of 64 kB"),
        (False, 1000, "1 Gbit/s behind tbf, packets of 1500 B"),
    ):
        with served_cable(offloads=offloads) as (near, far):
            if megabits:
                say(shape(near, far, megabits, 1))
            command = ["taskset", "-c", str(min(THEIRS)), "iperf3", "-s"]
            server = subprocess.Popen([*far.prefix, *command], stdout=subprocess.DEVNULL)
            time.sleep(0.5)
            try:
                compare(near, where)
            finally:
                server.kill()
                server.wait()


if __name__ == "__main__":
    main()
