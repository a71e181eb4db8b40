"""A block: some streams of bytes behind a head that tells their lengths and checksums.

One stream can be read without the others, and a damaged one costs itself alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from netmon.store.integers import pack_varint, unpack_varint

_CRC = struct.Struct("<I")

ReadAt = Callable[[int, int], bytes]
"""Returns so many bytes from an offset of a file; fewer at its end."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A block as it goes to a file; `crc` is that of its head."""

    octets: bytes
    head_bytes: int
    crc: int


def pack_streams(streams: Sequence[bytes]) -> Packed:
    """Return a block of some streams."""
    lengths = b"".join(pack_varint(len(stream)) for stream in streams)
    crcs = b"".join(zlib.crc32(stream, at).to_bytes(4, "little") for at, stream in enumerate(streams))
    head = pack_varint(len(streams)) + lengths + crcs
    return Packed(head + b"".join(streams), len(head), zlib.crc32(head))


class Streams:
    """The streams of one block of an open file."""

    def __init__(self, read: ReadAt, offset: int, head_bytes: int, crc: int) -> None:
        head = read(offset, head_bytes)
        if len(head) != head_bytes or zlib.crc32(head) != crc:
            raise ValueError("the head of a block is damaged")
        self._read = read
        self._cells = _cells(head)
        self._starts = list(accumulate((length for length, _ in self._cells), initial=offset + head_bytes))

    def __len__(self) -> int:
        return len(self._cells)

    def get(self, at: int) -> bytes:
        """Return one stream; ValueError when it is damaged or does not exist."""
        if not 0 <= at < len(self._cells):
            raise ValueError("a block has fewer streams than it should have")
        length, crc = self._cells[at]
        stream = self._read(self._starts[at], length)
        if len(stream) != length or zlib.crc32(stream, at) != crc:
            raise ValueError("a stream of a block is damaged")
        return stream

    def damaged(self) -> int:
        """Return how many streams cannot be read."""
        bad = 0
        for at in range(len(self._cells)):
            try:
                self.get(at)
            except ValueError:
                bad += 1
        return bad


def _cells(head: bytes) -> list[tuple[int, int]]:
    """Return length and checksum of each stream."""
    try:
        count, offset = unpack_varint(head, 0)
        lengths = []
        for _ in range(count):
            # One byte tells most lengths, and a block may have hundreds.
            if head[offset] < 0x80 and not head[offset] & 1:
                length, offset = head[offset] >> 1, offset + 1
            else:
                length, offset = unpack_varint(head, offset)
            lengths.append(length)
        if any(length < 0 for length in lengths) or len(head) != offset + _CRC.size * count:
            raise ValueError("the head of a block does not fit its streams")
        return [
            (length, crc) for length, (crc,) in zip(lengths, _CRC.iter_unpack(head[offset:]), strict=True)
        ]
    except (IndexError, OverflowError) as error:
        raise ValueError("the head of a block is cut short") from error
