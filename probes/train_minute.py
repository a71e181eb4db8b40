"""A minute of trains to each target: its percentiles, delay variation, loss, call quality, and histograms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from netmon import sdk
from probes.call_quality import call_opinion, call_quality
from probes.delay_statistics import (
    Series,
    ipdv_seconds,
    longest_loss_packets,
    loss_interval,
    pdv_seconds,
    percentile,
    received,
    rtt_jitter_seconds,
)
from probes.echo import Echo

MINUTE, SMOKEPING = "train_minute", "smokeping"
_MINUTE_NS = 60_000_000_000
_RATIOS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def _statistics(name: str, help_text: str, names: Sequence[str]) -> dict[str, sdk.Metric]:
    return {one: sdk.gauge(name, help_text, statistic=one) for one in names}


RTT = _statistics(
    "netmon_train_rtt_seconds", "Round trips of the last minute's trains.", ("min", *_RATIOS, "max")
)
IPDV = _statistics(
    "netmon_train_ipdv_seconds",
    "Steps between round trips of packets that followed each other in the last minute (RFC 5481).",
    tuple(_RATIOS),
)
PDV = _statistics(
    "netmon_train_pdv_seconds",
    "Round trips of the last minute above the shortest of them (RFC 5481).",
    tuple(_RATIOS),
)
LOSS = _statistics(
    "netmon_train_loss_ratio",
    "Loss of the last minute, and the bounds of its 95 % confidence interval (Wilson).",
    ("mean", "low", "high"),
)
JITTER = sdk.gauge(
    "netmon_train_rtt_jitter_seconds", "Smoothed jitter of the last minute's round trips (RFC 3550)."
)
SENT = sdk.integer("netmon_train_packets_sent", "Packets of the last minute's trains.")
RECEIVED = sdk.integer("netmon_train_packets_received", "Packets of the last minute that were answered.")
LONGEST_LOSS = sdk.integer(
    "netmon_train_longest_loss_packets", "Most packets in a row that were lost in the last minute."
)
MOS = sdk.gauge(
    "netmon_train_mos",
    "Opinion score, 1 to 4.5, of a G.711 call over this path, estimated from the last minute (ITU-T G.107).",
)
CALLS = sdk.state(
    "netmon_train_call_quality",
    "0 good: time < 60 ms, jitter < 15 ms, loss < 0.1 %; 2 poor: from 100 ms, 30 ms or surely 1 %; 1 fair.",
)
MINUTE_METRICS = (
    *RTT.values(), *IPDV.values(), *PDV.values(), *LOSS.values(),
    JITTER, SENT, RECEIVED, LONGEST_LOSS, MOS, CALLS,
)  # fmt: skip

BOUNDS_SECONDS = tuple(5e-05 * 2**n for n in range(20))
"""smokeping_prober's buckets."""
_DURATION = "smokeping_response_duration_seconds"
_DURATION_HELP = "Round trips since the start; the rest of the requests was lost."
REQUESTS = sdk.counter("smokeping_requests_total", "Requests since the start.")
FURTHER = sdk.counter(
    "smokeping_response_duplicates_total", "Further replies to the same request since the start."
)
TTL = sdk.integer("smokeping_response_ttl", "TTL or hop limit that the last reply came with.")
SEND_ERRORS = sdk.counter("smokeping_send_errors_total", "Requests since the start that could not be sent.")
RECEIVE_ERRORS = sdk.counter(
    "smokeping_receive_errors_total", "Requests since the start that the network or the far end refused."
)
BUCKETS = tuple(
    sdk.Metric(
        f"{_DURATION}_bucket", _DURATION_HELP, sdk.Kind.HISTOGRAM, sdk.Number.INTEGER, (("le", bound),)
    )
    for bound in (*(f"{bound:g}" for bound in BOUNDS_SECONDS), "+Inf")
)
SUM = sdk.Metric(f"{_DURATION}_sum", _DURATION_HELP, sdk.Kind.COUNTER)
COUNT = sdk.counter(f"{_DURATION}_count", _DURATION_HELP)
SMOKEPING_METRICS = (REQUESTS, FURTHER, *BUCKETS, SUM, COUNT, TTL, SEND_ERRORS, RECEIVE_ERRORS)

FURTHER_METRICS = {MINUTE: MINUTE_METRICS, SMOKEPING: SMOKEPING_METRICS}


@dataclass(slots=True)
class _Target:
    """What is known of one target: the minute's series, and everything since the start."""

    series: list[float | None] = field(default_factory=list)
    further_total: int = 0
    requests_total: int = 0
    sum_seconds: float = 0.0
    send_errors_total: int = 0
    receive_errors_total: int = 0
    hop_limit: int | None = None
    labels: sdk.Labels = ()
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))


