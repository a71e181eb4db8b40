"""A site's report in the order in which it is printed: answers, then each circuit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netmon.evidence.outcomes import OUTCOMES
from netmon.evidence.reports import money_tables
from netmon.evidence.reports import site_tables as tables
from netmon.evidence.reports.charts_tests import dot_plot, round_trips
from netmon.evidence.reports.charts_time import effects, outage_strip
from netmon.evidence.reports.charts_use import heat_map, weekly
from netmon.evidence.reports.drawing import Chart
from netmon.evidence.reports.model import CircuitPart, Header, Question, Sentence
from netmon.evidence.reports.parts import UpgradePanel
from netmon.evidence.reports.said import day_words, whole
from netmon.evidence.reports.series import Charts
from netmon.evidence.reports.site_tables import contract_words
from netmon.evidence.reports.tables import Cell, Facts, Table, grade_words, listed, text, verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with the answers of each circuit: its name where there are several, verdict and words."""

    question: str
    lines: tuple[tuple[str, Cell | None, str], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One upgrade: its words, its chart if anything can be shown, and the figures."""

    title: str
    words: str
    warnings: tuple[str, ...]
    chart: Chart | None
    table: Table


@dataclass(frozen=True, slots=True)
class Section:
    """One circuit as it is printed."""

    name: str
    contracts: Sequence[str]
    promises: Table
    availability: Table
    outages: Table
    use: Facts
    charts: tuple[Chart, ...]
    trips: Chart | None
    strip: Chart | None
    missing: tuple[str, ...]
    upgrades: tuple[Panel, ...]
    prices: Table
    credits: Table
    dates: Facts
    causes: Table
    quality: Facts
    grade: Cell
    exclusions: Table


def section(part: CircuitPart) -> Section:
    """Return one circuit as it is printed."""
    charts, missing = _charts(part.charts)
    return Section(
        part.circuit,
        contract_words(part),
        tables.promises(part.promises),
        tables.availability(part.availability),
        tables.outages(part.outages),
        tables.use(part.use),
        charts,
        round_trips(part.charts.round_trips) if part.charts.round_trips else None,
        outage_strip(part.charts.strip) if part.charts.strip else None,
        missing,
        tuple(_panel(one) for one in part.upgrades),
        money_tables.prices(part.money.prices),
        money_tables.claims(part.money.credits),
        money_tables.dates(part.money.dates),
        tables.causes(part.bottleneck),
        tables.quality(part.quality),
        text(grade_words(part.quality.grade), part.quality.why),
        tables.exclusions(part.quality.exclusions),
    )


def _charts(series: Charts) -> tuple[tuple[Chart, ...], tuple[str, ...]]:
    """Return the charts that have something to show, and a sentence for each that has not."""
    drawn, missing = list[Chart](), list[str]()
    if series.heat:
        drawn.append(heat_map(series.heat))
    if series.weeks:
        drawn.append(weekly(series.weeks))
    if not series.heat and not series.weeks:
        missing.append("How full the line was, is not known: its use was not measured.")
    ways = [way for way in ("down", "up") if any(dot.direction == way for dot in series.dots)]
    drawn += [dot_plot(way, series.dots, series.marks) for way in ways]
    if not ways:
        missing.append("How fast the line is, is not known: there were no tests.")
    if not series.round_trips:
        missing.append("How long a round trip takes, is not known.")
    if not series.strip:
        missing.append("When it was up or down, is not drawn: no minute is known.")
    return tuple(drawn), tuple(missing)


def _panel(one: UpgradePanel) -> Panel:
    better = {outcome.title: outcome.better for outcome in OUTCOMES.values()}
    wave = f", {one.wave}" if one.wave else ""
    change = one.circuit_before if one.circuit_before == one.circuit_after else (
        f"{one.circuit_before} to {one.circuit_after}"
    )  # fmt: skip
    words = (
        f"{one.document}; cost {whole(one.cost)}; weeks compared on each side: {whole(one.weeks)};"
        f" like sites without a change: {listed(one.controls)}."
    )
    return Panel(
        f"Change on {day_words(one.cutover)}{wave}: {change}",
        words,
        one.warnings,
        effects(one.effects, better, lambda row: whole(row.change, "days")) if one.effects else None,
        tables.effects(one.effects),
    )


def about(header: Header) -> Facts:
    """Return whose report it is, and what it stands on."""
    return (
        ("Site", text(header.site)),
        ("Type", text(header.site_kind)),
        ("UPRN", text(header.uprn)),
        ("Users", text(whole(header.users))),
        ("Opening hours", text(header.service_hours)),
        ("Days", text(f"{day_words(header.first)} to {day_words(header.last)}, {header.timezone}")),
        ("Known on", text(day_words(header.as_of))),
        ("Quality", text(grade_words(header.grade))),
        ("Made by", text(f"{header.software}, method {header.method}")),
        ("Root of records", text(header.chain_root)),
    )


def answers(sentences: Sequence[Sentence], *, several: bool) -> list[Answer]:
    """Return the questions with what is answered for each circuit."""
    return [
        Answer(
            question.value,
            tuple(
                (
                    one.circuit if several else "",
                    None if one.verdict is None else verdict(one.verdict),
                    one.words,
                )
                for one in sentences
                if one.question is question
            ),
        )
        for question in Question
    ]
