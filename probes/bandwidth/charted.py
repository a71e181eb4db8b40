"""The reading of the last tests: what is charted, a row for each direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netmon import sdk
from probes.bandwidth.cross import in_layer, most_of
from probes.bandwidth.latency import Latency, grade
from probes.bandwidth.layers import Layer
from probes.bandwidth.record import Subject, Test, carried_key

_BY_NAME = {
    (metric.name, dict(metric.labels).get("state", ""), dict(metric.labels).get("statistic", "")): metric
    for metric in sdk.BANDWIDTH_TEST_METRICS
}


@dataclass(slots=True)
class Charted:
    """Makes readings; keeps a target's shape for as long as its texts stay the same."""

    _shapes: dict[str, sdk.Shape] = field(default_factory=dict)

    def reading(
        self, target: str, subject: Subject, tests: Sequence[Test], idle: Latency | None
    ) -> sdk.Reading:
        """Return the rows of one target's tests, in the contract's layer (without one: IP)."""
        circuit = subject.circuit
        layer = Layer(circuit.rate_layer) if circuit is not None else Layer.IP
        how = (("method", subject.method), ("layer", layer))
        rows = tuple(_row(test, (*carried_key(test, subject), *how), tests, idle) for test in tests)
        shape = self._shapes.get(target)
        if shape is None or shape.rows != rows:
            shape = sdk.Shape(sdk.BANDWIDTH_TEST, sdk.BANDWIDTH_TEST_METRICS, rows, sdk.Retention.EVIDENCE)
            self._shapes[target] = shape
        values = [_values(test, layer, idle) for test in tests]
        columns = tuple([found.get(metric) for found in values] for metric in shape.metrics)
        return sdk.Reading(shape, tests[-1].stamp, columns, (sdk.Outcome.OK,) * len(tests))


def _row(test: Test, key: sdk.Labels, tests: Sequence[Test], idle: Latency | None) -> sdk.Row:
    loaded = [one.latency for one in tests if one.latency is not None]
    texts = [
        ("netmon_bandwidth_limited_by_info", str(test.finding.limited_by)),
        ("netmon_bandwidth_verdict_info", str(test.judged.verdict)),
    ]
    if idle is not None and loaded:
        texts.append(("netmon_bandwidth_bufferbloat_info", grade(idle, loaded)))
    return sdk.Row((*key, ("direction", test.direction)), texts=tuple(texts))


def _values(test: Test, layer: Layer, idle: Latency | None) -> Mapping[sdk.Metric, sdk.Value]:
    rate, judged, others = test.measured.rate(layer), test.judged, in_layer(test.others, layer)
    most = most_of(test.others, layer)
    found: dict[tuple[str, str, str], sdk.Value] = {
        ("netmon_bandwidth_bytes_per_second", "", ""): _octets(rate),
        ("netmon_bandwidth_test_bytes", "", ""): test.spent_bytes,
        ("netmon_bandwidth_test_duration_seconds", "", ""): test.measured.seconds,
        ("netmon_bandwidth_limited_by_info", "", ""): 1,
        ("netmon_bandwidth_verdict_info", "", ""): 1,
        ("netmon_bandwidth_cross_traffic_bytes_per_second", "", ""): _octets(others.low),
        ("netmon_bandwidth_cross_traffic_most_bytes_per_second", "", ""): _octets(most),
        ("netmon_bandwidth_carried_bytes_per_second", "", ""): _octets(judged.rate),
        ("netmon_bandwidth_delivered", "", ""): None if judged.delivered is None else int(judged.delivered),
        ("netmon_bandwidth_claimable", "", ""): int(test.claim is not None and test.claim.claimable),
        ("netmon_bandwidth_buffer_seconds", "", ""): test.buffer_seconds,
    }
    for state, latency in (("idle", idle), ("loaded", test.latency)):
        if latency is not None:
            found["netmon_bandwidth_rtt_seconds", state, "p50"] = latency.p50_seconds
            found["netmon_bandwidth_rtt_seconds", state, "p95"] = latency.p95_seconds
    if idle is not None and test.latency is not None:
        found["netmon_bandwidth_bufferbloat_info", "", ""] = 1
    return {_BY_NAME[name]: value for name, value in found.items()}


def _octets(rate: float | None) -> float | None:
    return None if rate is None else rate / 8
