"""What the cells of the centre's files say."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

Row = dict[str, str]
Record = dict[str, Any]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECONDS = {"ms": Fraction("0.001"), "min": Fraction(60), "s": Fraction(1), "m": Fraction(60)}
_SECONDS |= {"h": Fraction(3600), "d": Fraction(86400), "w": Fraction(604800)}


def number(text: str) -> Fraction:
    """Return "99.9%", "£5" or "5" exactly as written."""
    return Fraction(text.strip().strip("%£ "))


def seconds(text: str) -> Fraction:
    """Return a duration."""
    unit = next(unit for unit in _SECONDS if text.strip().endswith(unit))
    return Fraction(text.strip().removesuffix(unit).strip()) * _SECONDS[unit]


def rate(text: str | None) -> int | None:
    """Return bit/s; None: not promised."""
    if not text:
        return None
    amount = text.strip().removesuffix("bit/s")
    scale = {"k": 10**3, "M": 10**6, "G": 10**9}.get(amount[-1:], 1)
    return round(Fraction(amount.rstrip("kMG ")) * scale)


def minute(text: str) -> int:
    """Return the minute of a moment since 1970."""
    return int(datetime.fromisoformat(text.strip()).timestamp()) // 60


def inside(hours: str | None, local: datetime) -> bool:
    """Tell whether a moment lies within "Mon-Fri 08:00-18:00; Sat 10:00-16:00"; none: always."""
    if not hours or hours.strip() == "24x7":
        return True
    now = local.hour * 60 + local.minute
    for part in hours.split(";"):
        *named, clock = part.split()
        begin, end = (int(time[:2]) * 60 + int(time[3:]) for time in clock.split("-"))
        days = {day for word in (named[0] if named else "Mon-Sun").lower().split(",") for day in _span(word)}
        today, yesterday = local.weekday() in days, (local.weekday() - 1) % 7 in days
        if begin < end and today and begin <= now < end:
            return True
        if end <= begin and ((today and now >= begin) or (yesterday and now < end)):
            return True
    return False


def _span(word: str) -> list[int]:
    first, _, last = word.partition("-")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return [(start + step) % 7 for step in range((end - start) % 7 + 1)]


def names(text: str | None) -> list[str]:
    """Return names that commas or semicolons part."""
    return [part.strip() for part in (text or "").replace(";", ",").split(",") if part.strip()]
