"""What asking the recorded devices for everything costs: all collectors, every minute, for an hour.

The hour is simulated: the clock moves a minute between rounds, so that tables which are read hourly
count with their share. The devices' counters and uptimes move (recsim --drift). Store, exposition and
sinks are not part of it. Without the laboratory's recordings there is nothing to measure.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _snmp_lab import OURS, THEIRS, report, say
from fakes.context import FakeClock, make_context
from fakes.simagent import free_udp_port

from collectors.snmp.command import collectors
from netmon import sdk
from netmon.config.watch import DEFAULT_COLLECT
from netmon.hub import Hub
from netmon.runner import Runner

ROUNDS = 61
"""The first one finds out what the devices are, and is told apart."""
MINUTE = 60.0
GOAL_PERCENT = 3.0


@contextmanager
def devices(lab: Path) -> Iterator[list[sdk.Device]]:
    """Serve every recording at an address of its own."""
    port = free_udp_port()
    with tempfile.TemporaryDirectory() as folder:
        places = Path(folder, "map.json")
        program = [sys.executable, str(lab / "tools" / "recsim.py"), str(lab / "corpus" / "recordings")]
        options = ["--port", str(port), "--spread", "127.20.0.0", "--map", str(places), "--drift", "--quiet"]
        process = subprocess.Popen([*program, *options])
        os.sched_setaffinity(process.pid, THEIRS)
        try:
            for _ in range(600):
                if places.exists():
                    break
                time.sleep(0.1)
            credential = sdk.Credential("lab", sdk.SnmpVersion.V2C, sdk.SecretStr("public"))
            yield [
                sdk.Device(one["name"], one["address"], port, credential)
                for one in json.loads(places.read_text())
            ]
        finally:
            process.terminate()
            process.wait()


async def hour(found: list[sdk.Device]) -> tuple[float, list[float], dict[str, float]]:
    """Return CPU seconds of the first round, of each other one, and by collector."""
    clock = FakeClock()
    context = make_context(clock=clock)
    names, hub = ",".join(DEFAULT_COLLECT), Hub()
    runners = [
        Runner(source.assignment.name, source, hub)
        for device in found
        for source in collectors(names, device, 30.0)
    ]
    by_collector: dict[str, float] = defaultdict(float)
    rounds: list[float] = []
    for number in range(ROUNDS):
        began = time.process_time()
        for runner in runners:
            before = time.process_time()
            await runner.run(context)
            if number:
                by_collector[runner.source_name] += time.process_time() - before
        rounds.append(time.process_time() - began)
        clock.advance(MINUTE)
    for runner in runners:
        await runner.close()
    await context.shared.close()
    return rounds[0], rounds[1:], by_collector


def main() -> None:
    lab = os.environ.get("NETMON_LAB")
    if not lab:
        report("collectors_cost", "cpu_percent", None, "%", note="NETMON_LAB is not set: no recorded devices")
        return
    os.sched_setaffinity(0, OURS)
    with devices(Path(lab)) as found:
        first, rounds, by_collector = asyncio.run(hour(found))
    seconds = sum(rounds)
    percent = 100 * seconds / (len(rounds) * MINUTE)
    for name, spent in sorted(by_collector.items(), key=lambda item: -item[1]):
        say(f"{name:14} {spent / len(rounds) / len(found) * 1000:7.3f} ms per device and minute")
    say(f"first round {first:.2f} s, worst round {max(rounds):.2f} s, {len(found)} devices")
    report(
        "collectors_cost",
        "cpu_percent",
        round(percent, 2),
        "%",
        note=f"all collectors of {len(found)} recorded devices every minute; goal {GOAL_PERCENT:g} %",
    )


if __name__ == "__main__":
    main()
