"""Days as people ask for them: a month, from one day to another, or as much as there is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import date, timedelta

from netmon.errors import UsageError
from netmon.evidence.calendar import Days, month
from netmon.evidence.issue import parse_month

_EARLIEST, _AHEAD = date(1980, 1, 1), timedelta(days=366)
"""Days outside are slips of the pen; beside them no calendar reckons."""


def add_days(parser: ArgumentParser) -> None:
    """Declare `--month`, or `--from` with `--to`."""
    parser.add_argument("--month", metavar="2026-03", help='a whole month; "last" is the one before this')
    parser.add_argument("--from", dest="from_", metavar="DAY", help="first day, such as 2026-03-01")
    parser.add_argument("--to", metavar="DAY", help="last day (default: yesterday)")


def asked_days(options: Namespace, today: date, timezone: str) -> Days | None:
    """Return the days that were asked for; None when none were. UsageError in words."""
    if options.month and (options.from_ or options.to):
        raise UsageError("give --month, or --from and --to, and not both")
    if options.month:
        found = month(*_month(options.month, today), timezone)
    elif options.from_:
        last = _day(options.to) if options.to else today - timedelta(days=1)
        found = Days(_day(options.from_), last, timezone)
    elif options.to:
        raise UsageError("--to needs --from, such as --from 2026-03-01")
    else:
        return None
    if found.last < found.first:
        raise UsageError(f"the last day, {found.last}, is before the first, {found.first}")
    if found.first > today:
        raise UsageError(f"{found.first} is still to come")
    if found.first < _EARLIEST or found.last > today + _AHEAD:
        raise UsageError(f"nobody measures from {found.first} to {found.last}: name days from {_EARLIEST} on")
    return found


def _month(text: str, today: date) -> tuple[int, int]:
    if text == "last":
        before = today.replace(day=1) - timedelta(days=1)
        return before.year, before.month
    return parse_month(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f'{text!r} is not a day: write "2026-03-01"') from None
