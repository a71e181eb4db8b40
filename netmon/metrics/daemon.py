"""What the daemon says about itself: declarations, and where each number is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from platform import python_version

from netmon.hub import Hub
from netmon.metrics.own import OwnSample
from netmon.metrics.series_budget import SeriesBudget
from netmon.model import Metric, counter, gauge, info, integer, state
from netmon.schedule.ticker import JobState

BUILD = info("netmon_build_info", "Version of netmon and of the Python that runs it.")
RELOAD_SUCCESSFUL = state(
    "netmon_config_last_reload_successful",
    "1 when the newest configuration is the one in use, 0 when it has mistakes and the old one runs on.",
)
RELOAD_TIME = gauge(
    "netmon_config_last_reload_success_timestamp_seconds",
    "Unix time at which the configuration in use was read.",
)
LOOP_LAG = gauge("netmon_event_loop_lag_seconds", "How late the event loop was at its last beat.")
LOOP_LAG_MAX = gauge(
    "netmon_event_loop_lag_max_seconds", "The latest the event loop has been since the start."
)
CLOCK_STEPS = counter(
    "netmon_clock_steps_total", "Times the wall clock was set, by more than half a second, since the start."
)
JOB_RUNS = counter("netmon_job_runs_total", "Runs of all jobs since the start.")
JOB_OVERRUNS = counter("netmon_job_overruns_total", "Runs left out because the one before had not ended.")
JOBS_RUNNING = integer("netmon_jobs_running", "Jobs that run at this moment.")
RECORDS = counter("netmon_hub_records_total", "Readings, facts and events handed to the subscribers.")
FAILURES = counter(
    "netmon_subscriber_failures_total", "Times a subscriber raised an error: a defect of netmon."
)
SERIES = integer("netmon_exposition_series", "Series of devices and probes that a scrape can show now.")
LEFT_OUT = integer(
    "netmon_exposition_left_out_series",
    "Series left out of scrapes because there would be more than `max_series`; the log names their sources.",
)
REFUSALS = counter(
    "netmon_exposition_refusals_total", "Readings left out of scrapes because of `max_series`."
)
DAEMON_METRICS: tuple[Metric, ...] = (
    BUILD, RELOAD_SUCCESSFUL, RELOAD_TIME, LOOP_LAG, LOOP_LAG_MAX,
    CLOCK_STEPS, JOB_RUNS, JOB_OVERRUNS, JOBS_RUNNING, RECORDS, FAILURES,
    SERIES, LEFT_OUT, REFUSALS,
)  # fmt: skip


def build_samples(version: str) -> Iterator[OwnSample]:
    """Yield which netmon this is."""
    yield BUILD, (("version", version), ("pythonversion", python_version())), 1


def hub_samples(hub: Hub) -> Iterator[OwnSample]:
    """Yield how much has passed through the hub."""
    yield RECORDS, (), hub.records_total
    for subscriber, failures in hub.failures_total.items():
        yield FAILURES, (("subscriber", subscriber),), failures


def exposition_samples(budget: SeriesBudget) -> Iterator[OwnSample]:
    """Yield how many series a scrape can show, and what it leaves out."""
    yield SERIES, (), budget.claimed
    yield LEFT_OUT, (), budget.left_out
    yield REFUSALS, (), budget.refusals_total


def job_samples(states: Sequence[JobState]) -> Iterator[OwnSample]:
    """Yield sums over all jobs; `netmon_run_duration_seconds` has each source's own."""
    yield JOB_RUNS, (), sum(job.runs_total for job in states)
    yield JOB_OVERRUNS, (), sum(job.overruns_total for job in states)
    yield JOBS_RUNNING, (), sum(job.running for job in states)
