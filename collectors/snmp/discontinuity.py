"""When counters started again: one epoch per port, changed whenever growth across it means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import gt


@dataclass(frozen=True, slots=True)
class Counted:
    """What one poll says about one port's counters.

    `restarted_at` is ifCounterDiscontinuityTime, None where the device has none; `counts` are 64-bit
    counters, which fall only when they start again.
    """

    index: int
    restarted_at: int | None
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """What one poll says about all ports' counters: columns in the order of `keys`."""

    keys: tuple[str, ...]
    indexes: tuple[int, ...]
    restarted_at: Sequence[int | None]
    counts: tuple[Sequence[int | None], ...]

    def ports(self) -> dict[str, Counted]:
        """Return the same by port."""
        counts = zip(*self.counts, strict=True)
        rows = zip(self.keys, self.indexes, self.restarted_at, counts, strict=True)
        return {key: Counted(index, restart, count) for key, index, restart, count in rows}

    def grew_from(self, before: Columns) -> bool:
        """Tell whether every counter went on from where it was, without looking at ports one by one."""
        if self.keys != before.keys or self.indexes != before.indexes:
            return False
        if list(self.restarted_at) != list(before.restarted_at):
            return False
        return all(map(_column_grew, before.counts, self.counts))


@dataclass(slots=True)
class _Past:
    epoch: int
    last: Counted


class Epochs:
    """Epochs of one device's ports, from the start of this process."""

    def __init__(self, first: int) -> None:
        """Start with an epoch that no earlier process used, such as the time of now."""
        self._next = first
        self._past: dict[str, _Past] = {}
        self._newest: Columns | None = None
        """What the last poll said, where `_past` does not know it yet."""
        self._before: Columns | None = None
        self._epochs: tuple[int, ...] = ()

    def restart(self) -> None:
        """Forget all ports: the device restarted (RFC 2863 section 3.1.6)."""
        self._past.clear()
        self._newest = self._before = None
        self._next += 1

    def note_columns(self, now: Columns) -> tuple[tuple[int, ...], Sequence[str]]:
        """Return what note() does; most polls are done with a few comparisons of whole columns."""
        before, self._before = self._before, now
        if before is not None and now.grew_from(before):
            self._newest = now
            return self._epochs, ()
        if self._newest is not None:
            for key, counted in self._newest.ports().items():
                self._past[key].last = _merged(self._past[key].last, counted)
            self._newest = None
        self._epochs, fallen = self.note(now.ports())
        return self._epochs, fallen

    def note(self, counted: dict[str, Counted]) -> tuple[tuple[int, ...], Sequence[str]]:
        """Return each port's epoch, and the ports whose counters fell for no reason that the device gave.

        A port that was away comes back in a new epoch.
        """
        for gone in self._past.keys() - counted.keys():
            del self._past[gone]
            self._next += 1
        fallen: list[str] = []
        for name, now in counted.items():
            past = self._past.get(name)
            if past is None:
                self._past[name] = _Past(self._next, now)
                continue
            fell = _fell(past.last.counts, now.counts)
            told = _moved(past.last, now)
            if fell and not told:
                fallen.append(name)
            if fell or told:
                self._next += 1
                past.epoch = self._next
            past.last = _merged(past.last, now)
        return tuple(self._past[name].epoch for name in counted), fallen


def _column_grew(before: Sequence[int | None], after: Sequence[int | None]) -> bool:
    try:
        return not any(map(gt, before, after))  # type: ignore[arg-type]  # None is a TypeError, seen to below
    except TypeError:
        pairs = list(zip(before, after, strict=True))
    return all(new is None if old is None else new is not None and new >= old for old, new in pairs)


def _fell(before: Sequence[int | None], after: Sequence[int | None]) -> bool:
    return any(
        new < old for old, new in zip(before, after, strict=True) if old is not None and new is not None
    )


def _moved(before: Counted, after: Counted) -> bool:
    if before.index != after.index:
        return True
    return None not in (before.restarted_at, after.restarted_at) and before.restarted_at != after.restarted_at


def _merged(before: Counted, after: Counted) -> Counted:
    """Return the newest known values, so that a poll with gaps does not hide a fall."""
    restarted_at = before.restarted_at if after.restarted_at is None else after.restarted_at
    pairs = zip(before.counts, after.counts, strict=True)
    counts = tuple(old if new is None else new for old, new in pairs)
    return Counted(after.index, restarted_at, counts)
