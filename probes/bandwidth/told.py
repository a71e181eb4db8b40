"""What a transfer found, as its record tells it. Pure."""

from __future__ import annotations

from netmon import sdk
from probes.bandwidth.connections import TRACED
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Measured

_DIGITS = 4


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


def trace(measured: Measured) -> sdk.Json:
    """Return this end's TCP_INFO as a table: at each look a row."""
    if not measured.trace:
        return None
    rows: list[sdk.Json] = [[round(value, 6) for value in row] for row in measured.trace]
    return {"columns": ["seconds", *TRACED], "rows": rows}
