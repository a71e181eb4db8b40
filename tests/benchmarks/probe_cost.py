"""What a probe costs: CPU of the whole ping probe, from its schedule to its reading, over the emulated path.

The far end and the path run on another core, so that only the near end is counted, its kernel's part included.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time

import _probe_peers as peers
from _probe_lab import path_with_services
from _results import OURS, report, say
from fakes.context import make_context
from fakes.referee import EmulatedPath, MANY

from netmon import sdk
from probes.icmp import IcmpProbe
from probes.icmp_socket import EchoSockets

BENCH = "probe_cost"
RUNS = 5
GOAL_US, GOAL_PER_SECOND, GOAL_CORE_PERCENT = 60, 30_000, 5


async def spread(targets: int, seconds: int) -> float:
    """Probe so many targets once a second; return CPU microseconds per probe."""
    context = make_context()
    addresses = tuple(f"{MANY}.{n // 250}.{n % 250 + 1}" for n in range(targets))
    probe = IcmpProbe(sdk.Assignment("bench", addresses, 1.0, 1.0), IcmpProbe.settings_type(packets=1))
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
