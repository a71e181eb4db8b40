"""How delivery is doing, as samples for netmon's own metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netmon.delivery.courier import PumpState
from netmon.delivery.pump import Pump
from netmon.model import Labels, Metric, counter, gauge, integer, state

LAG = gauge("netmon_sink_lag_seconds", "Age of the oldest record that the sink has not taken; 0: it has all.")
QUEUED = integer(
    "netmon_sink_queued_records", "Records of the store that the sink has not taken yet, as far as known."
)
HELD = integer(
    "netmon_sink_held_records",
    "Records among those queued that wait for this machine's clock to be synchronised.",
)
SENT = counter("netmon_sink_sent_lines_total", "Lines that the sink has taken since the start.")
RETRIED = counter("netmon_sink_retries_total", "Attempts that failed and were repeated since the start.")
QUARANTINED = counter(
    "netmon_sink_quarantined_lines_total", "Lines that the sink will never take, set aside in the store."
)
OUTDATED = counter(
    "netmon_sink_outdated_lines_total",
    "Lines refused because they came late: too old for the receiver, or out of their series' order.",
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
    "1 for the state the sink is in: ok, retrying (itself), parked (a person must act) "
    "or held (data wait for this machine's clock).",
)
DELIVERY_METRICS: tuple[Metric, ...] = (
    LAG,
    QUEUED,
    HELD,
    SENT,
    RETRIED,
    QUARANTINED,
    OUTDATED,
    DROPPED,
    LEFT_OUT,
    STATE,
)


def pump_samples(pumps: Iterable[Pump]) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield the state of every sink."""
    for pump in pumps:
        sink = (("sink", pump.sink.name),)
        yield LAG, sink, pump.lag_seconds
        yield QUEUED, sink, pump.queued_records
        yield HELD, sink, pump.held_records
        yield SENT, sink, pump.courier.sent_total
        yield RETRIED, sink, pump.courier.retried_total
        yield QUARANTINED, sink, pump.courier.quarantined_total
        for reason, lines in pump.courier.outdated_total.items():
            yield OUTDATED, (*sink, ("reason", reason)), lines
        yield DROPPED, sink, pump.dropped_total
        yield LEFT_OUT, sink, pump.sink.left_out_total
        for one in PumpState:
            yield STATE, (*sink, ("state", one.value)), int(pump.state is one)
