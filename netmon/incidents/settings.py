"""What the engine is told of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from netmon.incidents.dossier import Surroundings
from netmon.incidents.incident import Level, Thing
from netmon.incidents.look import Look
from netmon.incidents.policy import Policy
from netmon.incidents.scope import Scope
from netmon.model import Record, Shape, Stamp
from netmon.verdict.view import Watch


class RuleWatch(Protocol):
    """The rules of the configuration."""

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""

    def looks(self, now: Stamp, known: Collection[Thing]) -> Sequence[Look]:
        """Return a look at each row that a rule has something to say of, and at those that are known."""

    def covers(self, shape: Shape) -> bool:
        """Tell whether a rule is about anything in readings of this shape."""

    def has(self, thing: Thing) -> bool:
        """Tell whether there is still such a rule."""

    def keep(self, wanted: Callable[[Thing], bool]) -> None:
        """Look at these things alone from now on."""


def never_planned(_thing: Thing, _wall_ms: int) -> str:
    """Return the reason for maintenance of a thing at a moment: there is none."""
    return ""


def always_open(_wall_ms: int) -> bool:
    """Tell whether people work at a moment: they always do."""
    return True


@dataclass(frozen=True)
class EngineSettings:
    """A configuration as far as incidents go."""

    scope: Scope = field(default_factory=lambda: Scope(Watch("", "")))
    policy: Policy = field(default_factory=Policy)
    in_hours: Callable[[int], bool] = always_open
    """By wall time in ms."""
    planned: Callable[[Thing, int], str] = never_planned
    """Why a thing is in maintenance at a wall time in ms; empty: it is not."""
    rules: RuleWatch | None = None

    def wanted(self, thing: Thing) -> bool:
        """Tell whether a thing is still watched; rules answer for their own."""
        scope, level = self.scope, thing.level
        if thing.of_rule:
            return self.rules is not None and self.rules.has(thing) and scope.watches(thing)
        if level is Level.DEVICE:
            return thing.name in scope.watch.devices
        if level is Level.CIRCUIT:
            return not scope.single and thing.name in scope.watch.circuits
        outside = {probe.outside_of for probe in scope.watch.probes.values()}
        return level is Level.SUPPLIER or thing.site in (scope.watch.site, *outside)

    def surroundings(self, batteries: Sequence[str]) -> Surroundings:
        """Return what is watched at all."""
        watch = self.scope.watch
        hop = any(p.kind == "path" or p.role == "first_hop" for p in watch.probes.values())
        ports = any(circuit.wan_interface for circuit in watch.circuits.values())
        return Surroundings(tuple(self.scope.routers), tuple(watch.devices), ports, hop, tuple(batteries))
