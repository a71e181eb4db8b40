"""Columns of a circuit's minutes, laid over each other by minute: states as bytes, numbers as arrays."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise, repeat
from operator import floordiv, sub
from typing import NamedTuple

from netmon.evidence.curve import Curve
from netmon.evidence.minutes import kind_of
from netmon.evidence.numbers import nothing_known, packed
from netmon.evidence.strip import NOBODY_TOLD, Kind, Strip
from netmon.model import Fault, SlotState, Value
from netmon.store.interface import Columns
from netmon.store.moments import Stretches
from netmon.store.undecoded import decoded

_MINUTE_MS = 60_000
_BY_A_WRONG_CLOCK = Kind(SlotState.UNKNOWN, Fault.APPLIANCE).code


class Layers:
    """Takes pieces in any order. Of two rows for one minute the larger code, and the larger number, counts.

    The first values of a piece are state, fault and degraded, by the numbers of `netmon.model.derived`;
    the others are numbers, one curve each, decoded when a curve is looked at. `prefix` is that of the names
    of the first three.
    """

    def __init__(self, start_minute: int, end_minute: int, prefix: str, curves: int) -> None:
        self.rows = self.synced_rows = 0
        self._start, self._length = start_minute, end_minute - start_minute
        self._codes = bytearray([NOBODY_TOLD.code]) * self._length
        self._heard = bytearray(self._length)
        self._laid: list[list[_Laid]] = [[] for _ in range(curves)]
        self._code_of = _Codes(prefix)

    @property
    def strip(self) -> Strip:
        """What was told of each minute."""
        return Strip(self._start, bytes(self._codes))

    @property
    def curves(self) -> list[Curve]:
        """The numbers of each minute."""
        return [Curve.later(self._start, partial(_numbers, laid, self._length)) for laid in self._laid]

    def take(self, piece: Columns) -> None:
        """Lay one piece over what is there."""
        count = len(piece.moments_ms)
        self.rows += count
        self.synced_rows += count if piece.synced else 0
        codes = self._code_of.all([*map(decoded, piece.values[:3])], count, synced=piece.synced)
        for minute, first, last in _runs(piece.moments_ms):
            skipped = max(self._start - minute, 0)
            begin, place = first + skipped, minute + skipped - self._start
            end = min(last, begin + self._length - place)
            if begin < end:
                over = self._lay(place, codes[begin:end])
                for laid, values in zip(self._laid, piece.values[3:], strict=True):
                    laid.append(_Laid(place, begin, end, values, over))

    def _lay(self, place: int, codes: bytes) -> bool:
        """Lay the codes of neighbouring minutes; tell whether something lies there already."""
        end = place + len(codes)
        over = self._heard.find(1, place, end) >= 0
        if over:
            # A minute that nobody told of is unknown by default, which must not outweigh a proven down.
            heard = zip(self._codes[place:end], self._heard[place:end], codes, strict=True)
            codes = bytes(max(before, code) if told else code for before, told, code in heard)
        self._heard[place:end] = b"\1" * len(codes)
        self._codes[place:end] = codes
        return over


class _Laid(NamedTuple):
    """Neighbouring minutes of one curve: where they lie, and which of some values they are."""

    place: int
    begin: int
    end: int
    values: Sequence[Value]
    over: bool


def _numbers(laid: Sequence[_Laid], length: int) -> array[float]:
    """Lay the numbers of a curve."""
    numbers, values, told = nothing_known(length), None, nothing_known(0)
    for one in laid:
        if one.values is not values:
            values, told = one.values, packed(decoded(one.values))
        part = told[one.begin : one.end]
        if one.over:
            # NaN is neither more nor less than anything: what is known goes over what is not.
            before = numbers[one.place : one.place + len(part)]
            pairs = zip(before, part, strict=True)
            part = array("d", [a if a >= b or b != b else b for a, b in pairs])  # noqa: PLR0124 - NaN alone differs
        numbers[one.place : one.place + len(part)] = part
    return numbers


class _Codes(dict[tuple[Value, ...], int]):
    """The code of each triple of cells that was met: there are a few dozen of them."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._names = tuple(f"{prefix}_{name}" for name in ("state", "fault", "degraded"))
        self._prefix = prefix

    def __missing__(self, cells: tuple[Value, ...]) -> int:
        code = kind_of(dict(zip(self._names, cells, strict=True)), self._prefix).code
        self[cells] = code
        return code

    def all(self, columns: Sequence[Sequence[Value]], count: int, *, synced: bool) -> bytes:
        """Return the codes of minutes; nothing is known by a clock that was not right."""
        if not synced:
            return bytes([_BY_A_WRONG_CLOCK]) * count
        if all(column.count(column[0]) == count for column in columns):
            return bytes([self[tuple(column[0] for column in columns)]]) * count
        return bytes(map(self.__getitem__, zip(*columns, strict=True)))


def _runs(moments_ms: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield neighbouring minutes: the first one, and the places of the first and behind the last."""
    if isinstance(moments_ms, Stretches) and all(one.step == _MINUTE_MS for one in moments_ms.parts):
        place = 0
        for part in moments_ms.parts:
            yield part.start // _MINUTE_MS, place, place + len(part)
            place += len(part)
        return
    minutes = list(map(floordiv, moments_ms, repeat(_MINUTE_MS)))
    breaks = [place for place, step in enumerate(map(sub, minutes[1:], minutes), 1) if step != 1]
    for first, last in pairwise([0, *breaks, len(minutes)]):
        yield minutes[first], first, last
