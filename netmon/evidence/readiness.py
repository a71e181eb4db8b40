"""Is there a baseline: an upgrade whose days before were not measured can never be shown to have worked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from netmon.evidence.inputs.upgrades import Upgrade
from netmon.evidence.matched import AROUND_DAYS, LEAST_WEEKS

BASELINE_DAYS = 7 * LEAST_WEEKS


def warnings(upgrade: Upgrade, today: date, known: Collection[date]) -> Iterator[str]:
    """Yield what stands in the way of showing the effect; `known` are the days that were measured."""
    left = upgrade.days_to(today)
    days = baseline(upgrade, known)
    if days < BASELINE_DAYS and left >= 0:
        yield f"cutover in {left} days, baseline {days} of {BASELINE_DAYS} days"
    elif days < BASELINE_DAYS:
        yield f"the baseline has {days} of {BASELINE_DAYS} days: no effect can be shown"
    if not upgrade.declared_beforehand:
        yield "the outcomes were declared after cutover: they explore, and do not prove"
    if not upgrade.controls:
        yield "no controls: season and what the supplier changed everywhere are not taken off"


def baseline(upgrade: Upgrade, known: Collection[date]) -> int:
    """Return the measured days of the four weeks that end before the cutover's own days."""
    last = upgrade.cutover - timedelta(days=AROUND_DAYS + 1)
    return sum((last - timedelta(days=number)) in known for number in range(BASELINE_DAYS))
