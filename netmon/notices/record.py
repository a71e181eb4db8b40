"""What was told to whom, as dated records: part of what can be shown later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from netmon.clock import Clock
from netmon.model import Event, Json, Record, Retention
from netmon.notices.message import Message

KIND = "notice"
"""Kind of the events: a message was taken, refused, delivered, or nobody confirmed it."""


class Diary:
    """Publishes them."""

    def __init__(self, publish: Callable[[Sequence[Record]], None], clock: Clock) -> None:
        self._publish, self._clock = publish, clock
        self.site = ""

    def told(self, channel: str, message: Message, refused: str = "") -> None:
        """Note that a channel took a message, or never will."""
        text = f"{channel} refused: {message.title}" if refused else f"{channel} was told: {message.title}"
        outcome = {"outcome": "refused" if refused else "taken", "reason": refused}
        self.write(
            channel, text, {"id": message.id, "key": message.key, "sort": str(message.sort), **outcome}
        )

    def write(self, channel: str, text: str, data: Mapping[str, Json]) -> None:
        """Note something about a channel."""
        key = (("site", self.site), ("channel", channel))
        self._publish([Event(KIND, key, text, self._clock.stamp(), dict(data), Retention.EVIDENCE)])
