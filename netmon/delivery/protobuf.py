"""The messages of remote-write 1.0, written by hand: one TimeSeries of one sample is one line.

prometheus/prompb: WriteRequest { repeated TimeSeries timeseries = 1 }, TimeSeries { repeated Label
labels = 1; repeated Sample samples = 2 }, Label { string name = 1, value = 2 }, Sample { double value = 1;
int64 timestamp = 2 }. A WriteRequest is the concatenation of its lines, each with its field's tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

MAX_TIME_MS = 2**42
"""Times from 1970 up to here (2109) take six bytes."""
STALE = (0x7FF0_0000_0000_0002).to_bytes(8, "little")
"""The NaN by which Prometheus knows that a series is over."""
pack_value = Struct("<d").pack
"""Return a value as a Sample holds it."""

_TIME_BYTES = 6
_SAMPLE_BYTES = 1 + 8 + 1 + _TIME_BYTES
_SAMPLE_HEAD = bytes((0x12, _SAMPLE_BYTES, 0x09))


def varint(number: int) -> bytes:
    """Return a number that is not negative, seven bits a byte, lowest first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def head(labels: Mapping[str, str]) -> bytes:
    """Return a line up to its value; an empty label is none, the others go in the order of their names."""
    named = ((name.encode(), text.encode(errors="replace")) for name, text in labels.items() if text)
    body = b"".join(_piece(0x0A, _piece(0x0A, name) + _piece(0x12, text)) for name, text in sorted(named))
    return b"\n" + varint(len(body) + 2 + _SAMPLE_BYTES) + body + _SAMPLE_HEAD


def tail(time_ms: int) -> bytes:
    """Return what follows the value: a time in ms from 0 up to `MAX_TIME_MS`.

    Always of one length, filled up where need be, so that a head can be made before its time is known.
    """
    low, high = time_ms & 0x1F_FFFF, time_ms >> 21
    return bytes(
        (
            0x10,
            low & 0x7F | 0x80, low >> 7 & 0x7F | 0x80, low >> 14 | 0x80,
            high & 0x7F | 0x80, high >> 7 & 0x7F | 0x80, high >> 14,
        )
    )  # fmt: skip


def _piece(tag: int, payload: bytes) -> bytes:
    return bytes((tag,)) + varint(len(payload)) + payload
