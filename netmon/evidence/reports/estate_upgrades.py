"""Upgrades of the estate as jobs of their own: each reads its circuits and its controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.upgrades import Upgrade
from netmon.evidence.reports.estate_model import EstateUpgrade
from netmon.evidence.reports.estate_site import days_of
from netmon.evidence.reports.estate_waves import with_value
from netmon.evidence.reports.panels import in_reach, panel, span_of
from netmon.evidence.sources.source import Line, Source


@dataclass(frozen=True, slots=True)
class UpgradeJob:
    """One upgrade, and the circuits of it that were measured in the report's days."""

    upgrade: Upgrade
    lines: tuple[Line, ...]
    last: date
    as_of: date

    @property
    def site(self) -> str:
        """Where it is."""
        return self.upgrade.site

    def done(self, source: Source, inputs: Inputs) -> EstateUpgrade:
        """Judge it."""
        zone = days_of(self.upgrade.site, self.last, self.last, inputs).timezone
        span = span_of(self.upgrade, self.last, zone)
        found = panel(source, inputs, self.upgrade, self.lines, span, self.as_of)
        return with_value(self.upgrade.site, found, inputs.sites.get(self.upgrade.site))


def upgrade_jobs(
    lines: Sequence[Line], inputs: Inputs, first: date, last: date, as_of: date
) -> Iterator[UpgradeJob]:
    """Yield the upgrades that a report of some days has to speak of."""
    for upgrade in inputs.upgrades:
        if in_reach(upgrade, first, last):
            names = {upgrade.circuit, upgrade.new_circuit, *upgrade.controls}
            yield UpgradeJob(upgrade, tuple(line for line in lines if line.circuit in names), last, as_of)
