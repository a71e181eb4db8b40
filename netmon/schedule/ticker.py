"""Run jobs at fixed intervals by the monotonic clock, which nobody can set.

APScheduler is not used for this: after a step of the wall clock by -1 h its interval jobs stand
still, and after +30 days one 1 s job blocks the loop for seconds while it lists the missed runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import TracebackType
from typing import Self

from netmon.clock import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to run every so often.

    Jobs with the same `burst` (not empty) and interval share a phase and so run together.
    """

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[None]]
    burst: str = ""


@dataclass(slots=True)
class JobState:
    """How a job is doing."""

    job: Job
    runs_total: int = 0
    overruns_total: int = 0
    running: bool = False
    wanted: asyncio.Event | None = None
    task: asyncio.Task[None] | None = None


def phase_seconds(name: str, every_seconds: float) -> float:
    """Return where in the interval a job of this name runs: the same on every start and machine."""
    digest = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
    return digest / 2**64 * every_seconds


class Ticker:
    """Runs each job in a task of its own: one instance, no catching up, overruns counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._states: dict[str, JobState] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._started = clock.monotonic()

    @property
    def states(self) -> Sequence[JobState]:
        """All jobs, in the order they were added."""
        return tuple(self._states.values())

    async def __aenter__(self) -> Self:
        """Begin; jobs may be added now."""
        self._tasks = await asyncio.TaskGroup().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel all jobs. A job that raised ends the block: it is a defect of netmon's own."""
        tasks, self._tasks = self._tasks, None
        for state in self._states.values():
            if state.task is not None:
                state.task.cancel()
        self._states.clear()
        if tasks is not None:
            await tasks.__aexit__(kind, error, trace)

    def add(self, job: Job) -> None:
        """Start a job; its first run comes soon (within a tenth of its interval, 2 s at most)."""
        if self._tasks is None:
            raise RuntimeError("the ticker is not running")
        if job.name in self._states:
            raise ValueError(f"a job is called {job.name!r} already")
        state = JobState(job, wanted=asyncio.Event())
        self._states[job.name] = state
        state.task = self._tasks.create_task(self._repeat(state), name=f"job {job.name}")

    async def remove(self, name: str) -> None:
        """Stop a job; a run under way is cancelled."""
        state = self._states.pop(name)
        if state.task is not None:
            state.task.cancel()
            await asyncio.wait([state.task])

    def run_now(self, name: str) -> bool:
        """Run a job at once; when it is running, once more after that. False: there is no such job."""
        state = self._states.get(name)
        if state is None or state.wanted is None:
            return False
        state.wanted.set()
        return True

    async def _repeat(self, state: JobState) -> None:
        every = state.job.every_seconds
        phase = phase_seconds(state.job.burst or state.job.name, every)
        # The first runs come soon and apart, also those of a burst: everything is new at a start.
        await asyncio.sleep(phase_seconds(state.job.name, min(2.0, every / 10)))
        await self._run_once(state)
        slot = self._slot(phase, every)
        while True:
            if await self._wait(state, self._started + phase + (slot + 1) * every):
                await self._run_once(state)
                continue
            await self._run_once(state)
            now_slot = self._slot(phase, every)
            if now_slot > slot + 1:
                state.overruns_total += now_slot - slot - 1
            slot = max(now_slot, slot + 1)

    def _slot(self, phase: float, every: float) -> int:
        return int((self._clock.monotonic() - self._started - phase) // every)

    async def _wait(self, state: JobState, until: float) -> bool:
        """Wait for a moment; True when somebody wants the job to run before it."""
        wanted = state.wanted
        if wanted is None:
            return False
        try:
            async with asyncio.timeout(max(0.0, until - self._clock.monotonic())):
                await wanted.wait()
        except TimeoutError:
            return False
        return True

    @staticmethod
    async def _run_once(state: JobState) -> None:
        if state.wanted is not None:
            state.wanted.clear()
        state.running = True
        try:
            await state.job.run()
        finally:
            state.running = False
            state.runs_total += 1
