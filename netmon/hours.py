"""Hours of the week: "Mon-Fri 08:00-18:00", "Sat,Sun 10:00-16:00", "22:00-06:00"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import PlainValidator

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"\s*(?:([A-Za-z,-]+)\s+)?(\d{2}):(\d{2})-(\d{2}):(\d{2})\s*", re.ASCII)
_EXAMPLE = "such as 'Mon-Fri 08:00-18:00'"


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch on some days (0 = Monday), in minutes after midnight of the site's own time.

    `end_minute` is excluded; when it is not after the start, the stretch ends on the next day.
    """

    days: frozenset[int]
    start_minute: int
    end_minute: int

    def covers(self, weekday: int, minute: int) -> bool:
        """Tell whether that minute of that weekday lies inside."""
        if self.start_minute < self.end_minute:
            return weekday in self.days and self.start_minute <= minute < self.end_minute
        evening = weekday in self.days and minute >= self.start_minute
        return evening or ((weekday - 1) % 7 in self.days and minute < self.end_minute)


@dataclass(frozen=True, slots=True)
class Hours:
    """Stretches of the week; empty for none."""

    spans: tuple[Span, ...] = ()

    def covers(self, local: datetime) -> bool:
        """Tell whether a moment, in the site's own time, lies inside."""
        minute = local.hour * 60 + local.minute
        return any(span.covers(local.weekday(), minute) for span in self.spans)


def parse_hours(lines: object) -> Hours:
    """Return the hours of a list of stretches; ValueError names the one that is wrong."""
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"must be a list of texts, {_EXAMPLE}")
    return Hours(tuple(_span(line) for line in lines))


def _span(line: str) -> Span:
    match = _SPAN.fullmatch(line)
    if match is None:
        raise ValueError(f"{line!r} is not a stretch of hours, {_EXAMPLE}")
    days, *clock = match.groups()
    start, end = _minute(clock[0], clock[1], line), _minute(clock[2], clock[3], line)
    if start in (end, 24 * 60):
        raise ValueError(f"{line!r} is empty; the whole day is 00:00-24:00")
    return Span(_days(days or "Mon-Sun", line), start, end)


def _minute(hour: str, minute: str, line: str) -> int:
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > 24 * 60:
        raise ValueError(f"{line!r}: {hour}:{minute} is not a time of day")
    return total


def _days(text: str, line: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise ValueError(f"{line!r}: days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, {_EXAMPLE}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(days)


def local_time(wall_ns: int, timezone: str) -> datetime:
    """Return a moment of UTC in a time zone."""
    return datetime.fromtimestamp(wall_ns / 1e9, ZoneInfo(timezone))


HoursOfWeek = Annotated[Hours, PlainValidator(parse_hours)]
