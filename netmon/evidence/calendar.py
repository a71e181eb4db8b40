"""Days, months and hours of a place, as stretches of minutes: days have 23 to 25 hours, February 28 or 29."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from netmon.hours import Hours

MINUTES_OF_DAY = 24 * 60
_QUARTER = 15
"""Clocks are set at full quarters of an hour, by some of them."""
_ON, _OFF = b"\1", b"\0"


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a place, both included."""

    first: date
    last: date
    timezone: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The place's own time."""
        return ZoneInfo(self.timezone)

    @property
    def start_minute(self) -> int:
        """First minute since 1970."""
        return _midnight(self.first, self.zone)

    @property
    def end_minute(self) -> int:
        """The minute after the last one."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    def __iter__(self) -> Iterator[date]:
        for number in range(len(self)):
            yield self.first + timedelta(days=number)

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def edges(self) -> Iterator[tuple[date, int, int]]:
        """Yield each day with its first minute and the one after its last."""
        zone = self.zone
        for day in self:
            yield day, _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def month(year: int, number: int, timezone: str = "UTC") -> Days:
    """Return a month of a place."""
    after = date(year + number // 12, number % 12 + 1, 1)
    return Days(date(year, number, 1), after - timedelta(days=1), timezone)


def mask(hours: Hours | None, days: Days) -> bytes:
    """Return one byte for each minute of the days: 1 within the hours (None: always), else 0.

    Hours are those of the clock on the wall: an hour that is skipped in spring is not there, one that
    comes twice in autumn counts twice.
    """
    if hours is None:
        return _ON * (days.end_minute - days.start_minute)
    zone, week = days.zone, _week(hours)
    found = bytearray()
    for day, start, end in days.edges():
        if end - start == MINUTES_OF_DAY and _offset(start, zone) == _offset(end - 1, zone):
            found += week[day.weekday()]
        else:
            for first in range(start, end, _QUARTER):
                found += _quarter(local_time(first, zone), week)
    return bytes(found)


def both(one: bytes, other: bytes) -> bytes:
    """Return 1 where both masks are."""
    return (int.from_bytes(one) & int.from_bytes(other)).to_bytes(len(one))


def either(one: bytes, other: bytes) -> bytes:
    """Return 1 where one mask is."""
    return (int.from_bytes(one) | int.from_bytes(other)).to_bytes(len(one))


def without(one: bytes, other: bytes) -> bytes:
    """Return 1 where the first mask is and the second is not."""
    whole = int.from_bytes(_ON * len(one))
    return (int.from_bytes(one) & (whole ^ int.from_bytes(other))).to_bytes(len(one))


def stretch(start_minute: int, end_minute: int, days: Days) -> bytes:
    """Return a mask that is 1 from one minute to before another, as far as they lie in the days."""
    whole = days.end_minute - days.start_minute
    first = min(max(start_minute - days.start_minute, 0), whole)
    last = min(max(end_minute - days.start_minute, first), whole)
    return _OFF * first + _ON * (last - first) + _OFF * (whole - last)


def picked(letters: bytes, chosen: bytes) -> bytes:
    """Return the letters where the mask is 1."""
    return shown(letters, chosen).translate(None, _OFF)


def shown(letters: bytes, chosen: bytes) -> bytes:
    """Return the letters with zeros where the mask is 0: places stay, so that runs stay apart."""
    # A mask has ones, never more: times 255 it is all bits of its bytes.
    return (int.from_bytes(letters) & (int.from_bytes(chosen) * 255)).to_bytes(len(letters))


def local_time(minute: int, zone: ZoneInfo) -> datetime:
    """Return a minute in a place's own time."""
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)


def local_day(minute: int, zone: ZoneInfo) -> date:
    """Return the day of a place that a minute belongs to."""
    return local_time(minute, zone).date()


def _week(hours: Hours) -> list[bytes]:
    """Return the masks of seven days on which no clock is set, Monday first."""
    week = [bytearray(MINUTES_OF_DAY) for _ in range(7)]
    for span in hours.spans:
        for weekday in span.days:
            overnight = span.end_minute <= span.start_minute
            end = MINUTES_OF_DAY if overnight else span.end_minute
            week[weekday][span.start_minute : end] = _ON * (end - span.start_minute)
            if overnight:
                week[(weekday + 1) % 7][: span.end_minute] = _ON * span.end_minute
    return [bytes(day) for day in week]


def _quarter(begins: datetime, week: list[bytes]) -> bytes:
    """Return the mask of a quarter of an hour."""
    minute = begins.hour * 60 + begins.minute
    return week[begins.weekday()][minute : minute + _QUARTER]


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp()) // 60


def _offset(minute: int, zone: ZoneInfo) -> timedelta | None:
    return local_time(minute, zone).utcoffset()
