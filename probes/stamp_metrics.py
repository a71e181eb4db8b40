"""What a STAMP train says: its declared metrics, and the story of its packets."""

from __future__ import annotations

from statistics import median_low

from netmon import sdk
from probes.stamp_delay import quantile
from probes.stamp_session import Found
from probes.timestamping import KERNEL_STAMPS
from probes.train import LOSS, RECEIVED, SENT

DIRECTIONS = ("forward", "backward")
LOST_FORWARD, LOST_BACKWARD, LOST_UNKNOWN = (
    sdk.integer(
        "netmon_stamp_lost_packets",
        "Packets of the last train that were lost in this direction, by the reflector's numbers: backward,"
        " replies to copies count too; unknown, no later reply could tell.",
        direction=direction,
    )
    for direction in ("forward", "backward", "unknown")
)
DUPLICATED_FORWARD, DUPLICATED_BACKWARD = (
    sdk.integer(
        "netmon_stamp_duplicated_packets",
        "Copies that came of the last train's packets in this direction.",
        direction=direction,
    )
    for direction in DIRECTIONS
)
REORDERED_FORWARD, REORDERED_BACKWARD = (
    sdk.integer(
        "netmon_stamp_reordered_packets",
        "Answered packets of the last train that a later one overtook in this direction (RFC 4737).",
        direction=direction,
    )
    for direction in DIRECTIONS
)

_STATS = {"min": 0.0, "p50": 0.5, "p95": 0.95, "p99": 0.99}
RTT = {
    share: sdk.gauge(
        "netmon_stamp_rtt_seconds",
        "Round trip of the train's packets, less the time inside the reflector.",
        stat=stat,
    )
    for stat, share in _STATS.items()
}
QUEUEING_FORWARD, QUEUEING_BACKWARD = (
    {
        share: sdk.gauge(
            "netmon_stamp_queueing_seconds",
            "Time that the train's packets waited in this direction, beyond the least of ten minutes.",
            direction=direction,
            stat=stat,
        )
        for stat, share in _STATS.items()
        if share
    }
    for direction in DIRECTIONS
)
ONE_WAY_FORWARD, ONE_WAY_BACKWARD = (
    sdk.gauge(
        "netmon_stamp_oneway_seconds",
        "Median delay in this direction by both clocks; not known unless it is above their error bound.",
        direction=direction,
    )
    for direction in DIRECTIONS
)
CLOCK_ERROR = sdk.gauge(
    "netmon_stamp_clock_error_seconds",
    "How far the two clocks may be apart by what both kernels say; not known while either is unsynchronised.",
)
CLOCK_DRIFT = sdk.gauge(
    "netmon_stamp_clock_drift_ratio",
    "Seconds that the reflector's clock gains on ours in a second; not known in the first minute.",
)
HOP_LIMIT_FORWARD, HOP_LIMIT_BACKWARD = (
    sdk.integer(
        "netmon_stamp_hop_limit",
        "TTL or hop limit that was left at the end of this direction, of the first packet answered.",
        direction=direction,
    )
    for direction in DIRECTIONS
)
REFLECTOR = sdk.info(
    "netmon_stamp_reflector_info",
    "What the reflector tells: counting (different requests, too), stateful (own numbers), or plain.",
    label="reflector",
)

OWN_METRICS = (
    *(SENT, RECEIVED, LOSS, LOST_FORWARD, LOST_BACKWARD, LOST_UNKNOWN),
    *(DUPLICATED_FORWARD, DUPLICATED_BACKWARD, REORDERED_FORWARD, REORDERED_BACKWARD),
    *RTT.values(),
    *QUEUEING_FORWARD.values(),
    *QUEUEING_BACKWARD.values(),
    *(ONE_WAY_FORWARD, ONE_WAY_BACKWARD, CLOCK_ERROR, CLOCK_DRIFT),
    *(HOP_LIMIT_FORWARD, HOP_LIMIT_BACKWARD, KERNEL_STAMPS, REFLECTOR),
)


def train_sample(found: Found) -> sdk.Sample:
    """Return a train's figures: OK when at least one reply came, else the network's reason."""
    answered = found.answered
    values: dict[sdk.Metric, sdk.Value] = {
        SENT: len(found.asked),
        RECEIVED: len(answered),
        LOSS: 1 - len(answered) / len(found.asked),
        LOST_FORWARD: found.account.lost.forward,
        LOST_BACKWARD: found.account.lost.backward,
        LOST_UNKNOWN: found.account.unknown,
    }
    if not answered:
        outcome = sdk.Outcome.TIMEOUT if found.error is None else found.error.outcome
        detail = str(found.error or f"none of {len(found.asked)} packets was answered")
        return sdk.Sample(values, outcome=outcome, detail=detail)
    values |= {
        DUPLICATED_FORWARD: found.account.duplicated.forward,
        DUPLICATED_BACKWARD: found.account.duplicated.backward,
        REORDERED_FORWARD: found.account.reordered.forward,
        REORDERED_BACKWARD: found.account.reordered.backward,
        HOP_LIMIT_FORWARD: next(asked.reply.request_hop_limit for asked in answered if asked.reply),
        HOP_LIMIT_BACKWARD: answered[0].hop_limit,
        KERNEL_STAMPS: int(found.kernel),
        **_delays(found),
        **_clocks(found),
    }
    return sdk.Sample(values, {REFLECTOR: reflector_kind(found)})


def reflector_kind(found: Found) -> str:
    """Return what the reflector has shown that it tells."""
    return "counting" if found.counting else "stateful" if found.stateful else "plain"


def _delays(found: Found) -> dict[sdk.Metric, sdk.Value]:
    trips = sorted(asked.delay.round_trip_ns / 1e9 for asked in found.asked if asked.delay is not None)
    values: dict[sdk.Metric, sdk.Value] = {metric: quantile(trips, share) for share, metric in RTT.items()}
    if found.queueing is not None:
        values[CLOCK_DRIFT] = found.queueing.known_drift_ratio
        for metrics, waits in (
            (QUEUEING_FORWARD, found.queueing.forward),
            (QUEUEING_BACKWARD, found.queueing.backward),
        ):
            ordered = sorted(waits)
            values |= {metric: quantile(ordered, share) for share, metric in metrics.items()}
    return values


def _clocks(found: Found) -> dict[sdk.Metric, sdk.Value]:
    """Return one-way delays as far as both clocks allow, and how far that is."""
    bound = clock_bound_seconds(found)
    delays = [asked.delay for asked in found.asked if asked.delay is not None]
    if bound is None or not delays:
        return {CLOCK_ERROR: bound}
    forward = median_low([delay.forward_ns for delay in delays]) / 1e9
    backward = median_low([delay.backward_ns for delay in delays]) / 1e9
    return {
        CLOCK_ERROR: bound,
        ONE_WAY_FORWARD: forward if forward > bound else None,
        ONE_WAY_BACKWARD: backward if backward > bound else None,
    }


def clock_bound_seconds(found: Found) -> float | None:
    """Return how far the two clocks may be apart; None when one of them cannot say."""
    own = found.own_error.bound_seconds
    others = [asked.reply.error.bound_seconds for asked in found.answered if asked.reply]
    known = [other for other in others if other is not None]
    return own + max(known) if own is not None and known and len(known) == len(others) else None
