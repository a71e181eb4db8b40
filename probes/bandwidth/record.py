"""What a test leaves behind: one event with every input of its verdict, and the reading that is charted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from netmon import sdk
from probes.bandwidth import told
from probes.bandwidth.claim import Claim
from probes.bandwidth.cross import Others, most_of
from probes.bandwidth.judge import Judged, Verdict
from probes.bandwidth.latency import Latency
from probes.bandwidth.layers import Layer
from probes.bandwidth.limits import Finding, LimitedBy
from probes.bandwidth.measured import Direction, Measured
from probes.bandwidth.passive import PROOF_RATIO, Minute
from probes.bandwidth.place import AGENT
from probes.bandwidth.witness import HostState, described

_DIGITS = 4
_NOTHING_FOUND = Finding(LimitedBy.UNKNOWN, "not looked into")
_NOT_JUDGED = Judged(Verdict.INVALID, "not judged")
_NOBODY_COUNTED = Others(problem="nobody counted")


@dataclass(frozen=True, slots=True)
class Test:
    """One direction of one test, finished."""

    direction: Direction
    measured: Measured
    host: HostState
    spent_bytes: int
    stamp: sdk.Stamp
    finding: Finding = _NOTHING_FOUND
    latency: Latency | None = None
    buffer_seconds: float | None = None
    buffer_full: bool | None = None
    instrument: sdk.Json = None
    others: Others = _NOBODY_COUNTED
    judged: Judged = _NOT_JUDGED
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record is about: whose test, by which method, of which circuit, and why it was due.

    `plan` is the planned moment that it belongs to; empty for a test that was not planned.
    """

    key: sdk.Labels
    method: str
    circuit: sdk.Circuit | None = None
    plan: Mapping[str, sdk.Json] = field(default_factory=dict)


def event(test: Test, subject: Subject, idle: Latency | None) -> sdk.Event:
    """Return the evidence of a test."""
    measured, method, circuit = test.measured, subject.method, subject.circuit
    data: dict[str, sdk.Json] = {
        "method": method,
        "plan": dict(subject.plan) or None,
        **verdict(test, circuit),
        "direction": test.direction,
        "server": measured.server,
        "refused": None,
        "seconds": round(measured.seconds, _DIGITS),
        "spent_bytes": test.spent_bytes,
        "stopped_by": measured.stop,
        "peak": measured.peak,
        "uncertainty_ratio": measured.uncertainty_ratio,
        **told.rates(measured),
        "curve": told.curve(measured),
        "tcp": asdict(measured.flow) if measured.flow else None,
        "tcp_info": told.trace(measured),
        "far_end": dict(measured.far_record),
        "host": described(test.host),
        "instrument": test.instrument,
        "limited_by": test.finding.limited_by,
        "limited_by_reason": test.finding.reason,
        **waits(test, idle),
        "contract": contract(circuit, test.direction),
        "clock": clock(test),
        "software": AGENT,
        "details": dict(measured.details),
    }
    return sdk.Event(
        "bandwidth_test",
        carried_key(test, subject),
        words(test, method),
        test.stamp,
        data,
        sdk.Retention.EVIDENCE,
    )


def waits(test: Test, idle: Latency | None) -> dict[str, sdk.Json]:
    """Return the latency before and beside the load, and what waited in a queue."""
    return {
        "idle_latency": asdict(idle) if idle else None,
        "loaded_latency": asdict(test.latency) if test.latency else None,
        "buffer_seconds": test.buffer_seconds,
        "buffer_full": test.buffer_full,
    }


def carried_key(test: Test, subject: Subject) -> sdk.Labels:
    """Return what a test is about, with its circuit where that circuit's WAN port has counted it."""
    circuit = subject.circuit
    if circuit is None or test.others.low is None or "circuit" in dict(subject.key):
        return subject.key
    return (*subject.key, ("circuit", circuit.id))


def refusal(
    decision: str, reason: str, subject: Subject, stamp: sdk.Stamp, reading: float | None = None
) -> sdk.Event:
    """Return the record of a test that did not take place, or found nothing.

    `reading` is what decided, where it was a rate: bit/s of the line's use.
    """
    data: dict[str, sdk.Json] = {
        "method": subject.method,
        "plan": dict(subject.plan) or None,
        "refused": reason,
        "decision": decision,
        "reading_bits_per_second": None if reading is None else round(reading),
        "software": AGENT,
    }
    text = f"{subject.method}: no test: {reason}"
    return sdk.Event("bandwidth_test", subject.key, text, stamp, data, sdk.Retention.EVIDENCE)


