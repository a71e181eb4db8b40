"""The door to cramjam: snappy's block format, which remote-write demands."""

from __future__ import annotations

from cramjam import snappy


def compress(data: bytes) -> bytes:
    """Return data in snappy's block format."""
    return bytes(snappy.compress_raw(data))
