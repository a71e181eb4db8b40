"""The data-quality statement of a circuit, what was left out, and where it is narrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from netmon.evidence.account import Account
from netmon.evidence.admitted import Ruling
from netmon.evidence.bottleneck import Bottleneck, Cause, Measured, bottleneck
from netmon.evidence.calendar import local_time, stretch
from netmon.evidence.grade import Grade, grade
from netmon.evidence.inputs.occasions import Exclusion
from netmon.evidence.quality import unknown_minutes
from netmon.evidence.reports.dots import DIRECTIONS, tests_of
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.parts import CauseRow, ExclusionRow, Promise, Quality, Tally
from netmon.evidence.reports.promises import DOWNLOAD
from netmon.evidence.reports.said import percent
from netmon.evidence.reports.series import Dot, DotClass
from netmon.evidence.speed_tests import PASSIVE, Proof
from netmon.evidence.strip import NOBODY_TOLD
from netmon.evidence.yardsticks import YARDSTICKS, threshold
from netmon.model import Fault

_WORDS: Mapping[Cause, str] = {
    Cause.INSTRUMENT: "the box that measures was the limit",
    Cause.LAN: "the site's own network",
    Cause.DEMAND: "the line was full with the site's own traffic",
    Cause.SUPPLIER: "the line, or the supplier's network",
    Cause.WIFI: "the site's Wi-Fi",
    Cause.FAR: "one service, or one way through the internet",
    Cause.NOT_DETERMINED: "no rule applies",
}


def quality_of(ground: Ground, found: Sequence[Dot], rows: Sequence[Promise]) -> Quality:
    """State what the figures rest on."""
    account = sum((part.contract for part in ground.parts), Account())
    # Those in the peak hours alone are too few for any claim: they have a verdict, and no say in the grade.
    judged = [row.claim_ready for row in rows if row.name == DOWNLOAD and row.promised.known]
    enough, clock = bool(judged) and all(judged), ground.material.synced
    graded = grade(account.coverage, clock, enough=enough)
    kinds = Counter(one.kind for one in found)
    return Quality(
        graded,
        "" if graded is Grade.A else _why(account, clock is not None, enough=enough),
        figure(account.coverage, Unit.SHARE, n=account.total - account.excluded),
        figure(clock, Unit.SHARE),
        tuple(_unknown(ground)),
        tuple(Tally(kind, Figure(kinds[kind], Unit.COUNT)) for kind in DotClass if kinds[kind]),
        tuple(_invalid(ground, found)),
        tuple(_exclusions(ground)),
    )


def _why(account: Account, clock: bool, *, enough: bool) -> str:
    seen = account.coverage
    told = "nothing is known" if seen is None else f"known for {percent(float(seen))} of the time"
    return "; ".join(
        [
            told,
            *([] if clock else ["whether the clock was right is not known"]),
            *([] if enough else ["not enough tests, or no contract, for a claim"]),
        ]
    )


def _unknown(ground: Ground) -> Iterator[Tally]:
    here = ground.material.strip.cut(ground.days.start_minute, ground.days.end_minute)
    nobody = here.codes.count(NOBODY_TOLD.code)
    for fault, minutes in unknown_minutes(here).items():
        told = minutes - nobody if fault is Fault.NONE else minutes
        if told:
            yield Tally(f"fault: {fault}", Figure(told, Unit.MINUTES))
    if nobody:
        yield Tally("nothing was told", Figure(nobody, Unit.MINUTES))


def _invalid(ground: Ground, found: Sequence[Dot]) -> Iterator[Tally]:
    """Yield invalid tests, and tests that did not take place, by reason."""
    reasons = Counter(one.why or "not known" for one in found if one.kind is DotClass.INVALID)
    first, last = ground.days.start_minute, ground.days.end_minute
    reasons.update(
        one.spoiled.partition(":")[0]
        for one in ground.material.tests
        if one.direction not in DIRECTIONS and one.method != PASSIVE and first <= one.minute < last
    )
    for reason in sorted(reasons):
        yield Tally(reason, Figure(reasons[reason], Unit.COUNT))


def _exclusions(ground: Ground) -> Iterator[ExclusionRow]:
    """Yield each exclusion once: one over the edge of two months or contracts was ruled on in both."""
    found: dict[Exclusion, list[Ruling]] = {}
    for part in ground.parts:
        for ruling in part.rulings:
            found.setdefault(ruling.exclusion, []).append(ruling)
    zone = ground.days.zone
    for one, rulings in found.items():
        start, end = one.minutes
        reasons = dict.fromkeys(ruling.reason for ruling in rulings if ruling.reason)
        yield ExclusionRow(
            local_time(start, zone),
            local_time(end, zone),
            one.cause,
            Figure(sum(ruling.minutes for ruling in rulings), Unit.MINUTES),
            "; ".join(reasons),
            one.agreed_by,
            one.reference,
        )


def narrow(ground: Ground) -> tuple[CauseRow, ...]:
    """Return the causes of bad minutes in service hours, in the order of the rules."""
    strip = ground.material.strip.cut(ground.days.start_minute, ground.days.end_minute)
    measured = Measured(use=ground.curve(ground.material.use), slow_tests=_slow(ground))
    found = bottleneck(strip, ground.serving, measured)
    return tuple(_cause(found, cause, minutes) for cause, minutes in found.minutes if minutes)


def _cause(found: Bottleneck, cause: Cause, minutes: int) -> CauseRow:
    share = figure(found.share(cause), Unit.SHARE, n=found.bad)
    return CauseRow(found.rule(cause), cause, _WORDS[cause], Figure(minutes, Unit.MINUTES), share)


def _slow(ground: Ground) -> bytes:
    """Return a mask of the minutes of clean tests below nine tenths of their contract."""
    days, rule = ground.days, YARDSTICKS["delivered_90"]
    found = bytearray(stretch(0, 0, days))
    for test in tests_of(ground):
        day = local_time(test.minute, days.zone).date()
        terms = ground.inputs.contracts.on(ground.line.circuit, day)
        limit = threshold(rule, terms, test.direction)
        rate = None if terms is None else terms.down if test.direction == "down" else terms.up
        if terms is None or limit is None or rate is None:
            continue
        if test.proof(terms.rate_layer, float(rate), limit) is Proof.FAIL:
            found[test.minute - days.start_minute] = 1
    return bytes(found)