class TrainBook:
    """Keeps the trains of one probe, and says once a minute what they were like."""

    def __init__(self, key: Callable[[str], sdk.Labels], every_seconds: float) -> None:
        self._key = key
        self._every_ns = round(every_seconds * 1e9)
        self._targets: dict[str, _Target] = {}
        self._began_ns = 0
        self._shapes: dict[str, sdk.Shape] = {}

    def note(self, target: str, echoes: Sequence[Echo], labels: sdk.Labels = ()) -> None:
        """Take a train; `labels` are shown beside the key of what is known since the start."""
        kept = self._targets.setdefault(target, _Target())
        kept.labels = labels
        for echo in echoes:
            trip = echo.round_trip
            kept.series.append(None if trip is None else trip.seconds)
            kept.further_total += echo.duplicates
            if echo.reply is not None:
                kept.hop_limit = echo.reply.hop_limit
            elif echo.error is not None:
                kept.send_errors_total += echo.departure is None
                kept.receive_errors_total += echo.departure is not None
            if trip is not None:
                kept.buckets[bisect_left(BOUNDS_SECONDS, trip.seconds)] += 1
                kept.sum_seconds += trip.seconds
        kept.requests_total += len(echoes)

    def readings(self, stamp: sdk.Stamp, outcomes: Mapping[str, sdk.Outcome]) -> list[sdk.Reading]:
        """Return the minute's readings with the last train that began in it (`stamp`); else nothing.

        `outcomes` are those of that train by target: a minute's row must not say that a dead one answers.
        """
        now_ns = stamp.boottime_ns
        self._began_ns = self._began_ns or now_ns
        if now_ns // _MINUTE_NS == (now_ns + self._every_ns) // _MINUTE_NS or not self._targets:
            return []
        named = sorted(self._targets.items())
        whole = self._began_ns // _MINUTE_NS < now_ns // _MINUTE_NS
        if not whole and self._began_ns % _MINUTE_NS > self._every_ns:
            return self._forget()  # it began in the middle of this minute
        found = [
            self._reading(
                MINUTE, stamp, outcomes, {name: minute_values(kept.series) for name, kept in named}
            ),
            self._reading(SMOKEPING, stamp, outcomes, {name: _totals(kept) for name, kept in named}),
        ]
        self._forget()
        return found

    def _forget(self) -> list[sdk.Reading]:
        for kept in self._targets.values():
            kept.series.clear()
        return []

    def _reading(
        self,
        measurement: str,
        stamp: sdk.Stamp,
        outcomes: Mapping[str, sdk.Outcome],
        rows: Mapping[str, Mapping[sdk.Metric, sdk.Value]],
    ) -> sdk.Reading:
        metrics, shape = FURTHER_METRICS[measurement], self._shapes.get(measurement)
        shown = tuple(
            sdk.Row(self._key(target), self._targets[target].labels if measurement == SMOKEPING else ())
            for target in rows
        )
        if shape is None or shape.rows != shown:
            shape = self._shapes[measurement] = sdk.Shape(measurement, metrics, shown)
        columns = tuple([values.get(metric) for values in rows.values()] for metric in metrics)
        epochs = (self._began_ns,) * len(rows) if measurement == SMOKEPING else ()
        return sdk.Reading(shape, stamp, columns, tuple(outcomes[target] for target in rows), epochs)


def minute_values(series: Series) -> dict[sdk.Metric, sdk.Value]:
    """Return the figures of a minute; those of round trips are absent when none came back."""
    delays = received(series)
    lost = len(series) - len(delays)
    values: dict[sdk.Metric, sdk.Value] = {SENT: len(series), RECEIVED: len(delays)}
    if not series:
        return values
    low, high = loss_interval(lost, len(series))
    ratio = lost / len(series)
    values |= {LOSS["mean"]: ratio, LOSS["low"]: low, LOSS["high"]: high}
    values[LONGEST_LOSS] = longest_loss_packets(series)
    for metrics, found in ((RTT, delays), (IPDV, ipdv_seconds(series)), (PDV, pdv_seconds(series))):
        values |= {metrics[name]: percentile(found, share) for name, share in _RATIOS.items()}
    jitter, middle = rtt_jitter_seconds(series), percentile(delays, 0.5)
    values |= {RTT["min"]: min(delays, default=None), RTT["max"]: max(delays, default=None), JITTER: jitter}
    if jitter is not None and middle is not None:
        values[MOS] = call_opinion(middle, jitter, ratio)
        values[CALLS] = int(call_quality(middle, jitter, ratio, low))
    return values


def _totals(kept: _Target) -> dict[sdk.Metric, sdk.Value]:
    counts = list(accumulate(kept.buckets))
    totals: dict[sdk.Metric, sdk.Value] = dict(zip(BUCKETS, counts, strict=True))
    more: dict[sdk.Metric, sdk.Value] = {REQUESTS: kept.requests_total, FURTHER: kept.further_total}
    more |= {SEND_ERRORS: kept.send_errors_total, RECEIVE_ERRORS: kept.receive_errors_total}
    more[TTL] = kept.hop_limit
    return totals | more | {SUM: kept.sum_seconds, COUNT: counts[-1]}
