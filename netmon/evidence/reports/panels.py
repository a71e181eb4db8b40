"""Before and after: the panels of the upgrades that a report has to speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from netmon.evidence.before_after import Effect
from netmon.evidence.calendar import Days
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.upgrades import Upgrade
from netmon.evidence.matched import AROUND_DAYS, LEAST_WEEKS, MOST_WEEKS
from netmon.evidence.outcomes import OUTCOMES, Outcome
from netmon.evidence.reports.figure import Figure, Unit, figure, pounds
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.parts import EffectRow, UpgradePanel
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.upgrade import Compared, UpgradeFinding, Watched, judge_upgrade

_AROUND = timedelta(days=AROUND_DAYS + 7 * MOST_WEEKS + 1)
_AHEAD = timedelta(days=92)
"""Upgrades so near are announced, with what their baseline still lacks."""
_UNITS: Mapping[str, Unit] = {
    "s": Unit.SECONDS,
    "min": Unit.MINUTES,
    "bit/s": Unit.RATE,
    "ratio": Unit.SHARE,
}


def panels(source: Source, ground: Ground) -> Iterator[UpgradePanel]:
    """Yield the upgrades of this circuit whose days before or after reach into the report's."""
    days = ground.days
    for upgrade in sorted(ground.inputs.upgrades, key=lambda one: (one.cutover, one.circuit)):
        own = ground.line.circuit in (upgrade.circuit, upgrade.new_circuit)
        if own and upgrade.site == ground.line.site and in_reach(upgrade, days.first, days.last):
            span = span_of(upgrade, days.last, days.timezone)
            yield panel(source, ground.inputs, upgrade, source.lines(span), span, ground.as_of)


def in_reach(upgrade: Upgrade, first: date, last: date) -> bool:
    """Tell whether a report of some days has to speak of an upgrade."""
    return first - _AROUND <= upgrade.cutover <= last + _AHEAD


def span_of(upgrade: Upgrade, last: date, timezone: str) -> Days:
    """Return the days that are compared: none after the report's last, so that it can be repeated."""
    first = upgrade.cutover - _AROUND
    return Days(first, max(min(upgrade.cutover + _AROUND, last), first), timezone)


def panel(
    source: Source, inputs: Inputs, upgrade: Upgrade, lines: Iterable[Line], span: Days, as_of: date
) -> UpgradePanel:
    """Judge one upgrade; `lines` are those that were measured, its own and its controls among them."""
    known = {one.circuit: one for one in lines}
    after = upgrade.new_circuit or upgrade.circuit
    missing = tuple(f"control {name} was not measured here" for name in upgrade.controls if name not in known)

    def watched(circuit: str) -> Watched:
        line = known.get(circuit, Line(upgrade.site, circuit))
        return Watched(source.material(line, span), inputs.sites.get(line.site))

    before = watched(upgrade.circuit)
    compared = Compared(
        before,
        before if after == upgrade.circuit else watched(after),
        tuple(watched(name) for name in upgrade.controls if name in known),
    )
    found = judge_upgrade(upgrade, compared, inputs.contracts, inputs.closed, as_of)
    return _told(found, after, missing)


def _told(found: UpgradeFinding, after: str, missing: tuple[str, ...]) -> UpgradePanel:
    upgrade = found.upgrade
    weeks = max((one.weeks for one in found.effects), default=None)
    known = [one for one in found.effects if one.change is not None]
    if found.effects and not known:
        short = (
            f"{weeks} whole weeks are measured on both sides, {LEAST_WEEKS} are needed: no effect is shown"
        )
        missing = (*missing, short)
    return UpgradePanel(
        upgrade.cutover,
        upgrade.wave or None,
        upgrade.circuit,
        after,
        upgrade.document,
        pounds(upgrade.cost),
        Figure(weeks, Unit.COUNT),
        upgrade.controls,
        tuple(map(_effect, sorted(known, key=lambda one: not one.primary))),
        (*found.warnings, *missing),
    )


def _effect(one: Effect) -> EffectRow:
    outcome = OUTCOMES[one.outcome]
    unit = _unit(outcome)
    between = None if one.low is None or one.high is None else (one.low, one.high)
    return EffectRow(
        outcome.title,
        one.conclusion,
        figure(one.change, unit, n=one.days_before + one.days_after, between=between),
        figure(outcome.worthwhile, unit),
        one.worthwhile,
        one.p_value,
        one.primary,
        one.controlled,
    )


def _unit(outcome: Outcome) -> Unit:
    return Unit.CHANGE if outcome.ratio else _UNITS.get(outcome.unit, Unit.WORDS)
