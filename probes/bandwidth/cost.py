"""What tests are going to cost, from their settings alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from netmon import sdk
from probes.bandwidth.agenda import appointments
from probes.bandwidth.manners import Wish, why_not
from probes.bandwidth.measured import Direction
from probes.bandwidth.settings import (
    DIRECTIONS,
    BandwidthSettings,
    Kind,
    is_planned,
    share_seconds,
    timetable,
)

_STEADY_SECONDS = 0.8
"""How long ndt7 and http took until they were steady, as a rule."""
_TRAINS_BYTES = 600_000
_ENDS_WHEN_STEADY = frozenset({Kind.NDT7, Kind.HTTP})


def planned_tests(
    assignment: sdk.Assignment, settings: BandwidthSettings, standing: sdk.Standing, day: date
) -> Sequence[sdk.PlannedTest]:
    """Return the tests of a local day, those that are forbidden with the reason."""
    if settings.method is Kind.PASSIVE:
        return ()
    circuit, targets = _line(assignment, standing), len(assignment.targets)
    most_bytes = settings.most_bytes * len(DIRECTIONS[settings.directions])
    usual_bytes = sum(
        _usual_bytes(assignment, settings, circuit, direction)
        for direction in DIRECTIONS[settings.directions]
    )

    def forbidden(at: float) -> str:
        local = datetime.fromtimestamp(at, ZoneInfo(standing.timezone))
        wish = Wish(
            settings.method,
            circuit,
            len(standing.circuits),
            most_bytes,
            None,
            local,
            seconds=assignment.timeout_seconds,
            fills=settings.buffer,
        )
        refusal = why_not(wish)
        return str(refusal.why) if refusal is not None else ""

    name = circuit.id if circuit is not None else ""
    costs = name, usual_bytes * targets, most_bytes * targets
    return [
        sdk.PlannedTest(at, *costs, forbidden(at), stratum, peak)
        for at, stratum, peak in _moments(assignment, settings, standing, day)
    ]


def _line(assignment: sdk.Assignment, standing: sdk.Standing) -> sdk.Circuit | None:
    circuits = standing.circuits
    only = next(iter(circuits.values())) if len(circuits) == 1 else None
    return circuits.get(assignment.circuit) or only


def _moments(
    assignment: sdk.Assignment, settings: BandwidthSettings, standing: sdk.Standing, day: date
) -> Iterator[tuple[float, str, bool]]:
    if is_planned(settings):
        fleet = settings.fleet(standing.site, assignment.name, _line(assignment, standing))
        table = timetable(assignment, settings, standing.timezone)
        made = appointments(table, fleet, standing.site, day)
        yield from ((one.at, one.stratum, one.peak) for one in made)
        return
    zone = ZoneInfo(standing.timezone)
    begin, end = (datetime.combine(one, time(), zone).timestamp() for one in (day, day + timedelta(days=1)))
    runs = int((end - begin) // assignment.every_seconds)
    yield from ((begin + run * assignment.every_seconds, "", False) for run in range(runs))


def _usual_bytes(
    assignment: sdk.Assignment,
    settings: BandwidthSettings,
    circuit: sdk.Circuit | None,
    direction: Direction,
) -> int:
    """Return what one direction takes as a rule; all that it may, where the line's rate is not known."""
    if settings.method is Kind.TRAINS and not settings.buffer:
        return min(_TRAINS_BYTES, settings.max_bytes)
    rates = (
        (circuit.down_bits_per_second, circuit.up_bits_per_second) if circuit is not None else (None, None)
    )
    rate = rates[0] if direction is Direction.DOWN else rates[1]
    if rate is None or settings.method is Kind.TRAINS:
        return settings.max_bytes
    early = settings.until_steady and settings.latency == "none" and settings.method in _ENDS_WHEN_STEADY
    seconds = _STEADY_SECONDS if early else share_seconds(assignment, settings)
    return min(round(rate / 8 * seconds), settings.max_bytes)
