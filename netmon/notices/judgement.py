"""What a lane must tell: what is its own, and what the lane that it stands in for did not bring over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from netmon.clock import Clock
from netmon.incidents.incident import Step
from netmon.incidents.severity import higher
from netmon.model import Stamp
from netmon.notices.announcement import Announcement, Tellable
from netmon.notices.channel import Channel
from netmon.notices.lane_state import Told
from netmon.notices.queue import Waiting
from netmon.notices.selection import Selection
from netmon.store.interface import Position

_NEWS = frozenset({Step.FLAPPING, Step.REOPENED})


class Confirmed(Enum):
    """Whether a notice reached its reader."""

    YES = "yes"
    NOT_YET = "not yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """Which way a lane goes, and what it may cost."""

    selection: Selection
    budget_per_day: int = 50
    confirm_seconds: float = 300.0
    """How long the channel has to confirm; then the lane that stands in for this one sends."""
    announces: bool = False
    """Whether the daily roots of evidence go this way."""


class Way(Protocol):
    """A lane, as far as it is judged by."""

    settings: LaneSettings

    def knows(self, notice: Tellable) -> bool:
        """Tell whether the receiver was told of the notice's thing, and not yet of its end."""

    def confirmed(self, position: Position) -> Confirmed:
        """Tell whether a notice that this lane takes reached its reader."""


def verdict(waiting: Waiting, lane: Way, other: Way | None, late_seconds: float) -> Confirmed:
    """Return NEVER when a lane must tell a notice, YES when it need not, NOT_YET when that is open.

    `other` is the lane that it stands in for. Who was told of a beginning is told of its end, in any case.
    """
    notice = waiting.notice
    if isinstance(notice, Announcement):
        return Confirmed.NEVER if other is None and lane.settings.announces else Confirmed.YES
    if not notice.firing and lane.knows(notice):
        return Confirmed.NEVER
    mine = lane.settings.selection.takes(notice)
    if other is None:
        return Confirmed.NEVER if notice.firing and mine else Confirmed.YES
    theirs = other.settings.selection.takes(notice) or other.knows(notice)
    if mine or not theirs:
        return Confirmed.YES
    found = other.confirmed(waiting.position)
    late = late_seconds > other.settings.confirm_seconds
    return Confirmed.NEVER if found is Confirmed.NOT_YET and late else found


def is_news(notice: Tellable, told: Told | None, channel: Channel) -> bool:
    """Tell whether a receiver wants a step. People hear of what is new to them: worse, again, to and fro."""
    if isinstance(notice, Announcement):
        return True
    if told is None or told.ended_ms or not notice.firing or channel.every_step:
        return True
    return notice.step in _NEWS or higher(notice.severity, told.severity) is not told.severity


def age_seconds(stamp: Stamp, clock: Clock) -> float:
    """Return how long ago a moment was, by the clock that cannot be set where that is possible."""
    if stamp.boot_id == clock.boot_id:
        return max(0.0, (clock.boottime_ns() - stamp.boottime_ns) / 1e9)
    return max(0.0, clock.wall_ns() / 1e9 - stamp.wall_ms / 1e3)
