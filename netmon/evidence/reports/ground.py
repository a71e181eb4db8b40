"""The ground of a circuit's report: what was measured of it, and what was promised on each of its days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from netmon.evidence.availability import MARGIN_MINUTES, Availability
from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.book import Stretch
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.sites import SiteRow, is_closed
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.material import Material
from netmon.evidence.people import served
from netmon.evidence.reports.estate_months import JudgedMonth, judged_months
from netmon.evidence.sources.source import Line, Source

_MARGIN = timedelta(minutes=MARGIN_MINUTES)


@dataclass(frozen=True, slots=True)
class Ground:
    """One circuit in the days of a report. `serving` is 1 in the minutes in which people are served.

    `material` has some days more at both ends, so that outages are followed; `months` are the report's days
    by calendar month and contract, `stretches` by contract alone.
    """

    line: Line
    days: Days
    as_of: date
    inputs: Inputs
    site: SiteRow | None
    material: Material
    serving: bytes
    months: tuple[JudgedMonth, ...]
    stretches: tuple[Stretch, ...]

    @property
    def parts(self) -> Sequence[Availability]:
        """The accounts of all months and contracts, in order."""
        return [part for one in self.months for part in one.parts]

    @property
    def terms(self) -> Terms | None:
        """The terms of the last day; None: no contract is known for it."""
        return self.stretches[-1].terms

    def curve(self, whole: Curve) -> Curve:
        """Return the report's days of a curve."""
        return whole.cut(self.days.start_minute, self.days.end_minute)

    def service_days(self, days: Days) -> list[date]:
        """Return the days on which people are served, less those on which the site is closed."""
        first = self.days.start_minute
        return [
            day
            for day, start, end in days.edges()
            if any(self.serving[start - first : end - first])
            and not is_closed(self.inputs.closed, self.line.site, day)
        ]

    def by_terms(self, curve: Curve, factor: Callable[[Stretch], float | None]) -> Curve:
        """Return the report's days of a curve, each stretch of the same terms times its own factor."""
        values: list[float | None] = []
        for part in self.stretches:
            days = self.of(part)
            values.extend(curve.cut(days.start_minute, days.end_minute).scaled(factor(part)).values)
        return Curve(self.days.start_minute, values)

    def of(self, part: Stretch) -> Days:
        """Return the days of a stretch."""
        return Days(part.first, part.last, self.days.timezone)


def lay_ground(source: Source, inputs: Inputs, line: Line, days: Days, as_of: date) -> Ground:
    """Read one circuit, and judge its months by what holds of it at its own site."""
    inputs = inputs.at(line.site, line.circuit)
    site = inputs.sites.get(line.site)
    material = source.material(line, Days(days.first - _MARGIN, days.last + _MARGIN, days.timezone))
    return Ground(
        line,
        days,
        as_of,
        inputs,
        site,
        material,
        served(site, inputs.closed, days),
        tuple(judged_months(material.strip, days, line.circuit, inputs, site)),
        tuple(inputs.contracts.stretches(line.circuit, days.first, days.last)),
    )
