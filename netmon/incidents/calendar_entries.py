"""The one door to icalendar: the entries of a calendar as windows, recurring ones included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar, Event

from netmon.errors import NetmonError
from netmon.incidents.planned import Window

_MOST = 1000
"""Entries of one calendar: more are a mistake, or malice."""
_ENDLESS = re.compile(r"FREQ=(?:SECONDLY|MINUTELY|HOURLY)|INTERVAL=0+(?:;|$)")
"""Rules that nobody plans work by, and that would be followed for minutes, or for ever."""
_UNTIL = re.compile(r"UNTIL=([0-9]{8})(?:T([0-9]{6}))?(?=;|$)")
"""An end without a zone: a day, or a time by the entry's own clock."""


class CalendarError(NetmonError):
    """What was read is no calendar; the text says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: those that touch a time, in ms, and have a word. `zone` is for times that name none."""

    name: str
    start_ms: int
    end_ms: int
    zone: tzinfo
    matching: str = ""
    covers: tuple[str, ...] = ()


def windows(text: str, wanted: Wanted) -> list[Window]:
    """Return the entries of a calendar (RFC 5545) as windows; CalendarError when it is none."""
    try:
        events = [one for one in Calendar.from_ical(text).walk("VEVENT") if isinstance(one, Event)]
        moved = {
            (str(one.get("uid")), _moment(_value(one, "recurrence-id"), wanted.zone))
            for one in events
            if "recurrence-id" in one
        }
        found: list[Window] = []
        for event in events:
            if _counts(event, wanted):
                found += _of(event, wanted, moved)
            if len(found) > _MOST:
                raise CalendarError(f"the calendar has more than {_MOST} entries")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise CalendarError(f"this is no calendar that can be read: {error}") from error
    return found


def _counts(event: Event, wanted: Wanted) -> bool:
    words = f"{event.get('summary', '')} {event.get('description', '')} {event.get('location', '')}".lower()
    return (
        "dtstart" in event
        and str(event.get("status")).upper() != "CANCELLED"
        and wanted.matching.lower() in words
    )


def _of(event: Event, wanted: Wanted, moved: set[tuple[str, datetime]]) -> Iterator[Window]:
    start = _moment(_value(event, "dtstart"), wanted.zone)
    length = _length(event, start, wanted.zone)
    uid = str(event.get("uid"))
    for begin in _beginnings(event, start, wanted, length):
        replaced = "recurrence-id" not in event and (uid, begin) in moved
        start_ms, end_ms = _ms(begin), _ms(_end(event, begin, length))
        if not replaced and start_ms < wanted.end_ms and end_ms > wanted.start_ms:
            yield Window(wanted.name, start_ms, end_ms, wanted.covers)


def _beginnings(event: Event, start: datetime, wanted: Wanted, length: timedelta) -> Iterator[datetime]:
    if "rrule" not in event and "rdate" not in event:
        yield start
        return
    dates = rruleset()
    if "rrule" in event:
        dates.rrule(rrulestr(_recurs(event, start), dtstart=start))
    else:
        dates.rdate(start)
    for moment in _dates(event, "rdate", wanted.zone):
        dates.rdate(moment)
    for moment in _dates(event, "exdate", wanted.zone):
        dates.exdate(moment)
    first = datetime.fromtimestamp(wanted.start_ms / 1000, start.tzinfo) - length
    for count, begin in enumerate(dates.xafter(first, inc=True)):
        if _ms(begin) >= wanted.end_ms or count >= _MOST:
            return
        yield begin


def _dates(event: Event, name: str, zone: tzinfo) -> Iterator[datetime]:
    found: Any = event.get(name, [])
    for group in found if isinstance(found, list) else [found]:
        for one in group.dts:
            yield _moment(one.dt, zone)


def _recurs(event: Event, start: datetime) -> str:
    """Return the rule, its end in UTC, as dateutil wants it."""
    found: Any = event.get("rrule")
    text = str(found.to_ical().decode()).upper()
    if _ENDLESS.search(text):
        raise CalendarError(f"an entry recurs more often than daily, or for ever at once: {text}")

    def in_utc(match: re.Match[str]) -> str:
        local = datetime.strptime(f"{match[1]}{match[2] or '235959'}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - the entry's own
        return f"UNTIL={local.replace(tzinfo=start.tzinfo).astimezone(UTC):%Y%m%dT%H%M%SZ}"

    return _UNTIL.sub(in_utc, text)


def _value(event: Event, name: str) -> object:
    found: Any = event.get(name)
    value: object = found.dt
    return value


def _length(event: Event, start: datetime, zone: tzinfo) -> timedelta:
    if "dtend" in event:
        return _moment(_value(event, "dtend"), zone) - start
    length = _value(event, "duration") if "duration" in event else None
    if isinstance(length, timedelta):
        return length
    return timedelta(days=0 if isinstance(_value(event, "dtstart"), datetime) else 1)


def _end(event: Event, begin: datetime, length: timedelta) -> datetime:
    """Return when an entry that begins then ends (RFC 5545 section 3.3.6).

    Hours of a DURATION are exact, its days are those of the calendar; an end of the entry's own is a time of
    the day, whatever the clocks do.
    """
    if "dtend" in event:
        return begin + length
    day = begin + timedelta(days=length.days)
    return (day.astimezone(UTC) + timedelta(seconds=length.seconds)).astimezone(begin.tzinfo)


def _moment(value: object, zone: tzinfo) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    raise ValueError(f"{value!r} is no time")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