def verdict(test: Test, circuit: sdk.Circuit | None) -> dict[str, sdk.Json]:
    """Return what the test proves, and what others had: bit/s of IP, seconds since the test began."""
    judged, others, claimed = test.judged, test.others, test.claim
    return {
        "verdict": judged.verdict,
        "verdict_reason": judged.reason,
        "carried_bits_per_second": None if judged.rate is None else round(judged.rate),
        "carried_layer": Layer(circuit.rate_layer) if circuit is not None else Layer.L2,
        "delivered": judged.delivered,
        "claimable": claimed.claimable if claimed else None,
        "claimable_reason": claimed.reason if claimed else None,
        "doubt": judged.doubt or None,
        "error_ratio": judged.error_ratio,
        "cross_bits_per_second": {str(layer): most_of(others, layer) for layer in Layer},
        "others": {
            "least_bits_per_second": others.low,
            "most_bits_per_second": others.high,
            "before_bits_per_second": others.before,
            "packet_bytes": others.packet_bytes,
            "window_seconds": others.window_seconds,
            "wan_ip_bytes": others.wan_bytes,
            "test_ip_bytes": others.test_bytes,
            "problem": others.problem or None,
        },
        "wan_counts": [
            [round((one.time_ns - test.stamp.boottime_ns) / 1e9, _DIGITS), one.octets, one.packets]
            for one in others.counts
        ],
    }


def clock(test: Test) -> sdk.Json:
    """Return when the test began by each clock, and whether they were to be trusted."""
    return {
        "boot_id": test.stamp.boot_id,
        "boottime_ns": test.stamp.boottime_ns,
        "wall_ms": test.stamp.wall_ms,
        "synchronised": test.stamp.synced,
        "max_error_seconds": test.host.clock_max_error_seconds,
    }


def passive_event(
    minute: Minute, key: sdk.Labels, circuit: sdk.Circuit, stamp: sdk.Stamp
) -> sdk.Event | None:
    """Return the evidence of a minute that proves delivery; None for one that does not."""
    layer, bought = Layer(circuit.rate_layer), bought_rate(circuit, minute.direction)
    if bought is None or minute.rate(layer) < PROOF_RATIO * bought:
        return None
    data: dict[str, sdk.Json] = {
        "method": "passive",
        "direction": minute.direction,
        "refused": None,
        "seconds": minute.seconds,
        "spent_bytes": 0,
        "counted_layer": Layer.L2,
        "bits_per_second": {str(one): round(minute.rate(one)) for one in Layer},
        "packet_bytes": {str(one): round(minute.packet.size_bytes(one), 2) for one in Layer},
        "contract": contract(circuit, minute.direction),
        "software": AGENT,
    }
    text = f"{minute.direction}: the router counted {minute.rate(layer) / 1e6:.2f} Mbit/s ({layer})"
    return sdk.Event("bandwidth_test", key, text, stamp, data, sdk.Retention.EVIDENCE)


def words(test: Test, method: str) -> str:
    """Return a test in a line."""
    rate = test.measured.rate(Layer.IP)
    found = "nothing came" if rate is None else f"{rate / 1e6:.2f} Mbit/s (IP)"
    peak = ", a peak" if test.measured.peak else ""
    spent = f"{test.measured.seconds:.1f} s and {test.spent_bytes / 1e6:.2f} MB"
    finding = test.finding
    said = f"{test.direction} by {method}: {found}{peak} in {spent}; {finding.limited_by}: {finding.reason}"
    return f"{said}; {test.judged.verdict}: {test.judged.reason}"


def contract(circuit: sdk.Circuit | None, direction: Direction) -> sdk.Json:
    """Return what was bought, as far as this appliance knows."""
    if circuit is None:
        return None
    bought = bought_rate(circuit, direction)
    return {"circuit": circuit.id, "bits_per_second": bought, "rate_layer": circuit.rate_layer}


def bought_rate(circuit: sdk.Circuit, direction: Direction) -> int | None:
    """Return the contracted rate in bit/s; None: not given."""
    return circuit.down_bits_per_second if direction is Direction.DOWN else circuit.up_bits_per_second
