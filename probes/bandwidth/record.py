"""What a test leaves behind: one event with every input of its verdict, and the reading that is charted."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from netmon import sdk
from probes.bandwidth.latency import Latency
from probes.bandwidth.layers import Layer
from probes.bandwidth.limits import Finding
from probes.bandwidth.measured import Direction, Measured
from probes.bandwidth.passive import PROOF_RATIO, Minute
from probes.bandwidth.place import AGENT
from probes.bandwidth.witness import HostState, described

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Test:
    """One direction of one test, finished."""

    direction: Direction
    measured: Measured
    host: HostState
    finding: Finding
    spent_bytes: int
    stamp: sdk.Stamp
    latency: Latency | None = None
    buffer_seconds: float | None = None
    buffer_full: bool | None = None


def event(
    test: Test, key: sdk.Labels, method: str, circuit: sdk.Circuit | None, idle: Latency | None
) -> sdk.Event:
    """Return the evidence of a test."""
    measured = test.measured
    data: dict[str, sdk.Json] = {
        "method": method,
        "direction": test.direction,
        "server": measured.server,
        "refused": None,
        "seconds": round(measured.seconds, _DIGITS),
        "spent_bytes": test.spent_bytes,
        "stopped_by": measured.stop,
        "peak": measured.peak,
        "uncertainty_ratio": measured.uncertainty_ratio,
        **rates(measured),
        "curve": curve(measured),
        "tcp": asdict(measured.flow) if measured.flow else None,
        "far_end": dict(measured.far_record),
        "host": described(test.host),
        "limited_by": test.finding.limited_by,
        "limited_by_reason": test.finding.reason,
        "idle_latency": asdict(idle) if idle else None,
        "loaded_latency": asdict(test.latency) if test.latency else None,
        "buffer_seconds": test.buffer_seconds,
        "buffer_full": test.buffer_full,
        "contract": contract(circuit, test.direction),
        "software": AGENT,
        "details": dict(measured.details),
    }
    return sdk.Event("bandwidth_test", key, words(test, method), test.stamp, data, sdk.Retention.EVIDENCE)


def refusal(reason: str, outcome: sdk.Outcome, key: sdk.Labels, method: str, stamp: sdk.Stamp) -> sdk.Event:
    """Return the record of a test that did not take place, or found nothing."""
    data: dict[str, sdk.Json] = {"method": method, "refused": reason, "outcome": outcome, "software": AGENT}
    return sdk.Event(
        "bandwidth_test", key, f"{method}: no test: {reason}", stamp, data, sdk.Retention.EVIDENCE
    )


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
    return f"{test.direction} by {method}: {found}{peak} in {spent}; {finding.limited_by}: {finding.reason}"


def rates(measured: Measured) -> dict[str, sdk.Json]:
    """Return the rate in every layer, where it was counted, and what it was converted with."""
    packet = measured.packet
    return {
        "counted_layer": measured.layer,
        "bits_per_second": {
            str(layer): None if (rate := measured.rate(layer)) is None else round(rate) for layer in Layer
        },
        "packet_bytes": {str(layer): round(packet.size_bytes(layer), 2) for layer in Layer},
    }


def curve(measured: Measured) -> sdk.Json:
    """Return seconds and payload bytes of each tick, and which of them the rate is of."""
    found = measured.curve
    if found is None:
        return None
    window = found.window
    return {
        "began_ns": found.began_ns,
        "seconds": [round(tick.seconds, _DIGITS) for tick in found.ticks],
        "payload_bytes": [round(tick.units * found.unit_bytes) for tick in found.ticks],
        "steady": found.steady,
        "from_seconds": round(window[0].seconds, _DIGITS) if window else None,
        "mean_bytes_per_second": found.mean_bytes_per_second(),
    }


def contract(circuit: sdk.Circuit | None, direction: Direction) -> sdk.Json:
    """Return what was bought, as far as this appliance knows."""
    if circuit is None:
        return None
    bought = bought_rate(circuit, direction)
    return {"circuit": circuit.id, "bits_per_second": bought, "rate_layer": circuit.rate_layer}


def bought_rate(circuit: sdk.Circuit, direction: Direction) -> int | None:
    """Return the contracted rate in bit/s; None: not given."""
    return circuit.down_bits_per_second if direction is Direction.DOWN else circuit.up_bits_per_second
