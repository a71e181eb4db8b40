"""What a sink was sent before anybody knew the time: it keeps that time, another would be a second point."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from netmon.store.interface import Entry, Position

_CLAIM_RECORDS = 256
"""The disk hears this far ahead what goes out unsettled: one write for many records."""
_STRETCHES_KEPT = 64


@dataclass(slots=True)
class _Stretch:
    """Positions of one boot that went out with one offset; the disk has heard of those up to `claimed`."""

    boot_id: str
    first: Position
    last: Position
    offset_ms: int
    claimed: Position = 0

    @property
    def claim(self) -> Position:
        """What the disk is to hear now."""
        return self.last + _CLAIM_RECORDS if self.last > self.claimed else self.claimed


class Unsettled:
    """The stretches of one sink, as text in the history's state; the newest are kept."""

    def __init__(self, saved: str | None = None) -> None:
        self._stretches: list[_Stretch] = []
        for boot_id, first, last, offset_ms in json.loads(saved or "[]"):
            self._stretches.append(_Stretch(boot_id, first, last, offset_ms, claimed=last))

    def news(self) -> str | None:
        """Return all of it as text when the disk has to hear of it before anything is sent."""
        if all(one.last <= one.claimed for one in self._stretches):
            return None
        self._stretches = self._stretches[-_STRETCHES_KEPT:]
        return json.dumps([[one.boot_id, one.first, one.claim, one.offset_ms] for one in self._stretches])

    def saved(self) -> None:
        """Note that the disk has heard."""
        for one in self._stretches:
            one.claimed = one.claim

    def knows(self, boot_id: str) -> bool:
        """Tell whether records of this boot went out unsettled."""
        return any(one.boot_id == boot_id for one in self._stretches)

    def as_sent(self, entry: Entry) -> Entry | None:
        """Return a record as it went out, whatever the history says of its time now; None: it did not."""
        stamp = entry.record.stamp
        # The newest first: what the disk heard of an older one may reach into it.
        for one in reversed(self._stretches):
            if one.first <= entry.position <= one.last and one.boot_id == stamp.boot_id:
                wall_ms = stamp.boottime_ns // 1_000_000 + one.offset_ms
                former = replace(stamp, wall_ms=wall_ms, synced=False)
                return Entry(entry.position, replace(entry.record, stamp=former))
        return None

    def add(self, entry: Entry, before: Position) -> None:
        """Note a record that goes out now, after the one at `before`."""
        stamp, at = entry.record.stamp, entry.position
        offset_ms = stamp.wall_ms - stamp.boottime_ns // 1_000_000
        for one in self._stretches:
            if (one.boot_id, one.last, one.offset_ms) == (stamp.boot_id, before, offset_ms):
                one.last = at
                return
        self._stretches.append(_Stretch(stamp.boot_id, at, at, offset_ms))
