"""Figures in words: a value with its unit, and in brackets what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from netmon import wording as human
from netmon.evidence.reports.figure import Figure, Unit, Value

_MINUS = "\u2212"
_NEAR_ALL = 0.99


def said(figure: Figure) -> str:
    """Return a value with its unit: "99.91 %", "441 Mbit/s", "£107.00"; "not known" is a word."""
    if figure.value is None:
        return human.UNKNOWN
    write = _WRITERS.get(figure.unit)
    if write is None or isinstance(figure.value, str):
        return _text(figure.value, figure.unit)
    return write(float(figure.value))


def grounds(figure: Figure, of: str = "") -> str:
    """Return what a value rests on: "99.81 to 99.91, n = 23,040 minutes, coverage 99.9 %"; empty: not told.

    `of` is what n counts, in the plural.
    """
    parts = [_interval(figure)] if figure.low is not None or figure.high is not None else []
    if figure.n is not None:
        parts.append(f"n = {figure.n:,} {of if figure.n != 1 else of.removesuffix('s')}".rstrip())
    if figure.coverage is not None:
        parts.append(f"coverage {percent(figure.coverage)}")
    return ", ".join(parts)


def whole(figure: Figure, of: str = "") -> str:
    """Return value and grounds in one line: "99.91 % (99.81 to 99.91, n = 23,040)"."""
    on = grounds(figure, of)
    return f"{said(figure)} ({on})" if on else said(figure)


def percent(ratio: float) -> str:
    """Return a share in percent; what is less than all is never rounded to 100 %, nor something to 0 %."""
    size = abs(ratio)
    if size in (0.0, 1.0):
        return f"{_signed(ratio * 100, 0)} %"
    decimals = 2 if _NEAR_ALL <= size < 1 or size < 0.01 else 1
    while decimals < 5 and float(f"{size * 100:.{decimals}f}") in (0.0, 100.0):
        decimals += 1
    return f"{_signed(ratio * 100, decimals)} %"


def day_words(day: date) -> str:
    """Return "31 March 2027"."""
    return f"{day.day} {day:%B %Y}"


def days_words(first: date, last: date) -> str:
    """Return a stretch of days: "March 2026", "1 to 15 March 2026", "30 March to 2 April 2026"."""
    if first == last:
        return day_words(first)
    after = date.fromordinal(last.toordinal() + 1)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%B %Y}" if first.day == after.day == 1 else f"{first.day} to {day_words(last)}"
    start = f"{first.day} {first:%B}" if first.year == last.year else day_words(first)
    return f"{start} to {day_words(last)}"


def moment_words(when: datetime) -> str:
    """Return "4 Mar 10:00", in the time zone that it carries."""
    return f"{when.day} {when:%b %H:%M}"


def pounds(value: float) -> str:
    """Return "£1,200.00"."""
    return f"{_MINUS if value < 0 else ''}£{abs(value):,.2f}"


def _interval(figure: Figure) -> str:
    """Return both ends, in the unit of the value but without repeating it."""
    write = _WRITERS.get(figure.unit, _plain)
    low, high = (human.UNKNOWN if end is None else write(end) for end in (figure.low, figure.high))
    unit = low.rpartition(" ")[2]
    if figure.low is not None and low != unit and high.endswith(f" {unit}"):
        low = low.removesuffix(f" {unit}")
        if said(figure).endswith(f" {unit}"):
            high = high.removesuffix(f" {unit}")
    if figure.low is None:
        return f"at most {high}"
    return f"at least {low}" if figure.high is None else f"{low} to {high}"


def _signed(number: float, decimals: int) -> str:
    return f"{number + 0.0:,.{decimals}f}".replace("-", _MINUS)


def _plain(number: float) -> str:
    return _signed(number, 0 if number == int(number) else 1)


def _change(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_signed(value * 100, 0)} %"


def _clock_hour(hour: float) -> str:
    return f"{int(hour):02d}:00 to {int(hour) + 1:02d}:00"


def _duration(seconds: float) -> str:
    return human.duration(seconds) if seconds >= 0 else f"{_MINUS}{human.duration(-seconds)}"


_WRITERS: Mapping[Unit, Callable[[float], str]] = {
    Unit.COUNT: _plain,
    Unit.RATE: human.bit_rate,
    Unit.SECONDS: _duration,
    Unit.MINUTES: lambda value: f"{_plain(value)} min",
    Unit.USER_MINUTES: lambda value: f"{_plain(value)} user-min",
    Unit.SHARE: percent,
    Unit.CHANGE: _change,
    Unit.POUNDS: pounds,
    Unit.POUNDS_PER_MEGABIT: pounds,
    Unit.CLOCK_HOUR: _clock_hour,
    Unit.DAYS: lambda value: f"{_plain(value)} days",
}


def _text(value: Value, unit: Unit) -> str:
    text = str(value)
    if unit is Unit.DATE:
        return day_words(date.fromisoformat(text))
    if unit is Unit.MOMENT:
        return moment_words(datetime.fromisoformat(text))
    return text
