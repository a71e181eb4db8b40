"""Run jobs that belong to a calendar; the door to APScheduler 3, which a step of the clock would upset."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from netmon.clock import Clock

_LONGEST_REPLAY = timedelta(hours=1)


class _NoReplay(CronTrigger):  # type: ignore[misc] # the library has no types
    """A cron trigger that never lists the runs missed in a gap.

    The stock triggers enumerate them one by one, also with coalesce: 10 jobs and a step of a year
    froze the loop for 55 s.
    """

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        if previous is not None and not timedelta(0) <= now - previous <= _LONGEST_REPLAY:
            previous = None
        following: datetime | None = super().get_next_fire_time(previous, now)
        if previous is not None and following is not None and _same_local_time(previous, following):
            # The hour that comes twice in autumn: a daily job has run in it already.
            following = super().get_next_fire_time(None, following.astimezone(UTC) + timedelta(seconds=1))
        return following


def _same_local_time(first: datetime, second: datetime) -> bool:
    return first.replace(tzinfo=None) == second.astimezone(first.tzinfo).replace(tzinfo=None)


class Calendar:
    """Cron-like jobs in a time zone; one instance of each, none lost to a short stall."""

    def __init__(self, clock: Clock, timezone: str = "UTC") -> None:
        self._clock = clock
        self._timezone = timezone
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def add(self, name: str, cron: str, run: Callable[[], Awaitable[None]], jitter_seconds: int = 0) -> None:
        """Run something at the times of a five-field cron expression, local to the calendar's time zone."""
        trigger = _NoReplay.from_crontab(cron, timezone=self._timezone)
        trigger.jitter = jitter_seconds or None
        self._scheduler.add_job(run, trigger, id=name, name=name)

    async def run(self) -> None:
        """Run the jobs until cancelled; whoever watches the clock calls `rearm` when it was set."""
        self._scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._scheduler.shutdown(wait=False)

    def rearm(self) -> None:
        """Compute every job's next time anew from now; nothing before `run`."""
        if not self._scheduler.running:
            return
        now = datetime.fromtimestamp(self._clock.wall_ns() / 1e9, UTC)
        # Paused, or each change would make the scheduler go through all jobs: 100 of them, 10 000 looks.
        self._scheduler.pause()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        self._scheduler.resume()

    def next_runs(self) -> dict[str, datetime]:
        """Return when each job runs next."""
        return {job.id: job.next_run_time for job in self._scheduler.get_jobs() if job.next_run_time}
