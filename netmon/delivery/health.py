"""How delivery is doing, as samples for netmon's own metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netmon.delivery.pump import Pump, PumpState
from netmon.model import Labels, Metric, counter, gauge, integer, state

LAG = gauge("netmon_sink_lag_seconds", "Age of the oldest record that the sink has not taken; 0: it has all.")
QUEUED = integer(
    "netmon_sink_queued_records", "Records of the store that the sink has not taken yet, as far as known."
)
SENT = counter("netmon_sink_sent_lines_total", "Lines that the sink has taken since the start.")
RETRIED = counter("netmon_sink_retries_total", "Attempts that failed and were repeated since the start.")
QUARANTINED = counter(
    "netmon_sink_quarantined_lines_total", "Lines that the sink will never take, set aside in the store."
)
DROPPED = counter(
    "netmon_sink_dropped_records_total",
    "Records that left the store by age or size before the sink took them, since the start.",
)
LEFT_OUT = counter(
    "netmon_sink_left_out_values_total",
    "Values that the sink's format cannot hold, such as counters beyond 2^63.",
)
STATE = state(
    "netmon_sink_state",
    "1 for the state the sink is in: ok, retrying (itself) or parked (a person must act).",
)
DELIVERY_METRICS: tuple[Metric, ...] = (LAG, QUEUED, SENT, RETRIED, QUARANTINED, DROPPED, LEFT_OUT, STATE)


def pump_samples(pumps: Iterable[Pump]) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield the state of every sink."""
    for pump in pumps:
        sink = (("sink", pump.sink.name),)
        yield LAG, sink, pump.lag_seconds
        yield QUEUED, sink, pump.queued_records
        yield SENT, sink, pump.sent_total
        yield RETRIED, sink, pump.retried_total
        yield QUARANTINED, sink, pump.quarantined_total
        yield DROPPED, sink, pump.dropped_total
        yield LEFT_OUT, sink, pump.sink.left_out_total
        for one in PumpState:
            yield STATE, (*sink, ("state", one.value)), int(pump.state is one)
