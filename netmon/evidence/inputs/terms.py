"""`contracts.csv`: what was promised for a circuit, from a day on, by which clause of which document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field

from netmon.config.section import Problem, Section
from netmon.config.site import RateLayer, Technology
from netmon.evidence.inputs.cells import (
    ALWAYS,
    BitsPerSecond,
    Day,
    HoursText,
    Name,
    Percent,
    Pounds,
    Seconds,
    Whole,
    WordList,
    Words,
    YesNo,
)
from netmon.evidence.inputs.schemes import Cap, CapText, Schemes, SchemesText
from netmon.hours import Hours

CAUSES = ("planned", "customer", "force_majeure")


class Terms(Section):
    """One row: the terms of one circuit while they hold. Empty cells are not promised, and never 0."""

    circuit: Name = Field(description="id of the circuit")
    starts: Day = Field(alias="from", description="first day that these terms hold")
    ends: Day | None = Field(
        None, alias="to", description="last day; empty: until the next row of the circuit"
    )
    document: Words = Field(description="contract, order or variation that says so")
    clause: Words = Field(description="place in it")
    site: Name | None = Field(None, description="id of the site")
    supplier: str = Field("", description="who sells the line")
    supplier_ref: str = Field("", description="the supplier's name for the line")
    product: str = Field("", description="the supplier's name for what is sold")
    technology: Technology | None = Field(None, description="what kind of line it is")

    down: BitsPerSecond | None = Field(None, gt=0, description="contracted rate towards the site")
    up: BitsPerSecond | None = Field(None, gt=0, description="contracted rate from the site")
    rate_layer: RateLayer = Field("L2", description="layer of the rates: L1, L2, IP or TCP")
    minimum_down: BitsPerSecond | None = Field(None, gt=0, description="minimum guaranteed towards the site")
    minimum_up: BitsPerSecond | None = Field(None, gt=0, description="minimum guaranteed from the site")
    peak_hours: HoursText | None = Field(None, description="when the minimum is judged; empty: always")

    availability: Percent | None = Field(None, description="promised availability in percent of a month")
    hours: HoursText = Field(ALWAYS, description="hours that availability is promised for: 24x7 or stretches")
    rtt: Seconds | None = Field(None, description="promised round trip, such as 30ms")
    loss: Percent | None = Field(None, description="promised loss in percent")
    router_by: Literal["supplier", "customer"] = Field("customer", description="who answers for the router")
    excludes: WordList = Field(CAUSES, description=f"what does not count as outage: {', '.join(CAUSES)}")
    maintenance_notice_days: Whole | None = Field(None, description="days before which works are announced")
    maintenance_cap: Seconds | None = Field(None, description="most planned works per month, such as 240m")

    fix: Seconds | None = Field(None, description="time within which a fault is to be mended, such as 5h")
    fix_clock: Literal["ticket", "detection"] = Field("ticket", description="what starts the fix time")
    clock_stops: WordList = Field((), description="reasons for which the supplier's clock stands")
    credits: SchemesText = Field(Schemes(), description="what is given back, such as 'below 99.9%: 5%'")
    credit_clause: Words | None = Field(None, description="clause of the credits; empty: `clause`")
    combine: Literal["max", "sum"] = Field("max", description="whether the largest credit counts or all")
    cap: CapText | None = Field(None, description="most that is given back, such as '27.5% of quarter'")
    claim_within_days: Whole | None = Field(None, description="days after the period within which to claim")

    monthly: Pounds | None = Field(None, description="monthly charge in pounds, without VAT")
    managed: Pounds | None = Field(None, description="monthly charge for managed equipment")
    one_off: Pounds | None = Field(None, description="charge paid once, spread over the term")
    term_start: Day | None = Field(None, description="first day of the contract")
    term_end: Day | None = Field(None, description="last day of the contract")
    notice_days: Whole | None = Field(None, description="days before the end by which notice is given")
    auto_renews: YesNo = Field(False, description="whether it goes on without notice")
    renew_months: Whole | None = Field(None, gt=0, description="by how many months it then goes on")
    lead_days: Whole | None = Field(None, description="days that buying a successor takes")

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        if self.ends is not None and self.ends < self.starts:
            yield Problem("to", "is before from", "the last day comes after the first")
        for name, least, most in (
            ("minimum_down", self.minimum_down, self.down), ("minimum_up", self.minimum_up, self.up),
        ):  # fmt: skip
            if least is not None and most is not None and least > most:
                yield Problem(name, "is above the contracted rate", "the least that is guaranteed of it")
        if self.term_start and self.term_end and self.term_end < self.term_start:
            yield Problem("term_end", "is before term_start")
        unknown = [word for word in self.excludes if word not in CAUSES]
        if unknown:
            yield Problem("excludes", f"{unknown[0]!r} is not known", f"there are: {', '.join(CAUSES)}")
        if (self.credits.per_hour_over_fix or self.credits.per_missed_fix) and self.fix is None:
            yield Problem("fix", "is missing: credits depend on it", "the fix time, such as 5h")
        if self.credits.per_point and self.availability is None:
            yield Problem("availability", "is missing: credits per point depend on it", "such as 99.9%")
        if self.credits != Schemes() and self.monthly is None:
            yield Problem("monthly", "is missing: credits are shares of it", "such as 95.00")
        if self.auto_renews and self.renew_months is None:
            yield Problem("renew_months", "is missing: the contract renews itself", "such as 12")

    def holds(self, day: date) -> bool:
        """Tell whether these terms hold on a day, as far as this row says."""
        return self.starts <= day and (self.ends is None or day <= self.ends)

    @property
    def cited(self) -> str:
        """Document and clause of the credits."""
        return f"{self.document}, {self.credit_clause or self.clause}"


__all__ = ["CAUSES", "Cap", "Hours", "Schemes", "Terms"]
