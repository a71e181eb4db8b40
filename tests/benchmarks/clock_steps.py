"""How long the event loop stands still when the clock is set, with calendar jobs armed and polls running.

One process for each scheduler, under a wall clock of its own: netmon's calendar behind its watch, and
APScheduler as it comes, whose loop the same steps block. The machine's own clock is not touched.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fakes.wallclock import WallClock

from netmon.clock import SystemClock
from netmon.schedule.calendar import Calendar
from netmon.schedule.clock_watch import ClockWatch
from netmon.schedule.ticker import Job, Ticker

YEAR_SECONDS = 31_557_600
STEPS = {"1 h": 3600, "30 d": 30 * 86_400, "10 y": 10 * YEAR_SECONDS}
PEER_STEPS = ("1 h", "30 d")
"""After ten years APScheduler's own jobs do not come back at all, and take 19 MB a second doing so."""
CALENDAR_JOBS = 100
PEER_JOBS = 1
POLLS = 20
SETTLE_SECONDS = 2.0
FLOOR_MS = 50
RUNS = 3


async def nothing() -> None:
    """Do what a calendar job does that has nothing to do."""


class Beat:
    """Comes back every millisecond, and keeps the longest that it had to wait."""

    def __init__(self) -> None:
        self.worst_ms = 0.0

    async def run(self) -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.001)
            now = time.monotonic()
            self.worst_ms = max(self.worst_ms, (now - before) * 1000)
            before = now


async def live(kind: str) -> None:
    """Run until standard input ends; answer each line with what was seen since the one before."""
    clock, beat, polls = SystemClock(), Beat(), [time.monotonic()]

    async def poll() -> None:
        polls.append(time.monotonic())

    async with Ticker(clock) as ticker:
        tasks = [asyncio.create_task(beat.run()), *(netmons(clock) if kind == "netmon" else peers())]
        ticker.add(Job("watched", 1.0, poll))
        for n in range(POLLS - 1):
            ticker.add(Job(f"poll-{n}", 1.0, nothing))
        while await asyncio.to_thread(sys.stdin.readline):
            gap = max(later - earlier for earlier, later in pairwise([*polls, time.monotonic()]))
            print(json.dumps([beat.worst_ms, gap]), flush=True)
            beat.worst_ms = 0.0
            del polls[:-1]
        for task in tasks:
            task.cancel()


def netmons(clock: SystemClock) -> list[asyncio.Task[None]]:
    """Start netmon's calendar, with as many jobs as a site of fifty circuits would have."""
    calendar, watch = Calendar(clock, "Europe/London"), ClockWatch(clock)
    watch.on_jump = calendar.rearm
    for n in range(CALENDAR_JOBS):
        calendar.add(f"job-{n}", f"{n % 60} */2 * * *", nothing, jitter_seconds=60)
    return [asyncio.create_task(calendar.run()), asyncio.create_task(watch.run())]


def peers() -> list[asyncio.Task[None]]:
    """Start APScheduler with an interval job, the usual way to poll with it."""
    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "misfire_grace_time": None})
    for n in range(PEER_JOBS):
        scheduler.add_job(nothing, "interval", seconds=1, id=f"job-{n}")
    scheduler.start()
    return []


def measure(kind: str, steps: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Return the longest standstill (ms) and the longest gap between polls (s) for each size of step."""
    with tempfile.TemporaryDirectory() as folder:
        wall = WallClock(Path(folder))
        process = subprocess.Popen(
            [sys.executable, __file__, kind],
            env={**os.environ, **wall.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        worst: dict[str, tuple[float, float]] = {}
        ask(process, SETTLE_SECONDS)
        for name, seconds in steps.items():
            for step in (seconds, -seconds, -seconds, seconds):
                wall.step(step)
                blocked, gap = ask(process, SETTLE_SECONDS)
                before = worst.get(name, (0.0, 0.0))
                worst[name] = (max(before[0], blocked), max(before[1], gap))
        process.kill()
        process.wait()
        wall.close()
        return worst


def ask(process: subprocess.Popen[str], after_seconds: float) -> tuple[float, float]:
    """Let it live for a while and return what it saw."""
    time.sleep(after_seconds)
    process.stdin.write("\n")
    process.stdin.flush()
    return tuple(json.loads(process.stdout.readline()))


def main() -> None:
    """Measure both, and print one line per number."""
    # A process each: after the first step back its job stands still, and then nothing blocks any more.
    peer = {name: measure("apscheduler", {name: STEPS[name]})[name] for name in PEER_STEPS}
    runs = [measure("netmon", STEPS) for _ in range(RUNS)]
    for name in STEPS:
        # What a step costs shows in every run; what else a machine does at the time, not in the quietest one.
        blocked = min(run[name][0] for run in runs)
        gap = max(run[name][1] for run in runs)
        row = {"bench": "clock_steps", "metric": "loop_blocked_ms", "value": round(blocked, 2), "unit": "ms"}
        row |= peer_of(peer.get(name), blocked)
        note = (
            f"steps of +-{name}, {CALENDAR_JOBS} calendar jobs, {POLLS} polls a second; floor {FLOOR_MS} ms"
        )
        print(json.dumps(row | {"runs": RUNS, "note": note}), flush=True)
        row = {
            "bench": "clock_steps",
            "metric": "poll_gap_intervals",
            "value": round(gap, 3),
            "unit": "intervals",
        }
        row |= {"peer": "own floor", "peer_value": 2, "ratio": round(2 / gap, 2)}
        print(json.dumps(row | {"runs": RUNS, "note": f"steps of +-{name}, polls every second"}), flush=True)


def peer_of(seen: tuple[float, float] | None, blocked: float) -> dict[str, object]:
    """Return what the same steps did to APScheduler, where it survives them."""
    if seen is None:
        return {"peer": "own floor", "peer_value": FLOOR_MS, "ratio": round(FLOOR_MS / blocked, 2)}
    return {
        "peer": f"APScheduler, {PEER_JOBS} interval job of 1 s",
        "peer_value": round(seen[0], 1),
        "ratio": round(seen[0] / blocked, 2),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(live(sys.argv[1]))
    else:
        main()
