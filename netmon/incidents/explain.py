"""What explains what: an incident that hangs on another one is told to nobody, and says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from netmon.incidents.case import Case
from netmon.incidents.incident import ACCESS, Badness, Level, Thing
from netmon.incidents.moments import elapsed_seconds
from netmon.incidents.rule import behind_line
from netmon.incidents.scope import Scope
from netmon.model import Fault

_NEAR = frozenset({Fault.LAN, Fault.POWER, Fault.APPLIANCE, Fault.CPE, Fault.WIFI})
"""Faults of a site that take its devices with them."""
_BELOW = (Level.DEVICE, Level.PORT)
_TOGETHER_SECONDS = 60.0
_HOLD_MINUTES = 4
"""Longest wait for what stands above to be decided: it opens within this time, or it is well."""


@dataclass
class Explanations:
    """Looks from a thing upwards. `dark`: devices that did not answer in this minute."""

    scope: Scope
    cases: Mapping[Thing, Case]
    dark: frozenset[str] = field(default_factory=frozenset)

    def of(self, case: Case) -> tuple[str, str]:
        """Return the id of the incident that explains one, and why, in words; empty for none."""
        for above in self._above(case.thing):
            if above.open and self._explains(above, case.thing):
                return above.current.id, f"behind {_name(above.thing)}, incident {above.current.id}"
        for beside in self._beside(case):
            return beside.current.id, f"since the same minute as {_name(beside.thing)}"
        return "", ""

    def undecided(self, case: Case) -> bool:
        """Tell whether something above is bad, and not yet known to be so for good: look there first."""
        if case.held_minutes >= _HOLD_MINUTES:
            return False
        return any(
            above.track.bad and not above.open and self._could_explain(above, case.thing)
            for above in self._above(case.thing)
        )

    def _above(self, thing: Thing) -> Iterator[Case]:
        """Yield what stands above a thing, the nearest first."""
        if thing.level is Level.SITE and thing.condition == ACCESS:
            yield from self._case(self.scope.of_supplier(thing.supplier))
            return
        if thing.level is Level.DEVICE or thing.level is Level.PORT:
            yield from self._above_device(thing)
        if not thing.of_rule or thing.level is not Level.SITE or behind_line(thing):
            yield from self._case(self.scope.site)

    def _above_device(self, thing: Thing) -> Iterator[Case]:
        name = dict(thing.details).get("device", "") or thing.name
        own = self.scope.device(name)
        if own != thing:
            yield from self._case(own)
        for parent in self.scope.chain(name):
            yield from self._case(self.scope.device(parent))
            if parent in self.dark:
                for circuit in self.scope.circuits_of(parent):
                    yield from self._case(self.scope.circuit(circuit))

    def _case(self, thing: Thing) -> Iterator[Case]:
        found = self.cases.get(thing)
        if found is not None:
            yield found

    def _explains(self, above: Case, thing: Thing) -> bool:
        incident = above.current
        if above.thing.level is not Level.SITE or thing.level not in _BELOW:
            return True
        if self._behind_dark_router(thing):
            return True
        return incident.worst is Badness.UNSEEN and incident.fault in _NEAR

    def _could_explain(self, above: Case, thing: Thing) -> bool:
        if above.thing.level is not Level.SITE or thing.level not in _BELOW:
            return True
        return above.track.now is Badness.UNSEEN or self._behind_dark_router(thing)

    def _behind_dark_router(self, thing: Thing) -> bool:
        routers = {circuit.wan_device for circuit in self.scope.watch.circuits.values()}
        device = dict(thing.details).get("device", "") or thing.name
        return any(name in self.dark and name in routers for name in self.scope.chain(device))

    def _beside(self, case: Case) -> Iterator[Case]:
        """Yield the first of the devices that went dark together, without anything above them."""
        thing = case.thing
        if thing.level is not Level.DEVICE or thing != self.scope.device(thing.name):
            return
        mine = next(self.scope.chain(thing.name), "")
        first = case.current.started if case.incident is not None else None
        for other in self.cases.values():
            if other is case or not other.open or other.current.suppressed_by or first is None:
                continue
            if other.thing.level is not Level.DEVICE or other.thing.condition != thing.condition:
                continue
            same = next(self.scope.chain(other.thing.name), "") == mine
            if same and abs(elapsed_seconds(other.current.started, first)) <= _TOGETHER_SECONDS:
                yield other


def _name(thing: Thing) -> str:
    return thing.name or thing.site
