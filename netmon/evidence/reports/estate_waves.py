"""Upgrades wave by wave: what changed, at how many sites, and what a minute that is gone came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from netmon.evidence.before_after import Conclusion
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.outcomes import OUTCOMES
from netmon.evidence.reports import estate_figures as told
from netmon.evidence.reports.estate_model import EstateUpgrade, WaveRow
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.parts import EffectRow, UpgradePanel

NO_WAVE = "no wave named"
_OPEN = frozenset({Conclusion.NOT_SHOWN, Conclusion.NOT_CONCLUSIVE})


def waves(upgrades: Sequence[EstateUpgrade]) -> Iterator[WaveRow]:
    """Yield each outcome of each wave; an upgrade that has too little of it is counted as that."""
    for wave in sorted({one.panel.wave or NO_WAVE for one in upgrades}):
        own = [one.panel for one in upgrades if (one.panel.wave or NO_WAVE) == wave]
        for outcome in OUTCOMES.values():
            found = [effect for panel in own for effect in panel.effects if effect.outcome == outcome.title]
            if found:
                yield _row(wave, outcome.title, found, len(own))


def _row(wave: str, outcome: str, found: Sequence[EffectRow], upgrades: int) -> WaveRow:
    said = [one.conclusion for one in found]
    changes = [one.change.value for one in found if isinstance(one.change.value, float)]
    between = (min(changes), max(changes)) if changes else None
    shown = sum(one in _OPEN for one in said)
    better, worse = said.count(Conclusion.BETTER), said.count(Conclusion.WORSE)
    return WaveRow(
        wave,
        outcome,
        told.count(upgrades),
        told.count(better, upgrades),
        told.count(worse, upgrades),
        told.count(shown, upgrades),
        told.count(upgrades - better - worse - shown, upgrades),
        figure(median(changes) if changes else None, found[0].change.unit, n=len(changes), between=between),
    )


def with_value(site: str, panel: UpgradePanel, row: SiteRow | None) -> EstateUpgrade:
    """Return an upgrade with what it cost for each congested user-minute a service day that is gone."""
    return EstateUpgrade(
        site, panel.circuit_before, panel, _per_user_minute(panel, row.users if row else None)
    )


def _per_user_minute(panel: UpgradePanel, users: int | None) -> Figure:
    full = next((one for one in panel.effects if one.outcome == OUTCOMES["saturation"].title), None)
    if full is None or full.conclusion is not Conclusion.BETTER:
        return Figure(None, Unit.POUNDS, note="no fewer congested minutes are shown")
    cost = panel.cost.value
    if not isinstance(cost, float) or not users or full.change.low is None or full.change.high is None:
        return Figure(None, Unit.POUNDS, note="its cost, or how many users it has, is not known")
    if not isinstance(full.change.value, float) or full.change.high >= 0:
        return Figure(None, Unit.POUNDS, note="no fewer congested minutes are shown")
    gone = [-minutes * users for minutes in (full.change.low, full.change.value, full.change.high)]
    return figure(
        cost / gone[1],
        Unit.POUNDS,
        n=full.change.n,
        between=(cost / gone[0], cost / gone[2]),
        note="for each congested user-minute a service day that is gone",
    )


def in_order(upgrades: Iterable[EstateUpgrade]) -> list[EstateUpgrade]:
    """Return upgrades by wave, day and site."""
    return sorted(
        upgrades, key=lambda one: (one.panel.wave or NO_WAVE, one.panel.cutover, one.site, one.circuit)
    )
