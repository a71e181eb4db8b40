"""Contract v delivered: each promise of each stretch of days beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from netmon.evidence.availability import Availability
from netmon.evidence.delivered import Delivered, delivered
from netmon.evidence.inputs.book import Stretch
from netmon.evidence.reports.dots import DIRECTIONS, rates_of
from netmon.evidence.reports.estate_months import JudgedMonth
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.parts import Promise
from netmon.evidence.reports.series import Dot
from netmon.evidence.statistics.quantiles import interval, nearest_rank
from netmon.evidence.verdicts import Verdict
from netmon.evidence.yardsticks import YARDSTICKS, asked_hours

OF_CONTRACT = ("delivered_90", "fcc_80_80", "minimum")
"""Yardsticks that every contract is held against; others are asked for by name."""
NOT_PROMISED = "nothing was promised"
STANDARD = "a standard, and no promise of the contract"
FEW = "no percentage below 95 % coverage: minutes and bounds instead"
DOWNLOAD, UPLOAD = "download", "upload"
_NAMES = {"down": DOWNLOAD, "up": UPLOAD}
_MILLION = 1_000_000


def promises(ground: Ground, found: Sequence[Dot], yardsticks: Sequence[str]) -> Iterator[Promise]:
    """Yield the rows, stretch by stretch: speeds, then round trips and loss, then availability by month."""
    for part in ground.stretches:
        for name in dict.fromkeys((*OF_CONTRACT, *yardsticks)):
            for direction in DIRECTIONS:
                yield from _speed(ground, part, found, name, direction)
        yield from _quality(ground, part)
    for one in ground.months:
        for account in one.parts:
            yield _availability(account, one)


def _speed(
    ground: Ground, part: Stretch, found: Sequence[Dot], name: str, direction: str
) -> Iterator[Promise]:
    judged = delivered(name, direction, ground.material.tests, ground.of(part), part.terms)
    tested = judged.counted.tests + judged.counted.inconclusive
    # What was neither promised nor tested is no row; what was tested is told once, by the first yardstick.
    if judged.threshold is None and (not tested or name != OF_CONTRACT[0]):
        return
    rule, hours = YARDSTICKS[name], asked_hours(YARDSTICKS[name], part.terms)
    rates = rates_of(found, direction, part.first, part.last, hours)
    yield Promise(
        _name(name, _NAMES[direction]),
        rule.title,
        part.first,
        part.last,
        _asked(judged),
        _rate(nearest_rank(rates, 0.1), rates, 0.1),
        _rate(median(rates) if rates else None, rates, 0.5),
        figure(judged.share, Unit.SHARE, n=judged.counted.tests, between=judged.share_interval),
        judged.verdict,
        _why(judged),
        judged.claim_ready,
    )


def of_contract(row: Promise) -> bool:
    """Tell whether a row is what the contract says, and no yardstick that others made."""
    return row.name == title_of(row)


def title_of(row: Promise) -> str:
    """Return what is measured, without the name by which a yardstick is asked for: its rule says more."""
    return row.name.partition(", ")[0]


def _name(yardstick: str, direction: str) -> str:
    told = {OF_CONTRACT[0]: direction, "minimum": f"minimum {direction}"}
    return told.get(yardstick, f"{direction}, {yardstick}")


def _asked(judged: Delivered) -> Figure:
    rule = YARDSTICKS[judged.yardstick]
    if judged.threshold is None:
        return Figure(None, Unit.RATE, note=NOT_PROMISED)
    bought = judged.threshold / rule.share / _MILLION
    note = "" if rule.share == 1 else f"{rule.share * 100:g} % of {bought:g} Mbit/s"
    if rule.fixed is not None:
        note = STANDARD
    return figure(judged.threshold, Unit.RATE, note=note)


def _rate(rate: float | None, rates: Sequence[float], share: float) -> Figure:
    return figure(rate, Unit.RATE, n=len(rates), between=interval(rates, share))


def _why(judged: Delivered) -> str:
    left = judged.counted.inconclusive
    return f"{judged.why}; {left} inconclusive" if left else judged.why


def _quality(ground: Ground, part: Stretch) -> Iterator[Promise]:
    """Yield round trips and loss: the contract does not say how they are counted, so no verdict is shown."""
    terms, days = part.terms, ground.of(part)
    loss = None if terms is None or terms.loss is None else float(terms.loss) / 100
    for name, unit, limit, curve in (
        ("round trip", Unit.SECONDS, None if terms is None else terms.rtt, ground.material.rtt_p50),
        ("loss", Unit.SHARE, loss, ground.material.loss),
    ):
        known = [one for one in curve.cut(days.start_minute, days.end_minute).values if one is not None]
        if limit is None and not known:
            continue
        yield Promise(
            name,
            "minutes within what was promised",
            part.first,
            part.last,
            figure(limit, unit, note="" if limit is not None else NOT_PROMISED),
            _of_minutes(nearest_rank(known, 0.9), unit, known),
            _of_minutes(nearest_rank(known, 0.5), unit, known),
            _within(known, limit),
            Verdict.NOT_SHOWN,
            NOT_PROMISED if limit is None else "the contract does not say how it is counted",
            None,
        )


def _of_minutes(value: float | None, unit: Unit, known: Sequence[float]) -> Figure:
    if unit is Unit.SHARE and value == 0:
        # None lost in so many minutes bounds the true share (95 %): it does not make it nothing.
        return figure(0.0, unit, n=len(known), between=(0.0, 3 / len(known)), note="none was lost")
    return figure(value, unit, n=len(known))


def _within(known: Sequence[float], limit: float | None) -> Figure:
    if limit is None or not known:
        return Figure(None, Unit.SHARE, n=len(known))
    return figure(sum(one <= limit for one in known) / len(known), Unit.SHARE, n=len(known))


def _availability(part: Availability, of: JudgedMonth) -> Promise:
    """Return the row of a month; one that is not here whole is measured, and not judged."""
    target, account = part.target, part.contract
    known = account.up + account.down
    bounds = None if account.worst is None or account.best is None else (account.worst, account.best)
    return Promise(
        "availability",
        "of the month, in the contract's hours" if part.terms else "of all minutes",
        part.days.first,
        part.days.last,
        figure(target, Unit.SHARE, note="" if target is not None else NOT_PROMISED),
        None,
        None,
        figure(
            account.measured if account.printable else None,
            Unit.SHARE,
            n=known,
            between=None if bounds is None else (float(bounds[0]), float(bounds[1])),
            coverage=account.coverage,
            note="" if account.printable else FEW,
        ),
        part.verdict if of.whole else Verdict.NOT_SHOWN,
        _minutes_why(part, of),
        None,
    )


def _minutes_why(part: Availability, of: JudgedMonth) -> str:
    if part.target is None:
        return NOT_PROMISED
    if not of.whole:
        return f"promised of a month, of which {len(of.days)} of {of.length} days are here"
    least, most = part.down_bounds
    allowed = float((1 - part.target) * (part.contract.total - part.contract.excluded))
    between = f"{least:,} to {most:,}" if least != most else f"{least:,}"
    return f"{between} minutes may be the supplier's, {allowed:,.1f} are allowed"
