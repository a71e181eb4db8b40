"""Whose report was asked for: the circuits of a site, or one circuit, or what there is instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from netmon.config.wording import nearest
from netmon.errors import NetmonError
from netmon.evidence.calendar import Days, month
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.sources.source import Line, Source

_LOOK_BACK_DAYS = 62
_MOST_DAYS = 31


class NothingMeasured(NetmonError):  # noqa: N818 - it says what was found
    """There is no such site or circuit, or nothing is known of it in these days."""


def site_lines(source: Source, inputs: Inputs, site: str | None, days: Days) -> tuple[Line, ...]:
    """Return the circuits of a site: those that were measured, and those that it has a contract for.

    Without a site it is the only one that there is.
    """
    measured = source.lines(days)
    contracted = list(_contracted(inputs, days))
    sites = sorted({line.site for line in measured})
    if not sites or (site is None and len(sites) > 1):
        raise NothingMeasured(_which(sites, days))
    site = site or sites[0]
    here = [line for line in measured if line.site == site]
    if not here:
        known = {*sites, *inputs.sites, *(line.site for line in contracted)}
        raise NothingMeasured(_missing("site", site, known, days))
    return tuple(sorted({*here, *(line for line in contracted if line.site == site)}))


def circuit_line(source: Source, inputs: Inputs, circuit: str, days: Days) -> Line:
    """Return one circuit that was measured."""
    measured = source.lines(days)
    found = [line for line in measured if line.circuit == circuit]
    if not measured:
        raise NothingMeasured(_which((), days))
    if len(found) > 1:
        sites = ", ".join(line.site for line in found)
        raise NothingMeasured(f"circuit {circuit!r} is at several sites ({sites}): ask for a site's report")
    if not found:
        known = {line.circuit for line in measured} | set(inputs.contracts.circuits)
        raise NothingMeasured(_missing("circuit", circuit, known, days))
    return found[0]


def usual_days(source: Source, today: date, timezone: str) -> Days:
    """Return the last whole month if it was measured from its beginning, else the days measured so far."""
    start = today - timedelta(days=_LOOK_BACK_DAYS)
    if not source.lines(Days(start, today, timezone)):
        raise NothingMeasured(f"nothing was measured from {start} to {today}: name a month with --month")
    first, last = start, today
    while first < last:  # the first day from which on something is known
        middle = first + (last - first) // 2
        if source.lines(Days(start, middle, timezone)):
            last = middle
        else:
            first = middle + timedelta(days=1)
    end_of_month = today.replace(day=1) - timedelta(days=1)
    before = month(end_of_month.year, end_of_month.month, timezone)
    if first <= before.first:
        return before
    last = max(today - timedelta(days=1), first)
    return Days(max(first, last - timedelta(days=_MOST_DAYS - 1)), last, timezone)


def _contracted(inputs: Inputs, days: Days) -> Iterable[Line]:
    for circuit in inputs.contracts.circuits:
        for part in inputs.contracts.stretches(circuit, days.first, days.last):
            if part.terms is not None and part.terms.site:
                yield Line(part.terms.site, circuit)


def _which(sites: Sequence[str], days: Days) -> str:
    if not sites:
        return f"nothing was measured from {days.first} to {days.last}"
    return f"name the site: there are {', '.join(sites)}"


def _missing(what: str, name: str, known: Iterable[str], days: Days) -> str:
    if name in set(known):
        return f"nothing of {what} {name!r} was measured from {days.first} to {days.last}"
    hint = nearest(name, sorted(known))
    return f"there is no {what} {name!r} from {days.first} to {days.last}; {hint}"
