"""Every method against the referee, 10 to 500 Mbit/s with 20 ms; 1000 Mbit/s behind the kernel's shaper.

Two truths: the rate that was set, and, where TCP was tested, what the referee let through meanwhile: on a
machine with other work it is the referee that cannot keep 500 Mbit/s.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import time

from _capacity_lab import CABLE_FAR, IP_OF_FRAME, served_cable, served_path, shape, true_megabits
from _results import report, say
from fakes.capacity import megabits, run_test
from fakes.referee import FAR

from netmon import sdk
from probes.bandwidth.measured import Ask, Direction

BENCH, RUNS = "bandwidth_accuracy", 3
RATES = (10, 50, 100, 500)
METHODS = ("ndt7", "http", "trains", "iperf3")
WRONG = {
    "1 % loss": "loss=1%",
    "slots of 5 ms": "slot=5ms",
    "15 of 50 Mbit/s taken by others": "xrate=15mbit",
}
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
    """Compare ndt7 with the stop rule with its own ten seconds: error, and share of the bytes."""
    for rate in (10, 100):
        words = f"delay=10ms,rate={rate}mbit,buf=50ms"
        for direction in Direction:
            with path.emulating(words, words, "--log-max", "1500000"):
                long = attempt(path.near, FAR, "ndt7", direction, 10.5, steady=False)
                short = attempt(path.near, FAR, "ndt7", direction)
            if long is None or short is None:
                continue
            note = f"ndt7 {direction}, {rate} Mbit/s: stopped when steady, beside its own 10 s"
            error = 100 * (megabits(short[0]) / megabits(long[0]) - 1)
            share = 100 * short[1].spent_bytes / long[1].spent_bytes
            report(BENCH, "steady_error_percent", error, "%", note=note, goal=2)
            report(BENCH, "steady_bytes_percent", share, "%", note=note, goal=15)


def wrong_conditions(path) -> None:
    """See what becomes of the figures where something is wrong with the line."""
    for name, fault in WRONG.items():
        words = f"delay=10ms,rate=50mbit,buf=50ms,{fault}"
        for kind in ("ndt7", "http", "trains"):
            with path.emulating(words, words):
                found = attempt(path.near, FAR, kind, Direction.DOWN, 6.0)
            value = None if found is None else megabits(found[0])
            report(BENCH, "mbit_per_second", value, "Mbit/s", note=f"{kind} down, 50 Mbit/s, {name}")


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
            steady_rule(path)
            wrong_conditions(path)
        finally:
            server.kill()
            server.wait()
    gigabit()


if __name__ == "__main__":
    main()
