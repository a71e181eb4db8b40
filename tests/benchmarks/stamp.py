"""STAMP against the referee: losses by direction, queueing with a wrong clock, and what a packet costs.

Quiet, and with the event loop of both ends busy 5 ms in every 20. No peer measures directions in one
program; what there is of TWAMP counts round trips only, so that there is nothing to stand beside.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from _results import OURS, THEIRS, cpu_seconds, report, say
from fakes.context import make_context
from fakes.ports import free_port
from fakes.referee import FAR, EmulatedPath, emulated_path
from fakes.reflecting import (
    WrongTime,
    both_ways,
    busy_loop,
    opened,
    queueing_errors,
    reflecting,
    told,
)

from netmon import sdk
from probes.stamp import StampProbe
from probes.stamp_delay import quantile
from probes.stamp_packet import encode_request

BENCH, RUNS = "stamp", 3
LOSSES = {
    "0 %": ("delay=3ms", "delay=3ms"),
    "0.5 %": ("delay=3ms,loss=0.5%", "delay=3ms,loss=0.5%"),
    "5 %, copies, disorder": (
        "delay=3ms,loss=5%,dup=3%,reorder=10%:9ms",
        "delay=5ms,jitter=5ms,loss=5%,dup=3%",
    ),
    "30 %": ("delay=3ms,loss=30%", "delay=3ms,loss=30%"),
    "bursts, copies": ("delay=3ms,ge=2%:20%,dup=1%", "delay=3ms,ge=1%:30%,dup=1%"),
}
LOADED = ("delay=8ms,rate=10mbit,buf=200ms,xrate=8mbit", "delay=12ms,jitter=2ms,dist=exp")
FLOOD_SECONDS = 3.0


async def miscounted(path: EmulatedPath, case: str, trains: int = 10) -> tuple[int, int]:
    """Return packets whose loss or copy was told wrongly, and packets sent."""
    counts = dict.fromkeys(("forward", "backward", "unknown", "copied"), 0)
    sent = 0
    async with opened(path, packets=1000, spacing="1ms", timeout_seconds=2.5) as probe:
        with path.emulating(*LOSSES[case], "--seed", "11") as truth, reflecting(path.far, FAR):
            for _ in range(trains):
                reading, *_ = await probe.read()
                sent += told(reading, "netmon_probe_packets_sent")
                for way in ("forward", "backward", "unknown"):
                    counts[way] += told(reading, "netmon_stamp_lost_packets", direction=way)
                counts["copied"] += told(reading, "netmon_stamp_duplicated_packets", direction="forward")
    forward, backward = both_ways(truth)
    say(f"{case}: told {counts}, true {forward.lost} {backward.lost} {forward.copied}")
    return (
        abs(counts["forward"] - forward.lost)
        + abs(counts["backward"] - backward.lost)
        + abs(counts["copied"] - forward.copied)
        + counts["unknown"],
        sent,
    )


async def queueing(path: EmulatedPath, *, busy: bool) -> dict[str, list[float]]:
    """Return errors (s) of each direction's queueing: clock 3.7 s off and 20 ppm fast, uplink 80 % full."""
    errors: dict[str, list[float]] = {"forward": [], "backward": []}
    async with opened(path, packets=500, spacing="5ms", timeout_seconds=8.0) as probe:
        wrong = WrongTime(offset_seconds=3.7, drift=20e-6)
        with path.emulating(*LOADED) as truth, reflecting(path.far, FAR, wrong=wrong):
            async with busy_loop() if busy else nullcontext():
                for _ in range(4):
                    await probe.read()
    # The first train has no window behind it yet.
    for one_way, direction in zip(both_ways(truth), errors, strict=True):
        for found in probe.found[1:]:
            errors[direction] += queueing_errors(found, one_way, direction)[0]
    return errors


