"""What one cell of a file may say: percentages, money, dates, hours, lists. An empty cell is *not known*."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

from netmon.config.values import Name, Timezone, Words
from netmon.hours import Hours, Span, parse_hours
from netmon.units import BitsPerSecond, Seconds, duration_seconds

ALWAYS = Hours((Span(frozenset(range(7)), 0, 24 * 60),))
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_POUNDS = re.compile(r"£?\s*([0-9]{1,9}(?:\.[0-9]{2})?)")


def percent(text: object) -> Decimal:
    """Return a percentage, 0 to 100, exactly as written; "99.9" and "99.9%" are the same."""
    number = str(text).strip().removesuffix("%").strip()
    if not _NUMBER.fullmatch(number) or Decimal(number) > 100:
        raise ValueError(f"{text!r} is not a percentage such as 99.9%")
    return Decimal(number)


def pounds(text: object) -> Decimal:
    """Return money in pounds and pence; "95", "95.00" and "£95.00" are the same."""
    match = _POUNDS.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"{text!r} is not money such as 95.00 (pounds, two digits of pence, no commas)")
    return Decimal(match[1])


def day(text: object) -> date:
    """Return a day of the calendar, as ISO 8601 writes it at length."""
    told = str(text).strip()
    try:
        found = date.fromisoformat(told)
    except ValueError:
        found = None
    if found is None or str(found) != told:
        raise ValueError(f"{text!r} is not a day such as 2026-04-01 (year, month, day)")
    return found


def moment(text: object) -> datetime:
    """Return a moment, ISO 8601 with its zone: the past may not depend on who reads it."""
    try:
        found = datetime.fromisoformat(str(text).strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found.second or found.microsecond:
        raise ValueError(f"{text!r} is not a minute with its zone such as 2026-04-01T09:30+01:00 or ...Z")
    return found


def yes_or_no(text: object) -> bool:
    """Return whether it says yes."""
    word = str(text).strip().lower()
    if word not in {"yes", "no"}:
        raise ValueError(f"{text!r} must be yes or no")
    return word == "yes"


def whole(text: object) -> int:
    """Return a whole number, not negative."""
    if not re.fullmatch(r"[0-9]{1,9}", str(text).strip()):
        raise ValueError(f"{text!r} is not a whole number")
    return int(str(text))


def hours(text: object) -> Hours:
    """Return hours of the week: "24x7", or stretches such as "Mon-Fri 08:00-18:00; Sat 10:00-16:00"."""
    if str(text).strip() == "24x7":
        return ALWAYS
    return parse_hours([part.strip() for part in str(text).split(";")])


def words(text: object) -> tuple[str, ...]:
    """Return names that commas or semicolons part."""
    found = tuple(part.strip() for part in re.split(r"[;,]", str(text)))
    if not all(found):
        raise ValueError(f"{text!r}: a name is missing between two commas")
    return found


Percent = Annotated[Decimal, PlainValidator(percent)]
Pounds = Annotated[Decimal, PlainValidator(pounds)]
Day = Annotated[date, PlainValidator(day)]
Moment = Annotated[datetime, PlainValidator(moment)]
YesNo = Annotated[bool, PlainValidator(yes_or_no)]
Whole = Annotated[int, PlainValidator(whole)]
HoursText = Annotated[Hours, PlainValidator(hours)]
WordList = Annotated[tuple[str, ...], BeforeValidator(words)]

__all__ = [
    "ALWAYS", "BitsPerSecond", "Day", "HoursText", "Moment", "Name", "Percent", "Pounds", "Seconds",
    "Timezone", "Whole", "WordList", "Words", "YesNo", "day", "duration_seconds", "hours", "moment",
    "percent", "pounds", "whole", "words", "yes_or_no",
]  # fmt: skip
