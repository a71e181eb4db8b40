"""The report of a site, or of one of its circuits: from measurements and files to what is printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from netmon.evidence.calendar import Days
from netmon.evidence.claim import METHOD
from netmon.evidence.grade import Grade
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.reports.costs import money_of
from netmon.evidence.reports.dots import dots, marks, tests_of
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.ground import Ground, lay_ground
from netmon.evidence.reports.load_charts import heat, round_trips, tested_trips, weeks
from netmon.evidence.reports.loads import Load, load_of, use_of
from netmon.evidence.reports.model import CircuitPart, Header, Kind, Reference, Sentence, SiteReport
from netmon.evidence.reports.opening import hours_words
from netmon.evidence.reports.outage_rows import outage_rows, strip_days
from netmon.evidence.reports.panels import panels
from netmon.evidence.reports.parts import Contract
from netmon.evidence.reports.promises import promises
from netmon.evidence.reports.reliability import NO_USERS, availability_row, together
from netmon.evidence.reports.sentences import sentences
from netmon.evidence.reports.series import Charts, Dot
from netmon.evidence.reports.statement import narrow, quality_of
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.yardsticks import YARDSTICKS

_GRADES = tuple(Grade)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report is wanted. `origin` says in words where measurements come from.

    `as_of` is the day from which days are counted, and what is known of claims. `yardsticks` are asked for
    beside those of every contract. `chain_root`: of the last sealed day; None: not known.
    """

    kind: Kind
    lines: tuple[Line, ...]
    days: Days
    as_of: date
    origin: str
    yardsticks: tuple[str, ...] = ()
    chain_root: str | None = None


def site_report(source: Source, inputs: Inputs, asked: Asked) -> SiteReport:
    """Return the finished report of a site's circuits, of which there is one at least."""
    grounds = [lay_ground(source, inputs, line, asked.days, asked.as_of) for line in asked.lines]
    parts = tuple(_part(source, ground, asked) for ground in grounds)
    lines: list[Sentence] = []
    for ground, part in zip(grounds, parts, strict=True):
        lines.extend(sentences(part, sum(ground.serving)))
    return SiteReport(
        _header(grounds[0], parts, asked),
        tuple(lines),
        together(grounds),
        parts,
        tuple(_sources(parts, asked, inputs.remarks)),
    )


def _part(source: Source, ground: Ground, asked: Asked) -> CircuitPart:
    found = dots(ground)
    load = load_of(ground, found)
    rows = tuple(promises(ground, found, asked.yardsticks))
    return CircuitPart(
        ground.line.circuit,
        tuple(_contracts(ground)),
        rows,
        tuple(availability_row(part, ground) for part in ground.parts),
        use_of(ground, load),
        _charts(ground, load, found),
        outage_rows(ground),
        tuple(panels(source, ground)),
        money_of(ground, load, found),
        narrow(ground),
        quality_of(ground, found, rows),
    )


def _charts(ground: Ground, load: Load, found: tuple[Dot, ...]) -> Charts:
    return Charts(
        tuple(heat(ground, load.use)),
        tuple(weeks(ground, load.use)),
        found,
        tuple(marks(ground)),
        (*round_trips(ground, load.use), *tested_trips(tests_of(ground))),
        tuple(strip_days(ground)),
    )


def _contracts(ground: Ground) -> Iterator[Contract]:
    for part in ground.stretches:
        terms = part.terms
        if terms is not None:
            yield Contract(
                part.first,
                part.last,
                terms.document,
                terms.clause,
                terms.supplier or None,
                terms.supplier_ref or None,
                terms.product or None,
                terms.technology,
                terms.rate_layer,
            )


def _header(ground: Ground, parts: Sequence[CircuitPart], asked: Asked) -> Header:
    row, days = ground.site, asked.days
    users = row.users if row else None
    return Header(
        asked.kind,
        ground.line.site,
        (row.name if row else "") or None,
        (row.kind if row else "") or None,
        (row.uprn if row else "") or None,
        Figure(users, Unit.COUNT, note=NO_USERS if users is None else ""),
        hours_words(row.service_hours if row else None),
        days.first,
        days.last,
        days.timezone,
        asked.as_of,
        max((part.quality.grade for part in parts), key=_GRADES.index),
        asked.chain_root,
        METHOD,
        f"netmon-edge {version('netmon-edge')}",
    )


def _sources(parts: Sequence[CircuitPart], asked: Asked, remarks: Sequence[str]) -> Iterator[Reference]:
    yield Reference("measurements", asked.origin)
    if asked.days.last >= asked.as_of:
        yield Reference("period", "it is not over: what is still to come counts as not known")
    for part in parts:
        if part.contracts:
            cited = dict.fromkeys(f"{one.document}, {one.clause}" for one in part.contracts)
            yield Reference(f"contract of {part.circuit}", "; ".join(cited))
    rules = {row.rule for part in parts for row in part.promises}
    for rule in YARDSTICKS.values():
        if rule.title in rules:
            yield Reference(rule.title, rule.source)
    for number, words in enumerate(remarks, 1):
        yield Reference(f"left out {number}", words)