async def sending(targets: tuple[str, ...], packets: int) -> tuple[float, int]:
    """Return our CPU seconds for trains of 20/s to each target, and the packets of it."""
    context = make_context()
    probe = StampProbe(
        sdk.Assignment("bench", targets, 0.05, 10.0), StampProbe.settings_type(packets=packets)
    )
    await probe.open(context)
    began, reading = time.process_time(), None
    reading, *_ = await probe.read()
    spent = time.process_time() - began
    await probe.close()
    await context.shared.close()
    assert set(reading.outcomes) == {sdk.Outcome.OK}
    return spent, packets * len(targets)


def cost() -> None:
    """Measure what a packet costs at either end, paced and flat out, on loopback."""
    addresses = [f"127.0.0.{number}" for number in range(2, 52)]
    port = free_port(socket.SOCK_DGRAM)
    words = [word for address in addresses for word in ("--listen", f"{address}:{port}")]
    command = [sys.executable, "-P", "-m", "netmon", "reflector", *words]
    rates = ("--rate", "1000000", "--total-rate", "1000000")
    reflector = subprocess.Popen([*command, *rates], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.sched_setaffinity(reflector.pid, THEIRS)
    try:
        while b"for 127" not in (line := reflector.stderr.readline()):
            assert line, "the reflector ended at once"
        for count in (1, 50):
            targets = tuple(f"{address}:{port}" for address in addresses[:count])
            before = cpu_seconds(reflector.pid)
            runs = [asyncio.run(sending(targets, 60)) for _ in range(RUNS)]
            theirs = cpu_seconds(reflector.pid) - before
            each = [spent / sent * 1e6 for spent, sent in runs]
            note = f"{count} target(s), 20 packets a second each"
            report(
                BENCH, "cpu_us_per_packet", statistics.median(each), "us", runs=RUNS, note=f"sender, {note}"
            )
            reflected = theirs / sum(sent for _, sent in runs) * 1e6
            report(BENCH, "cpu_us_per_packet", reflected, "us", runs=RUNS, note=f"reflector, {note}")
        flood(reflector.pid, (addresses[0], port))
    finally:
        reflector.terminate()
        reflector.wait(10)
        reflector.stderr.close()


def flood(pid: int, address: tuple[str, int]) -> None:
    """Ask as fast as the reflector answers: eight requests are always under way."""
    before, answered, sequence = cpu_seconds(pid), 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.05)
        end = time.monotonic() + FLOOD_SECONDS
        for sequence in range(8):
            sock.sendto(encode_request(sequence, sequence + 1, 0x8001, 7), address)
        while time.monotonic() < end:
            try:
                sock.recv(200)
                answered += 1
            except TimeoutError:
                pass
            sequence += 1
            sock.sendto(encode_request(sequence, sequence + 1, 0x8001, 7), address)
    spent = cpu_seconds(pid) - before
    report(BENCH, "cpu_us_per_packet", spent / answered * 1e6, "us", note="reflector, flat out")
    report(BENCH, "packets_per_second", answered / spent, "1/s", note="reflector, per core, flat out")


def accuracy(path: EmulatedPath) -> None:
    """Measure against the referee."""
    for case in LOSSES:
        wrong, sent = asyncio.run(miscounted(path, case))
        report(
            BENCH, "miscounted", wrong, "packets",
            note=f"losses and copies by direction, {case}: {sent} packets sent", goal=0,
        )  # fmt: skip
    for busy in (False, True):
        state = "loop of both ends busy 5 ms in every 20" if busy else "quiet"
        runs = [asyncio.run(queueing(path, busy=busy)) for _ in range(RUNS)]
        for direction in ("forward", "backward"):
            found = [quantile(sorted(run[direction]), 0.99) * 1e6 for run in runs]
            middle = statistics.median(quantile(sorted(run[direction]), 0.5) * 1e6 for run in runs)
            report(
                BENCH, "queueing_error_p99_us", statistics.median(found), "us", runs=RUNS, goal=50,
                note=f"{direction}, {state}, clock 3.7 s off and 20 ppm fast; median error {middle:.1f} us",
            )  # fmt: skip


def main() -> None:
    os.sched_setaffinity(0, OURS)
    cost()
    with tempfile.TemporaryDirectory() as name, emulated_path(Path(name)) as path:
        accuracy(path)


if __name__ == "__main__":
    main()
