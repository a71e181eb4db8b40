"""The stretches of the log that a sink has not taken yet: the present, and what it catches up with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from netmon.delivery.place import Place
from netmon.model import Stamp
from netmon.store.interface import Entry, Position

_MOST_PAST = 8
"""Stretches behind the present; of more, the newest two become one, and what lies between is sent again."""


@dataclass(slots=True)
class Lane:
    """A stretch of the log that goes to the sink in its order; `end` None: it goes on with the log."""

    place: Place
    end: Position | None = None
    unsent: Stamp | None = field(default=None, repr=False)
    """Moment of the oldest record that was read and is not the sink's yet."""

    def within(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return those of the entries that belong to this stretch."""
        end = self.end
        if end is None or not entries or entries[-1].position <= end:
            return entries
        return [entry for entry in entries if entry.position <= end]

    @property
    def sent(self) -> bool:
        """Tell whether all of it was acknowledged."""
        return self.end is not None and self.place.position >= self.end


class Lanes:
    """One lane that follows the log, and those that were left behind it, oldest first.

    A sink that takes old data after new ones shows the present at once when it comes back after two
    weeks, and gets the rest behind it.
    """

    def __init__(self, settle_seconds: float, start: Position = 0, kept: str | None = None) -> None:
        self._settle_seconds = settle_seconds
        self.past: list[Lane] = []
        present = start
        for begin, end in _spans(kept):
            if end > start:
                first = start if not self.past else begin
                self.past.append(Lane(Place(settle_seconds, first), end))
        if self.past:
            present = max(_present(kept), *(lane.end or 0 for lane in self.past))
        self.present = Lane(Place(settle_seconds, present))

    @property
    def all(self) -> Sequence[Lane]:
        """All lanes, oldest first."""
        return (*self.past, self.present)

    @property
    def left(self) -> Lane | None:
        """The oldest lane behind the present that has something to send; None when there is none."""
        return next((lane for lane in self.past if not lane.sent or lane.place.doubtful), None)

    @property
    def safe(self) -> Position:
        """Everything up to here is surely the sink's: its cursor."""
        return self.all[0].place.settled

    def split(self, newest: Position) -> None:
        """Go on from the newest position; what lies before it is left behind."""
        if len(self.past) < _MOST_PAST:
            self.past.append(self.present)
        self.past[-1].end = newest
        self.present = Lane(Place(self._settle_seconds, newest))

    def doubt(self) -> None:
        """Note that nobody answered."""
        for lane in self.all:
            lane.place.doubt()

    def settle(self, now_seconds: float) -> bool:
        """Move what is safe; tell whether a lane has come to its end."""
        for lane in self.all:
            lane.place.settle(now_seconds)
        left = [lane for lane in self.past if lane.end is None or lane.place.settled < lane.end]
        ended = len(left) < len(self.past)
        self.past = left
        return ended

    def dump(self) -> str:
        """Return what a restart needs beside the cursor, as text."""
        spans = [[lane.place.settled, lane.end] for lane in self.past]
        return json.dumps({"past": spans, "present": self.present.place.settled})


def _spans(kept: str | None) -> list[tuple[Position, Position]]:
    document = json.loads(kept) if kept else {"past": []}
    return [(begin, end) for begin, end in document["past"]]


def _present(kept: str | None) -> Position:
    return int(json.loads(kept)["present"]) if kept else 0
