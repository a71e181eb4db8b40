"""`netmon plan`: what tests are going to cost each circuit, before the first byte is sent."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from netmon import plugins
from netmon.clock import Clock, SystemClock
from netmon.config import Configuration, Loaded, assignments, circuits, default_path, load
from netmon.errors import UsageError
from netmon.hours import local_time
from netmon.sdk import Command, PlannedTest, Standing

_DAYS, _MOST_DAYS = 30, 366
_NEXT_SHOWN = 3


class PlanCommand(Command):
    """Print tests and bytes per circuit for the next 30 days; exit 1 when a cap cannot hold them."""

    summary = "what tests will cost each circuit, before the first byte"

    def __init__(self, environ: Mapping[str, str] = os.environ, clock: Clock | None = None) -> None:
        self._environ = environ
        self._clock = clock or SystemClock()

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what only this command has."""
        parser.add_argument("--days", type=int, default=_DAYS, help="how many days (default: %(default)s)")

    def run(self, options: Namespace) -> int:
        """Compute the plan; sends nothing to anybody."""
        if not 1 <= options.days <= _MOST_DAYS:
            raise UsageError(f"--days is from 1 to {_MOST_DAYS}")
        loaded = load(default_path(options.config), self._environ)
        bills = bill(loaded, self._clock.wall_ns(), options.days)
        if options.json:
            document = {
                "days": options.days,
                "bills": [one.document() for one in bills],
                "overdrawn": overdrawn(bills, options.days),
            }
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        else:
            for line in told(bills, options.days, loaded.configuration.site.timezone):
                sys.stdout.write(f"{line}\n")
        return int(bool(overdrawn(bills, options.days)))


@dataclass(slots=True)
class Bill:
    """What one probe is going to cost one circuit (empty: none, or nobody knows which)."""

    circuit: str
    probe: str
    cap_bytes: int | None
    reserve_bytes: int
    tests: list[PlannedTest] = field(default_factory=list)
    forbidden: Counter[str] = field(default_factory=Counter)

    @property
    def usual_bytes(self) -> int:
        """What its tests take as a rule."""
        return sum(test.usual_bytes for test in self.tests)

    @property
    def most_bytes(self) -> int:
        """What they take if each is cut off by its own limit."""
        return sum(test.most_bytes for test in self.tests)

    def document(self) -> dict[str, object]:
        """Return it for `--json`."""
        return {
            "circuit": self.circuit,
            "probe": self.probe,
            "cap_bytes": self.cap_bytes,
            "reserve_bytes": self.reserve_bytes,
            "tests": len(self.tests),
            "forbidden": dict(self.forbidden),
            "usual_bytes": self.usual_bytes,
            "most_bytes": self.most_bytes,
            "next": [_iso(test.at) for test in self.tests[:_NEXT_SHOWN]],
        }


def bill(loaded: Loaded, wall_ns: int, days: int) -> list[Bill]:
    """Return what each probe's tests cost from now on, in the order of the configuration."""
    configuration = loaded.configuration
    standing = Standing(configuration.site.id, configuration.site.timezone, dict(circuits(configuration)))
    today, now = local_time(wall_ns, standing.timezone).date(), wall_ns / 1e9
    found: dict[tuple[str, str], Bill] = {}
    for planned in assignments(configuration):
        source = plugins.source_type(planned.source_name)(planned.assignment, planned.settings)
        for day in range(days):
            for test in source.planned_tests(standing, today + timedelta(days=day)):
                if test.at >= now:
                    _enter(found, configuration, planned.assignment.name, test)
    return list(found.values())


def _enter(
    found: dict[tuple[str, str], Bill], configuration: Configuration, probe: str, test: PlannedTest
) -> None:
    line = next((one for one in configuration.circuits if one.id == test.circuit), None)
    key = test.circuit, probe
    if key not in found:
        cap = line.cap_bytes if line is not None else None
        found[key] = Bill(test.circuit, probe, cap, line.reserve_bytes if line is not None else 0)
    if test.forbidden:
        found[key].forbidden[test.forbidden] += 1
    else:
        found[key].tests.append(test)


def overdrawn(bills: Sequence[Bill], days: int) -> list[str]:
    """Return circuits whose monthly cap cannot hold what their tests of so many days take as a rule."""
    usual_bytes: Counter[str] = Counter()
    for one in bills:
        usual_bytes[one.circuit] += one.usual_bytes
    limits = {one.circuit: one.cap_bytes - one.reserve_bytes for one in bills if one.cap_bytes is not None}
    return [
        circuit
        for circuit, limit_bytes in limits.items()
        if usual_bytes[circuit] * min(_DAYS / days, 1) > limit_bytes
    ]


def told(bills: Sequence[Bill], days: int, timezone: str) -> Iterator[str]:
    """Yield the plan in words."""
    if not bills:
        yield "no tests are planned: nothing is sent that costs"
    for one in bills:
        cap = "no cap" if one.cap_bytes is None else f"cap {_size(one.cap_bytes)} a month"
        kept = f", {_size(one.reserve_bytes)} of it kept back" if one.reserve_bytes else ""
        yield f"circuit {one.circuit or '-'}, probe {one.probe} ({cap}{kept})"
        cost = f"{_size(one.usual_bytes)} as a rule, {_size(one.most_bytes)} at most"
        yield f"  {len(one.tests)} tests in {days} days: {cost}"
        for why, times in sorted(one.forbidden.items()):
            yield f"  {times} more will not take place: {why}"
        coming = [f"{local_time(round(test.at * 1e9), timezone):%a %d %b %H:%M}" for test in one.tests]
        if coming:
            yield f"  next: {', '.join(coming[:_NEXT_SHOWN])}"
    for circuit in overdrawn(bills, days):
        yield f"circuit {circuit}: more than its cap allows; the last tests of a month will not take place"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.2f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
