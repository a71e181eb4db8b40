"""Hours of the week in words, as the files have them."""

from __future__ import annotations

from netmon.evidence.inputs.cells import ALWAYS
from netmon.hours import Hours, Span

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def hours_words(hours: Hours | None) -> str | None:
    """Return "Mon-Fri 09:00-18:00; Sat 10:00-16:00", "24x7", or None for None."""
    if hours is None:
        return None
    return "24x7" if hours == ALWAYS else "; ".join(map(_span, hours.spans))


def _span(span: Span) -> str:
    days = sorted(span.days)
    row = days == list(range(days[0], days[-1] + 1)) and len(days) > 2 if days else False
    named = f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}" if row else ",".join(_DAYS[day] for day in days)
    return f"{named} {_clock(span.start_minute)}-{_clock(span.end_minute)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
