"""CRC32 over what is stored: SQLite alone hands out wrong data after 8 of 10 flipped bits."""

from __future__ import annotations

import struct
import zlib

_PLACE = struct.Struct("<qqqqqB")


def frame_checksum(place: tuple[int, int, int, int, int], codec: int, payload: bytes) -> int:
    """Return the CRC of one row of the log: position, topic, subject, boot, boottime, codec and payload.

    struct.error when a cell is not what the log holds.
    """
    return zlib.crc32(payload, zlib.crc32(_PLACE.pack(*place, codec)))


def row_checksum(*cells: str | int) -> int:
    """Return the CRC of one row of a small table, whatever damage has made of its cells."""
    return zlib.crc32(ascii(cells).encode("ascii"))
