"""Every method against the referee, 10 to 500 Mbit/s with 20 ms; 1000 Mbit/s behind the kernel's shaper.

Two truths: the rate that was set, and, where TCP was tested, what the referee let through meanwhile: on a
machine with other work it is the referee that cannot keep 500 Mbit/s.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from _capacity_lab import CABLE_FAR, IP_OF_FRAME, served_cable, served_path, shape, true_megabits
from _results import report, say
from fakes.capacity import PORT, TOKEN, megabits, run_test
from fakes.referee import FAR

from netmon import sdk
from probes.bandwidth.measured import Ask, Direction

BENCH, RUNS = "bandwidth_accuracy", 3
RATES = (10, 50, 100, 500)
METHODS = ("ndt7", "http", "trains", "iperf3")
CLIENT = Path(__file__).parents[1] / "tools" / "ndt7_client.cjs"
MODULES = os.environ.get("NETMON_NDT7_MODULES", "")
PLENTY = 10**11


def attempt(host, address, kind, direction, seconds=10.0, *, steady=True):
    """Test once; None with the reason told when it was refused."""
    ask = Ask(direction, seconds, 4, steady)
    try:
        return asyncio.run(run_test(host, address, kind, ask, PLENTY))
    except sdk.SourceError as error:
        say(f"{kind} {direction}: {error}")
        return None


def at_rate(path, rate: int) -> None:
    """Measure every method in both directions at one rate."""
    words = f"delay=10ms,rate={rate}mbit,buf=50ms"
    for kind in METHODS:
        for direction in Direction:
            errors, seen_errors, spent = [], [], []
            for _ in range(RUNS):
                with path.emulating(words, words, "--log-max", "1500000") as truth:
                    found = attempt(path.near, FAR, kind, direction, 4.0 if kind == "iperf3" else 10.0)
                if found is None:
                    continue
                measured, meter = found
                errors.append(100 * (megabits(measured) / rate - 1))
                spent.append(meter.spent_bytes / 1e6)
                seen = true_megabits(truth, measured, direction)
                seen_errors += [100 * (megabits(measured) / seen - 1)] if seen else []
            note = f"{kind} {direction}, {rate} Mbit/s"
            tell(errors, seen_errors, spent, note)


def tell(errors, seen_errors, spent, note: str) -> None:
    """Report the median of the runs' errors; the referee's own truth stands beside the rate that was set."""
    if not errors:
        report(BENCH, "error_percent", None, "%", note=f"{note}: refused", goal=1)
        return
    by_size = sorted(errors, key=abs)
    seen = f"; {statistics.median(seen_errors):+.2f} % of what the referee let through" if seen_errors else ""
    report(
        BENCH, "error_percent", by_size[len(by_size) // 2], "%", runs=len(errors), goal=1,
        note=f"{note}, {statistics.median(spent):.2f} MB{seen}",
    )  # fmt: skip


def steady_rule(path) -> None:
    """Compare ndt7 with the stop rule with the mean of its own ten seconds: error, and share of the bytes.

    The path is not the same twice where other work has the processors: what the referee let through in both
    windows is the difference that is there.
    """
    for rate in RATES:
        words = f"delay=10ms,rate={rate}mbit,buf=50ms"
        for direction in Direction:
            pairs = [pair for _ in range(RUNS) if (pair := steady_pair(path, words, direction)) is not None]
            if not pairs:
                continue
            note = f"ndt7 {direction}, {rate} Mbit/s: stopped when steady, beside its own 10 s"
            errors, true_errors, shares = (statistics.median(column) for column in zip(*pairs, strict=True))
            note_true = f"{note}; {true_errors:+.2f} % less the referee's own difference"
            report(BENCH, "steady_error_percent", errors, "%", runs=len(pairs), note=note_true, goal=2)
            report(BENCH, "steady_bytes_percent", shares, "%", runs=len(pairs), note=note, goal=15)


def steady_pair(path, words: str, direction: Direction) -> tuple[float, float, float] | None:
    """Return error, error less what the referee's rates differed by, and share of bytes, all in %."""
    found = []
    for steady in (False, True):
        with path.emulating(words, words, "--log-max", "1500000") as truth:
            tried = attempt(path.near, FAR, "ndt7", direction, 10.0, steady=steady)
        if tried is None:
            return None
        measured, meter = tried
        rate, seen = megabits(measured), true_megabits(truth, measured, direction)
        if not steady:
            mean = replace(measured, bits_per_second=8 * measured.curve.mean_bytes_per_second())
            rate, seen = megabits(mean), true_megabits(truth, measured, direction, whole=True)
        found.append((rate, seen, meter.spent_bytes))
    (long, long_seen, long_bytes), (short, short_seen, short_bytes) = found
    error = short / long - 1
    return 100 * error, 100 * (short / short_seen * long_seen / long - 1), 100 * short_bytes / long_bytes


def javascript(path, rate: int) -> None:
    """Let M-Lab's own client measure by our server: ten seconds each way, slow start included."""
    if not MODULES or shutil.which("node") is None:
        report(BENCH, "javascript_error_percent", None, "%", note="no node, or NETMON_NDT7_MODULES not set")
        return
    words = f"delay=10ms,rate={rate}mbit,buf=50ms"
    command = ["node", str(CLIENT), MODULES, "ws", f"{FAR}:{PORT}", TOKEN]
    with path.emulating(words, words, "--log-max", "3000000"):
        done = subprocess.run([*path.near.prefix, *command], stdout=subprocess.PIPE, check=False, timeout=60)
    said = json.loads(done.stdout)
    down = said["download"]["LastClientMeasurement"]["MeanClientMbps"]
    tcp = said["upload"]["LastServerMeasurement"]["TCPInfo"]
    for direction, payload in (("down", down), ("up", tcp["BytesReceived"] * 8 / tcp["ElapsedTime"])):
        error = 100 * (payload * 1500 / 1448 / rate - 1)
        note = f"@m-lab/ndt7 {direction} by our server, {rate} Mbit/s, mean of ten seconds"
        report(BENCH, "javascript_error_percent", error, "%", note=note)


def gigabit() -> None:
    """Measure behind tbf at 1000 Mbit/s."""
    with served_cable(offloads=False) as (near, far):
        where = shape(near, far, 1000, 10)
        server = subprocess.Popen([*far.prefix, "iperf3", "-s"], stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        try:
            for kind in METHODS:
                for direction in Direction:
                    found = [attempt(near, CABLE_FAR, kind, direction, 4.0) for _ in range(RUNS)]
                    good = [one for one in found if one is not None]
                    errors = [100 * (megabits(one) / (1000 * IP_OF_FRAME) - 1) for one, _ in good]
                    spent = [meter.spent_bytes / 1e6 for _, meter in good]
                    tell(errors, [], spent, f"{kind} {direction}, 1000 Mbit/s behind {where}")
        finally:
            server.kill()
            server.wait()


def main() -> None:
    with served_path() as (path, _folder):
        command = [*path.far.prefix, "iperf3", "-s"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            for rate in RATES:
                at_rate(path, rate)
                javascript(path, rate)
            steady_rule(path)
        finally:
            server.kill()
            server.wait()
    gigabit()


if __name__ == "__main__":
    main()
