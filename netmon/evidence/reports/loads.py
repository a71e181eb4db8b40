"""How full the line is: the bill's percentile, the busy hour, saturation, and the line that is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from netmon.evidence.billing import Billing, billing
from netmon.evidence.busy_hour import BusyHour, busy_hour
from netmon.evidence.curve import Curve, larger
from netmon.evidence.inputs.book import Stretch
from netmon.evidence.reports.dots import rates_of
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.parts import Use
from netmon.evidence.reports.reliability import NO_USERS
from netmon.evidence.reports.series import Dot
from netmon.evidence.saturation import Required, Saturation, against_capacity, required, saturation

_NO_RATE = "the contracted rate is not known"


@dataclass(frozen=True, slots=True)
class Load:
    """Use of the report's days: rates in bit/s, `use` as a share of what was contracted."""

    use: Curve
    down: Curve
    up: Curve
    full: Saturation
    busy: BusyHour
    busy_down: BusyHour
    bill: Billing


def load_of(ground: Ground, found: Sequence[Dot]) -> Load:
    """Work out how full the line was, each day against its own contract."""
    use, trips = ground.curve(ground.material.use), ground.curve(ground.material.rtt_p95)
    down = ground.by_terms(ground.material.down_use, _down)
    up = ground.by_terms(ground.material.up_use, _up)
    days = ground.service_days(ground.days)
    users = ground.site.users if ground.site else None
    return Load(
        use,
        down,
        up,
        saturation(_of_capacity(ground, found), trips, None, ground.serving, users),
        busy_hour(use, ground.days, days),
        busy_hour(down, ground.days, days),
        billing(down, up),
    )


def _down(part: Stretch) -> float | None:
    return None if part.terms is None or part.terms.down is None else float(part.terms.down)


def _up(part: Stretch) -> float | None:
    return None if part.terms is None or part.terms.up is None else float(part.terms.up)


def _of_capacity(ground: Ground, found: Sequence[Dot]) -> Curve:
    """Return the fuller direction against what tests got where that is less than the contracted rate."""
    sides = []
    for direction, curve, rate in (
        ("down", ground.material.down_use, _down),
        ("up", ground.material.up_use, _up),
    ):
        values: list[float | None] = []
        for part in ground.stretches:
            days = ground.of(part)
            rates = rates_of(found, direction, part.first, part.last)
            here = curve.cut(days.start_minute, days.end_minute)
            values.extend(against_capacity(here, rate(part), median(rates) if rates else None).values)
        sides.append(Curve(ground.days.start_minute, values))
    return larger(*sides)


def use_of(ground: Ground, load: Load) -> Use:
    """Return the figures of use."""
    bill, busy, full = load.bill, load.busy, load.full
    seen = bill.samples / bill.expected if bill.samples else None
    no_rate = _NO_RATE if bill.down is None and any(one is not None for one in load.use.values) else ""
    whole, down, up = (
        figure(one, Unit.RATE, n=bill.samples, coverage=seen, note=no_rate)
        for one in (bill.billed, bill.down, bill.up)
    )
    users = ground.site.users if ground.site else None
    return Use(
        whole,
        down,
        up,
        Figure(busy.hour, Unit.CLOCK_HOUR, n=busy.peak_days),
        figure(busy.p95, Unit.SHARE, n=busy.peak_days),
        figure(load.busy_down.p95, Unit.RATE, n=load.busy_down.peak_days, note=no_rate),
        figure(busy.daily_peak, Unit.SHARE, n=busy.peak_days),
        figure(full.minutes if full.known else None, Unit.MINUTES, n=full.known),
        figure(full.share, Unit.SHARE, n=full.known),
        figure(full.user_minutes, Unit.USER_MINUTES, n=full.known, note=NO_USERS if users is None else ""),
        _needed(_required(ground, load), full),
    )


def _required(ground: Ground, load: Load) -> Required:
    site = ground.site
    return required(
        None if site is None or site.standard_down is None else float(site.standard_down),
        load.busy_down.p95,
        site.users if site else None,
        None if site is None or site.per_user is None else float(site.per_user),
        load.full,
    )


def _needed(need: Required, full: Saturation) -> Figure:
    if need.bits_per_second is None:
        return Figure(None, Unit.RATE, note="neither a standard nor what is used is known")
    floor = ""
    if need.at_least:
        floor = "; at least: " + (
            "saturation hides true demand" if full.hides_demand else "what is used is not known well enough"
        )
    return figure(need.bits_per_second, Unit.RATE, note=f"by {need.by}{floor}")
