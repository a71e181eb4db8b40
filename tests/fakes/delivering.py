"""A pump at work in a test: a sink, a history, little patience."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

from netmon.clock import Clock, SystemClock
from netmon.delivery.pacing import Patience
from netmon.delivery.pump import Pump
from netmon.delivery.sink import Sink
from netmon.store.interface import History

IMPATIENT = Patience(
    retry_first=0.01, retry_cap=0.05, parked_first=0.02, parked_cap=0.05, poll=0.02, settle=0.1
)


@asynccontextmanager
async def delivering(
    history: History,
    sink: Sink,
    clock: Clock | None = None,
    *,
    timeout_seconds: float = 60,
    **patience: float,
) -> AsyncIterator[Pump]:
    """Run a pump until the block ends."""
    pump = Pump(history, sink, clock or SystemClock(), replace(IMPATIENT, **patience), Random(1))
    task = asyncio.create_task(pump.run())
    try:
        async with asyncio.timeout(timeout_seconds):
            yield pump
    finally:
        task.cancel()
        await asyncio.wait([task])
    # A transport that was not closed would complain here, not in somebody else's test.
    gc.collect()


async def until(fact: Callable[[], bool]) -> None:
    """Wait for what happens in another task or process."""
    while not fact():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)
