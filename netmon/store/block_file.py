"""An immutable file of blocks that explains itself: it can be read without the history that it came from.

Header; blocks; an index (deflated JSON: the blocks' places, the subjects they are about, the clock offsets
of their boots); a trailer with the index' length and checksum. Every byte is under a checksum or known.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from netmon.store.boots import Segment
from netmon.store.streams import Packed, Streams
from netmon.store.subjects import Subject, restore_subject

BLOCK_FORMAT = 1
_MAGIC = b"netmon blocks\n"
_HEADER = struct.Struct("<14sH")
_TRAILER = struct.Struct("<III4s")
_END = b"end\n"
_INDEX_BYTES_MAX = 64 * 2**20
_AT_ONCE_BYTES = 32_768
"""Up to so many bytes are read at once: a question to the disk costs more than they do."""


class NewerFormatError(ValueError):
    """A file that a newer netmon wrote."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block is, and what it covers; moments are ms of the boot's time, ends included."""

    boot: int
    first_ms: int
    last_ms: int
    first_position: int
    last_position: int
    count: int
    offset: int
    head_bytes: int
    size_bytes: int
    crc: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says about itself."""

    places: tuple[tuple[Place, Subject], ...]
    segments: tuple[Segment, ...]


class BlockFileWriter:
    """Writes one file from its beginning to its end; `finish()` makes it durable."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._file.write(_HEADER.pack(_MAGIC, BLOCK_FORMAT))
        self._numbers: dict[bytes, int] = {}
        self._texts: list[str] = []
        self._places: list[tuple[int, Place]] = []

    def add(
        self, subject: Subject, boot: int, covers: tuple[int, int, int, int, int], packed: Packed
    ) -> Place:
        """Append a block; `covers`: first and last ms, first and last position, count."""
        if subject.digest not in self._numbers:
            self._numbers[subject.digest] = len(self._texts)
            self._texts.append(subject.text)
        offset = self._file.tell()
        self._file.write(packed.octets)
        place = Place(boot, *covers, offset, packed.head_bytes, len(packed.octets), packed.crc)
        self._places.append((self._numbers[subject.digest], place))
        return place

    def finish(self, segments: Iterable[Segment]) -> int:
        """Write the index, make the file durable, close it; return its size in bytes."""
        index = {
            "blocks": [[number, *astuple(place)] for number, place in self._places],
            "subjects": self._texts,
            "boots": [astuple(segment) for segment in segments],
        }
        packed = zlib.compress(json.dumps(index, separators=(",", ":")).encode("ascii"), 9)
        self._file.write(packed + _TRAILER.pack(len(packed), zlib.crc32(packed), BLOCK_FORMAT, _END))
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        self._file.close()
        return size

    def close(self) -> None:
        """Close a file that is given up, or finished; what a full disk did not take goes with it."""
        with suppress(OSError):
            self._file.close()


class BlockFile:
    """An open file of blocks."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes; fewer at the end of the file. Damage of the disk reads as nothing."""
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError:
            return b""

    def streams(self, place: Place) -> Streams:
        """Return the streams of a block; ValueError when its head is damaged."""
        if place.size_bytes <= _AT_ONCE_BYTES:
            octets = self.read(place.offset, place.size_bytes)
            # Of a block on a bad sector, what lies elsewhere can be read stream by stream.
            if len(octets) == place.size_bytes:
                return Streams(
                    partial(_part, octets, place.offset), place.offset, place.head_bytes, place.crc
                )
        return Streams(self.read, place.offset, place.head_bytes, place.crc)

    def content(self) -> Content:
        """Return the index; ValueError when it is damaged, NewerFormatError when it is not for us."""
        header = self.read(0, _HEADER.size)
        size = os.fstat(self._descriptor).st_size
        if len(header) < _HEADER.size or header[: len(_MAGIC)] != _MAGIC:
            raise ValueError("it does not begin as a file of blocks does")
        if _HEADER.unpack(header)[1] > BLOCK_FORMAT:
            raise NewerFormatError("was written by a newer netmon")
        trailer = self.read(size - _TRAILER.size, _TRAILER.size)
        if len(trailer) < _TRAILER.size:
            raise ValueError("it is cut short")
        length, crc, version, end = _TRAILER.unpack(trailer)
        packed = self.read(size - _TRAILER.size - length, length) if length < size else b""
        if (version, end) != (BLOCK_FORMAT, _END) or zlib.crc32(packed) != crc or len(packed) != length:
            raise ValueError("its index is damaged")
        return _content(packed)

    def close(self) -> None:
        """Give back the file."""
        os.close(self._descriptor)


def _part(octets: bytes, begins: int, offset: int, size: int) -> bytes:
    return octets[offset - begins : offset - begins + size]


def damage(path: Path) -> list[str]:
    """Read a whole file; return what is wrong with it, in words."""
    name = f"{path.parent.name}/{path.name}"
    try:
        file = BlockFile(path)
    except OSError as error:
        return [f"{name}: {error}"]
    try:
        bad = 0
        for place, _ in file.content().places:
            try:
                bad += file.streams(place).damaged()
            except ValueError:
                bad += 1
    except ValueError as error:
        return [f"{name}: {error}"]
    else:
        return [f"{name}: {bad} streams are damaged"] if bad else []
    finally:
        file.close()


def _content(packed: bytes) -> Content:
    try:
        text = zlib.decompressobj().decompress(packed, _INDEX_BYTES_MAX)
        index: dict[str, Any] = json.loads(text)
        subjects = [restore_subject(one) for one in index["subjects"]]
        return Content(
            tuple((Place(*cells), subjects[number]) for number, *cells in index["blocks"]),
            tuple(Segment(*cells) for cells in index["boots"]),
        )
    except (zlib.error, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"its index is damaged: {error}") from error
