"""The notices after a position of the history, in their order: the history is the only queue."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from netmon.incidents.incident import Step
from netmon.incidents.notice import Notice, notice_of
from netmon.incidents.record import KIND
from netmon.model import Event, Stamp
from netmon.notices.announcement import Announcement, Tellable, told_of
from netmon.store.interface import History, Position

_READ_RECORDS = 256


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to tell, and where it stands."""

    position: Position
    stamp: Stamp
    notice: Tellable


class Queue:
    """A look at the history, never more than one read ahead: a channel that is down costs no memory."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._ahead: deque[Waiting] = deque()
        self._read: Position = 0
        self._looked: Position = 0
        self._taken_on: dict[str, Position] = {}
        self.newest: Position = 0
        """The newest position known."""

    def start(self, position: Position) -> None:
        """Begin after a position."""
        self._ahead.clear()
        self._read = position
        self.newest = max(self.newest, position)

    @property
    def behind(self) -> bool:
        """Tell whether there may be more."""
        return bool(self._ahead) or self.newest > self._read

    @property
    def passed(self) -> Position:
        """Everything up to here was handed out."""
        return self._ahead[0].position - 1 if self._ahead else self._read

    async def next(self) -> Waiting | None:
        """Return the next notice without taking it; None when there is none in what was read now."""
        if not self._ahead:
            entries = await self._history.after(self._read, _READ_RECORDS)
            for entry in entries:
                notice = told_of(entry.record) if isinstance(entry.record, Event) else None
                if notice is not None:
                    self._ahead.append(Waiting(entry.position, entry.record.stamp, notice))
            if entries:
                self._read = entries[-1].position
            self.newest = max(self.newest, self._read) if entries else self._read
        return self._ahead[0] if self._ahead else None

    def take(self) -> None:
        """Take the notice that `next` returned."""
        self._ahead.popleft()

    async def taken_on(self, waiting: Waiting) -> bool:
        """Tell whether somebody has taken a notice's incident on, by all that is in the history now."""
        if isinstance(waiting.notice, Announcement):
            return False
        incident = waiting.notice.incident
        # What was written before a step is in the step itself.
        self._looked = max(self._looked, waiting.position)
        self._taken_on = {name: at for name, at in self._taken_on.items() if at > waiting.position}
        while entries := await self._history.after(self._looked, _READ_RECORDS):
            self._looked = entries[-1].position
            for entry in entries:
                if isinstance(entry.record, Event) and _is_acknowledgement(entry.record):
                    self._taken_on[dict(entry.record.key)["incident"]] = entry.position
        return bool(incident.acknowledged_by) or incident.id in self._taken_on

    async def at(self, position: Position) -> Notice | None:
        """Return the notice at a position; None when it is gone."""
        entries = await self._history.after(position - 1, 1)
        if not entries or entries[0].position != position or not isinstance(entries[0].record, Event):
            return None
        return notice_of(entries[0].record)


def _is_acknowledgement(event: Event) -> bool:
    return (
        event.kind == KIND and event.data.get("step") == Step.ACKNOWLEDGED and "incident" in dict(event.key)
    )
