"""How telling is doing, as samples for netmon's own metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netmon.delivery.courier import PumpState
from netmon.model import Labels, Metric, counter, gauge, integer, state
from netmon.notices.heartbeat import Heartbeat
from netmon.notices.lane import Lane
from netmon.notices.trial import Result

LAG = gauge("netmon_notify_lag_seconds", "For how long the message being sent has waited; 0: none is.")
OPEN = integer("netmon_notify_open", "Things in trouble that the receiver knows of.")
SENT = counter("netmon_notify_sent_total", "Messages that the channel took since the start.")
RETRIED = counter("netmon_notify_retries_total", "Attempts that failed and were repeated since the start.")
REFUSED = counter("netmon_notify_refused_total", "Messages that the channel will never take.")
HELD = counter(
    "netmon_notify_held_total", "Messages beyond the day's budget since the start: told in a summary only."
)
MISSING = counter(
    "netmon_notify_receipts_missing_total",
    "Messages that were taken, and that nobody confirmed in time, or that failed on their way.",
)
STATE = state(
    "netmon_notify_state",
    "1 for the state the channel is in: ok, retrying (itself) or parked (a person must act).",
)
TEST = state("netmon_notify_test_success", "1 when the channel's last test was delivered, 0 when it was not.")
TEST_TIME = gauge("netmon_notify_test_timestamp_seconds", "Unix time of the channel's last test.")
BEAT_TIME = gauge("netmon_heartbeat_timestamp_seconds", "Unix time of the last heartbeat that arrived.")
BEATS_MISSED = counter("netmon_heartbeats_missed_total", "Heartbeats that did not arrive since the start.")
NOTICE_METRICS: tuple[Metric, ...] = (
    LAG, OPEN, SENT, RETRIED, REFUSED, HELD, MISSING, STATE, TEST, TEST_TIME, BEAT_TIME, BEATS_MISSED,
)  # fmt: skip

_STATES = (PumpState.OK, PumpState.RETRYING, PumpState.PARKED)


def lane_samples(lanes: Iterable[Lane]) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield the state of every lane; one that stands in for another is a channel of its own here."""
    for lane in lanes:
        labels = (("channel", lane.name),)
        yield LAG, labels, lane.lag_seconds
        yield OPEN, labels, lane.state.goes_on
        yield SENT, labels, lane.postman.sent_total
        yield RETRIED, labels, lane.postman.retried_total
        yield REFUSED, labels, lane.postman.refused_total
        yield HELD, labels, lane.held_total
        yield MISSING, labels, lane.receipts.missing_total
        for one in _STATES:
            yield STATE, (*labels, ("state", one.value)), int(lane.postman.state is one)


def trial_samples(
    results: Mapping[str, Result], tested_seconds: float
) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield how the last tests went."""
    for name, result in results.items():
        yield TEST, (("channel", name),), int(result.ok)
        yield TEST_TIME, (("channel", name),), tested_seconds


def heartbeat_samples(heartbeats: Iterable[Heartbeat]) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield how heartbeats are doing."""
    for one in heartbeats:
        labels = (("channel", one.channel.name),)
        yield BEATS_MISSED, labels, one.missed_total
        if one.last_seconds:
            yield BEAT_TIME, labels, one.last_seconds
