"""The configuration as the incident engine sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from netmon.config.incidents import IncidentsSection, RuleSection
from netmon.config.schema import Configuration
from netmon.config.site import SiteSection
from netmon.incidents.incident import Badness, Severity
from netmon.incidents.planned import Window
from netmon.incidents.policy import Limit, Policy
from netmon.incidents.rule import Condition, Rule
from netmon.incidents.scope import Scope
from netmon.verdict.view import Watch


def scope(configuration: Configuration, watch: Watch) -> Scope:
    """Return the things of a site, and the suppliers of the sites that it looks at."""
    suppliers = {p.outside_of: p.supplier for p in configuration.probes if p.outside_of}
    return Scope(watch, suppliers)


def policy(section: IncidentsSection) -> Policy:
    """Return when incidents open and close."""
    return Policy(
        limits=(
            _limit(Badness.DOWN, section.open_down),
            _limit(Badness.UNSEEN, section.open_unseen),
            _limit(Badness.DEGRADED, section.open_degraded),
        ),
        close_after=section.close_after,
    )


def _limit(badness: Badness, text: str) -> Limit:
    least, _, of = text.partition(" of ")
    return Limit(badness, int(least), int(of))


def working_hours(site: SiteSection) -> Callable[[int], bool]:
    """Return whether people work at a wall time in ms."""
    zone, hours = ZoneInfo(site.timezone), site.service_hours

    def in_hours(wall_ms: int) -> bool:
        return hours is None or hours.covers(datetime.fromtimestamp(wall_ms / 1000, zone))

    return in_hours


def single_windows(configuration: Configuration) -> list[Window]:
    """Return the windows of planned work that stand in the configuration itself."""
    zone = ZoneInfo(configuration.site.timezone)
    return [
        Window(one.name, _ms(one.start, zone), _ms(one.end, zone), one.covers)
        for one in configuration.maintenance
        if one.start is not None and one.end is not None
    ]


def _ms(local: str, zone: ZoneInfo) -> int:
    moment = datetime.strptime(local, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


def rules(configuration: Configuration) -> list[Rule]:
    """Return the rules."""
    return [_rule(section) for section in configuration.rules]


def _rule(section: RuleSection) -> Rule:
    values = {
        Condition.ABOVE: section.above,
        Condition.BELOW: section.below,
        Condition.RATE_ABOVE: section.rate_above,
        Condition.RATE_BELOW: section.rate_below,
        Condition.NO_DATA: section.no_data_for_seconds,
        Condition.CHANGED: 0.0 if section.changed else None,
    }
    condition, limit = next((word, value) for word, value in values.items() if value is not None)
    return Rule(
        section.name,
        section.metric,
        condition,
        limit,
        tuple(section.where.items()),
        section.for_seconds,
        Severity(section.severity),
        section.notify,
    )
