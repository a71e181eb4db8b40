"""Wall time from boottime: each boot's offset, settled when the clock is synchronised, never rewritten."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from netmon.model import Stamp

STEP_MS = 500
"""A synchronised clock that moves by more against boottime was set: a new segment begins."""

_FOREVER_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Segment:
    """From `from_ns` of a boot on, wall time is boottime + `offset_ms`; provisional until `synced`."""

    boot: int
    from_ns: int
    boot_id: str
    offset_ms: int
    synced: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one boot's time, end excluded, that has one offset."""

    segment: Segment
    start_ns: int
    end_ns: int


class Boots:
    """All boots that the history knows. Numbers grow with each boot.

    `taken` is the highest number that records have: a boot whose segments were lost keeps its number,
    or its records would be told with the time of another one.
    """

    def __init__(self, segments: Iterable[Segment] = (), taken: int = 0) -> None:
        self._taken = taken
        self._segments: dict[int, list[Segment]] = {}
        self._numbers: dict[str, int] = {}
        for segment in sorted(segments, key=lambda one: (one.boot, one.from_ns)):
            self._add(segment)

    def number(self, boot_id: str) -> int:
        """Return the number of a boot that was noted; KeyError otherwise."""
        return self._numbers[boot_id]

    def segments(self) -> Iterator[Segment]:
        """Yield all that is known, oldest boot first."""
        for segments in self._segments.values():
            yield from segments

    def note(self, stamp: Stamp) -> Segment | None:
        """Learn from a stamp; return the segment to be stored, None when there is no news.

        A provisional offset follows the clock's steps, since the newest belief is the best one, and is
        replaced by the first synchronised one: everything stored before it gets its true time. After
        that only a step of a synchronised clock counts, and only for what comes after it.
        """
        offset_ms = stamp.wall_ms - stamp.boottime_ns // 1_000_000
        if stamp.boot_id not in self._numbers:
            number = max(self._taken, *self._segments, 0) + 1
            first = Segment(number, 0, stamp.boot_id, offset_ms, stamp.synced)
            self._add(first)
            return first
        segments = self._segments[self._numbers[stamp.boot_id]]
        current = segments[-1]
        stepped = abs(offset_ms - current.offset_ms) > STEP_MS
        if not current.synced and (stamp.synced or stepped):
            segments[-1] = replace(current, offset_ms=offset_ms, synced=stamp.synced)
            return segments[-1]
        if stamp.synced and stepped and stamp.boottime_ns > current.from_ns:
            segments.append(Segment(current.boot, stamp.boottime_ns, current.boot_id, offset_ms, synced=True))
            return segments[-1]
        return None

    def stamp(self, boot: int, at_ns: int) -> Stamp:
        """Return the moment as it is known now; ValueError when the boot's offset was lost."""
        segments = self._segments.get(boot)
        if not segments:
            raise ValueError(f"the clock offset of boot {boot} is damaged")
        at = bisect_right(segments, at_ns, key=lambda one: one.from_ns)
        segment = segments[max(at - 1, 0)]
        return Stamp(segment.boot_id, at_ns, at_ns // 1_000_000 + segment.offset_ms, segment.synced)

    def windows(self, start_ms: int, end_ms: int) -> Iterator[Window]:
        """Yield the stretches of boots whose wall time lies in [start, end), oldest boot first."""
        for segments in self._segments.values():
            ends = [segment.from_ns for segment in segments[1:]] + [_FOREVER_NS]
            for segment, until_ns in zip(segments, ends, strict=True):
                start_ns = max(segment.from_ns, (start_ms - segment.offset_ms) * 1_000_000)
                end_ns = min(until_ns, (end_ms - segment.offset_ms) * 1_000_000)
                if start_ns < end_ns:
                    yield Window(segment, start_ns, end_ns)

    def trusted_before(self, wall_ms: int) -> Iterator[Window]:
        """Yield what surely lies before a moment: a clock that was never synchronised proves nothing."""
        return (window for window in self.windows(-(2**43), wall_ms) if window.segment.synced)

    def _add(self, segment: Segment) -> None:
        self._segments.setdefault(segment.boot, []).append(segment)
        self._numbers[segment.boot_id] = segment.boot
