"""From a minute to the looks of all things, what stands above first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from netmon.incidents.incident import Badness, Thing
from netmon.incidents.look import Look, Said
from netmon.incidents.minute import Minute
from netmon.incidents.scope import CONDITIONS, Scope
from netmon.model import Fault, SlotState

_MEMBERS = 2
"""Dark sites of one supplier that make it the supplier's matter."""
_DEVICE_FAULTS = {"access_point": Fault.WIFI}


def looks(scope: Scope, minute: Minute, seen_good: Callable[[Thing], bool]) -> Iterator[Look]:
    """Yield a look at each thing that is watched."""
    yield from _suppliers(scope, minute)
    site = _site(scope, minute)
    own = site.look(scope.site, only=True, seen_good=seen_good(scope.site)) if site else None
    if own is not None:
        yield own
    for name, badness in minute.others.items():
        sentence = "The site does not answer from outside."
        yield Look(scope.other_site(name), badness, Fault.UNKNOWN, sentence)
    if not scope.single:
        for name, said in minute.circuits.items():
            if name in scope.watch.circuits:
                thing = scope.circuit(name)
                yield said.look(thing, only=False, seen_good=seen_good(thing))
    if minute.site is not None:
        yield from _beside(scope, minute.site)
    yield from _devices(scope, minute, own)


def _site(scope: Scope, minute: Minute) -> Said | None:
    """Return the site's minute: that of its only line, which knows the line's usual times, too."""
    if scope.single and minute.circuits:
        return next(iter(minute.circuits.values()))
    return minute.site


def _suppliers(scope: Scope, minute: Minute) -> Iterator[Look]:
    members: dict[str, list[str]] = {}
    for site, supplier in scope.suppliers.items():
        if supplier and minute.others.get(site) is not None:
            members.setdefault(supplier, []).append(site)
    for supplier, sites in members.items():
        if len(sites) >= _MEMBERS:
            dark = [site for site in sites if minute.others[site]]
            badness = Badness.DOWN if len(dark) >= _MEMBERS else Badness.GOOD
            sentence = f"Sites of {supplier} are dark."
            yield Look(scope.of_supplier(supplier), badness, Fault.ISP, sentence, tuple(dark))


def _beside(scope: Scope, site: Said) -> Iterator[Look]:
    """Yield what is wrong while the line works; with a dead line nobody knows."""
    found = {other.fault: other for other in site.beside}
    if site.state is SlotState.UP and not site.degraded and site.fault in CONDITIONS:
        found.setdefault(site.fault, site)
    for fault, condition in CONDITIONS.items():
        thing, said = scope.beside(condition), found.get(fault)
        if said is not None:
            yield Look(thing, Badness.UNSEEN, fault, said.sentence, said.facts)
        else:
            yield Look(thing, Badness.GOOD if site.state is SlotState.UP else None)


def _devices(scope: Scope, minute: Minute, own: Look | None) -> Iterator[Look]:
    """Yield devices; none is known while this box itself is at fault, nor the router of a dead line.

    A router that is as dark as its line is the line's incident, not one more.
    """
    blind = own is not None and bool(own.badness) and own.fault is Fault.APPLIANCE
    for device in scope.devices():
        answers = minute.devices.get(device.name)
        thing = scope.device(device.name)
        if answers is None or blind or (not answers and _is_line(scope, minute, own, device.name)):
            yield Look(thing, None)
        elif answers:
            yield Look(thing, Badness.GOOD)
        else:
            fault = _DEVICE_FAULTS.get(device.role, Fault.LAN)
            words = f"{device.name} does not answer"
            yield Look(thing, Badness.UNSEEN, fault, f"{words}.", (words,))


def _is_line(scope: Scope, minute: Minute, own: Look | None, device: str) -> bool:
    circuits = scope.circuits_of(device)
    dark_site = own is not None and (own.badness or Badness.GOOD) >= Badness.UNSEEN
    lines = [minute.circuits[name] for name in circuits if name in minute.circuits]
    return bool(circuits) and (dark_site or any(said.state is not SlotState.UP for said in lines))
