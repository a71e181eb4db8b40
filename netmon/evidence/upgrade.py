"""An upgrade judged: from what was measured of its circuit and its controls to each outcome's effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median

from netmon.evidence.before_after import Effect, History, before_after
from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import either, local_day, local_time, mask
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.book import ContractBook
from netmon.evidence.inputs.sites import ClosedRow, SiteRow, is_closed
from netmon.evidence.inputs.upgrades import Upgrade
from netmon.evidence.matched import HoursOfDays, hourly, sides
from netmon.evidence.material import Material
from netmon.evidence.readiness import warnings
from netmon.evidence.saturation import saturation
from netmon.evidence.statistics.blocks import DRAWS


@dataclass(frozen=True, slots=True)
class Watched:
    """One circuit as compared: what was measured of it, and the site that it serves (None: not known)."""

    material: Material
    site: SiteRow | None


@dataclass(frozen=True, slots=True)
class UpgradeFinding:
    """What an upgrade did, and what stands in the way of saying so. `cost` None: not known."""

    upgrade: Upgrade
    effects: tuple[Effect, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The circuits of an upgrade: the one before, the one after (often the same), and the controls."""

    before: Watched
    after: Watched
    controls: tuple[Watched, ...] = ()


def judge_upgrade(
    upgrade: Upgrade, compared: Compared, book: ContractBook, closed: Iterable[ClosedRow], today: date,
    draws: int = DRAWS,
) -> UpgradeFinding:  # fmt: skip
    """Compare all outcomes that were measured, on ordinary days of the site."""
    holidays = tuple(closed)
    hour = loaded_hour(compared.before)
    old, new = (outcomes(one, book, hour) for one in (compared.before, compared.after))
    others = [outcomes(one, book, hour) for one in compared.controls]
    own = {name: _joined(old.get(name, {}), new.get(name, {}), upgrade.cutover) for name in {**old, **new}}
    known = _measured(compared.before.material, before=upgrade.cutover)
    known |= _measured(compared.after.material, since=upgrade.cutover)
    known |= {day for values in own.values() for day in values}
    both = sides(upgrade.cutover, max(known, default=upgrade.cutover), min(known, default=upgrade.cutover))
    histories = {
        name: History(values, [one[name] for one in others if name in one]) for name, values in own.items()
    }
    effects = before_after(
        histories, both, upgrade.primary, lambda day: not is_closed(holidays, upgrade.site, day), draws
    )
    return UpgradeFinding(upgrade, tuple(effects), tuple(warnings(upgrade, today, known)))


def _measured(material: Material, before: date = date.max, since: date = date.min) -> set[date]:
    """Return the days of which anything is known: those without service belong to a whole week as well."""
    start, found = material.days.start_minute, set[date]()
    told = either(material.rtt_p50.is_known(), material.use.is_known())
    for day, first, end in material.days.edges():
        if since <= day < before and 1 in told[first - start : end - start]:
            found.add(day)
    return found


def loaded_hour(watched: Watched) -> int | None:
    """Return the hour of service with the most load; None: not known. Backups at night are not asked."""
    material, site = watched.material, watched.site
    days, serving = material.days, mask(site.service_hours if site else None, material.days)
    use = [one if bit else None for one, bit in zip(material.use.values, serving, strict=True)]
    first = days.start_minute
    served = [day for day, start, end in days.edges() if 1 in serving[start - first : end - first]]
    return busy_hour(Curve(first, use), days, served).hour


def outcomes(watched: Watched, book: ContractBook, busiest: int | None) -> Mapping[str, HoursOfDays]:
    """Return each outcome by day and hour of service; what was never measured is not there.

    `busiest` is the hour whose round trip is called loaded: one for all circuits that are compared.
    """
    material, site = watched.material, watched.site
    days, serving = material.days, mask(site.service_hours if site else None, material.days)
    loaded = hourly(material.rtt_p95, days, serving)
    found: dict[str, HoursOfDays] = {
        "rtt": hourly(material.rtt_p50, days, serving),
        "loaded_rtt": {
            day: {h: v for h, v in hours.items() if h == busiest} for day, hours in loaded.items()
        },
        "loss": hourly(material.loss, days, serving, fmean),
        "saturation": _full(material, serving),
        "capacity": _delivered(material, book),
    }
    return {name: values for name, values in found.items() if any(values.values())}


def _full(material: Material, serving: bytes) -> HoursOfDays:
    """Return saturated minutes of each hour whose use is known well enough."""
    full = saturation(material.use, material.rtt_p95, None, serving, None)
    minutes = [
        None if use is None else float(bit) for bit, use in zip(full.mask, material.use.values, strict=True)
    ]
    share = hourly(Curve(material.use.start_minute, minutes), material.days, serving, fmean)
    return {day: {hour: 60 * value for hour, value in hours.items()} for day, hours in share.items()}


def _delivered(material: Material, book: ContractBook) -> HoursOfDays:
    """Return medians of valid tests towards the site, in the layer of the contract of their day."""
    zone = material.days.zone
    values: dict[date, dict[int, list[float]]] = {}
    for test in material.tests:
        day = local_day(test.minute, zone)
        terms = book.on(material.circuit, day)
        if test.direction != "down" or terms is None or terms.down is None:
            continue
        value = test.value(terms.rate_layer, terms.down)
        if value is not None:
            hour = local_time(test.minute, zone).hour
            values.setdefault(day, {}).setdefault(hour, []).append(value)
    return {day: {hour: median(some) for hour, some in hours.items()} for day, hours in values.items()}


def _joined(old: HoursOfDays, new: HoursOfDays, cutover: date) -> HoursOfDays:
    before = {day: hours for day, hours in old.items() if day < cutover}
    return before | {day: hours for day, hours in new.items() if day >= cutover}
