"""The far end's account of its sending, as its record tells it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from netmon import sdk
from probes.bandwidth.measured import Flow


def far_flow(record: Mapping[str, sdk.Json]) -> Flow | None:
    """Return the far end's account of its sending, as shares of its time; None when it gave none."""

    def number(name: str) -> float | None:
        value = record.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    seconds, streams = number("seconds"), number("streams") or 1.0
    sent_bytes, busy = number("bytes_sent"), number("busy_seconds")
    if not seconds or not sent_bytes or busy is None:
        return None
    whole = seconds * streams
    again = number("bytes_retransmitted")
    window, buffer = number("window_limited_seconds"), number("buffer_limited_seconds")
    return Flow(
        streams=int(streams),
        retransmitted_ratio=None if again is None else again / sent_bytes,
        min_rtt_seconds=number("min_rtt_seconds") or 0.0,
        rtt_seconds=number("rtt_seconds") or 0.0,
        busy_ratio=min(busy / whole, 1.0),
        window_limited_ratio=None if window is None else min(window / whole, 1.0),
        buffer_limited_ratio=None if buffer is None else min(buffer / whole, 1.0),
    )
