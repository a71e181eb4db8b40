"""When to decide about a contract, and by when to give notice."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from netmon.evidence.inputs.terms import Terms

_LEAD_DAYS = {"leased": 180}
_OTHER_LEAD_DAYS = 90
_RED_DAYS, _AMBER_DAYS = 90, 180


class Urgency(StrEnum):
    """How soon somebody has to decide."""

    RED = "red"
    """The deadline has passed, or comes within 90 days."""
    AMBER = "amber"
    """It comes within 180 days."""
    GREEN = "green"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Notice:
    """A contract's next dates; None: not known. `renewals` are those that have happened already.

    `deadline` is the last day to give notice, `decide_by` leaves time to buy a successor before it.
    """

    ends: date | None
    renewals: int
    deadline: date | None
    decide_by: date | None
    days_left: int | None
    urgency: Urgency


def notice(terms: Terms, today: date) -> Notice:
    """Return the dates that count today; a contract whose end has passed has renewed itself, or is over."""
    if terms.term_end is None:
        return Notice(None, 0, None, None, None, Urgency.NOT_KNOWN)
    ends, renewals = terms.term_end, 0
    while terms.auto_renews and terms.renew_months and ends < today:
        renewals += 1
        ends = months_after(terms.term_end, renewals * terms.renew_months)
    if terms.notice_days is None:
        return Notice(ends, renewals, None, None, None, Urgency.NOT_KNOWN)
    deadline = ends - timedelta(days=terms.notice_days)
    lead = terms.lead_days
    if lead is None:
        lead = _LEAD_DAYS.get(terms.technology or "", _OTHER_LEAD_DAYS)
    left = (deadline - today).days
    urgency = Urgency.RED if left <= _RED_DAYS else Urgency.AMBER if left <= _AMBER_DAYS else Urgency.GREEN
    return Notice(ends, renewals, deadline, deadline - timedelta(days=lead), left, urgency)


def months_after(day: date, months: int) -> date:
    """Return the same day some months on; the last of a month stays the last of a month."""
    year, number = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, number + 1)[1]
    whole = day.day == monthrange(day.year, day.month)[1]
    return date(year, number + 1, last if whole else min(day.day, last))
