"""A context for one run from the command line, made of the daemon's own parts, without the daemon."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from netmon.clock import SystemClock
from netmon.latest import Latest
from netmon.ledger import MonthlyLedger
from netmon.resolver import CachingResolver
from netmon.sdk import Circuit, Context, no_trace
from netmon.shared import Loads, SharedThings, Slot
from netmon.store.folder import state_directory


@asynccontextmanager
async def standalone(
    trace: Callable[[str], None] = no_trace, site: str = "", circuits: Mapping[str, Circuit] | None = None
) -> AsyncIterator[Context]:
    """Give a context; close what was opened through it. Nothing is kept, and nobody has a byte cap."""
    clock = SystemClock()
    shared, resolver = SharedThings(clock), CachingResolver(clock)
    try:
        yield Context(
            site=site,
            clock=clock,
            resolver=resolver,
            latest=Latest(),
            ledger=MonthlyLedger(clock, {}),
            exclusive=Slot(),
            shared=shared,
            run_now=lambda _name: False,
            loads=Loads(clock),
            circuits=circuits or {},
            trace=trace,
            state_folder=state_directory(),
        )
    finally:
        await shared.close()
