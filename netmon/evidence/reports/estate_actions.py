"""What to do about a site, in words with a reason: the first rule that applies is the recommendation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from netmon import wording as human
from netmon.evidence.bottleneck import Cause
from netmon.evidence.claim_ledger import Entry, Standing
from netmon.evidence.grade import Grade
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.estate_money import Held
from netmon.evidence.reports.estate_months import both_ways
from netmon.evidence.reports.estate_record import LineRecord, SiteRecord
from netmon.evidence.reports.said import day_words
from netmon.evidence.verdicts import Verdict

FULL_SHARE = 0.8
"""A line whose busy hour reaches this share is full now: what is bought today comes in months."""
_MUCH = 0.5
"""A cause of more than half of the bad minutes."""


@dataclass(frozen=True, slots=True)
class Action:
    """What to do, and the figures that say so."""

    words: str
    reason: str


def over(site: SiteRecord) -> bool | None:
    """Tell whether a line of the site is full now, or hides what people would use; None: not known."""
    answers = [_line_over(line) for line in site.lines]
    if True in answers:
        return True
    return None if None in answers or not answers else False


def _line_over(line: LineRecord) -> bool | None:
    hour = None if line.busy.p95 is None else line.busy.p95 >= FULL_SHARE
    answers = (hour, line.full.hides)
    if True in answers:
        return True
    return None if None in answers else False


def actions(site: SiteRecord, contracts: Sequence[Held], entries: Sequence[Entry]) -> Iterator[Action]:
    """Yield what is to be done, the most important first; `contracts` and `entries` are the site's own."""
    if all(line.grade is Grade.D for line in site.lines):
        yield Action("measure first", "too little of the period is known to judge anything")
    yield from (action for line in site.lines for action in _bandwidth(line))
    yield from (action for line in site.lines for action in _broken(line))
    yield from _below_standard(site)
    yield from _claims(entries)
    yield from (action for line in site.lines for action in _narrow(line))
    yield from (action for one in contracts for action in _decide(one))
    if over(site) is None:
        yield Action("measure its use", "it is not known how full its busy hour is")
    for line in site.lines:
        if line.terms is None:
            yield Action(
                f"find the contract of {line.circuit}", "without it nothing can be judged or claimed"
            )


def recommended(found: Sequence[Action]) -> Action:
    """Return the first one."""
    return found[0] if found else Action("nothing now", "every rule was asked, and none applies")


def _bandwidth(line: LineRecord) -> Iterator[Action]:
    if not _line_over(line):
        return
    need = line.required
    least = f", {human.bit_rate(need.bits_per_second)} at least" if need.bits_per_second is not None else ""
    reasons = []
    if line.busy.p95 is not None and line.busy.p95 >= FULL_SHARE:
        reasons.append(f"its busy hour is at {human.share(line.busy.p95)} of what was contracted")
    if line.full.hides:
        reasons.append(f"it was full in {line.full.minutes:,} of {line.full.known:,} service minutes")
    yield Action(f"more bandwidth on {line.circuit}{least}", ", and ".join(reasons))


def _below_standard(site: SiteRecord) -> Iterator[Action]:
    """Say so when no contract of the site's reaches what a standard asks of it."""
    asked = site.row.standard_down if site.row else None
    bought = [line.terms.down for line in site.lines if line.terms and line.terms.down is not None]
    if asked is not None and bought and len(bought) == len(site.lines) and max(bought) < asked:
        reason = (
            f"its standard asks {human.bit_rate(asked)}, {human.bit_rate(max(bought))} is contracted at most"
        )
        yield Action("plan an upgrade to the standard", reason)


def _broken(line: LineRecord) -> Iterator[Action]:
    supplier = line.terms.supplier if line.terms and line.terms.supplier else "the supplier"
    if both_ways(part.delivered for part in line.parts) is Verdict.FAIL:
        told = line.tested
        reason = f"{told.fails:,} of {told.tests:,} tests towards it are below 90 % of the contracted rate"
        yield Action(f"take up with {supplier} that {line.circuit} carries less than was contracted", reason)
    if both_ways(part.kept for part in line.parts) is Verdict.FAIL:
        down = sum(part.down_bounds[0] for part in line.parts)
        reason = f"down for {down:,} minutes at least that the supplier answers for"
        yield Action(f"take the availability of {line.circuit} up with {supplier}", reason)


def _claims(entries: Sequence[Entry]) -> Iterator[Action]:
    due = [one for one in entries if one.standing is Standing.CLAIMABLE]
    for one in sorted(due, key=lambda one: (one.bar is None, str(one.bar), one.circuit)):
        by = f" by {_day(one.bar)}" if one.bar else ""
        yield Action(
            f"claim £{one.possible:,} for {one.circuit}, {one.period}{by}",
            "possible credit, subject to contract",
        )


def _narrow(line: LineRecord) -> Iterator[Action]:
    cause = line.narrow.main
    share = None if cause is None else line.narrow.share(cause)
    if cause in {Cause.LAN, Cause.WIFI} and share is not None and share > _MUCH:
        where = "its own network" if cause is Cause.LAN else "its Wi-Fi"
        yield Action(
            f"look at {where}, not at the line",
            f"{human.share(share)} of {line.narrow.bad:,} bad minutes are there",
        )


def _day(day: date | None) -> str:
    return human.UNKNOWN if day is None else day_words(day)


def _decide(one: Held) -> Iterator[Action]:
    dates = one.dates
    if dates.urgency not in {Urgency.RED, Urgency.AMBER} or dates.days_left is None:
        return
    if dates.days_left < 0:
        reason = (
            f"the last day to give notice was {_day(dates.deadline)}; its term ends on {_day(dates.ends)}"
        )
    else:
        reason = f"notice can be given until {_day(dates.deadline)}; its term ends on {_day(dates.ends)}"
    yield Action(f"decide about the contract of {one.circuit}", reason)
