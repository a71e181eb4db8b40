"""From the book to scenes: what was said in a minute, sorted by circuit and by place."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from netmon.verdict.book import PATH, Book
from netmon.verdict.carrier import Carriers
from netmon.verdict.directions import directions
from netmon.verdict.evidence import is_near
from netmon.verdict.firsthop import FirstHops
from netmon.verdict.port import port_minute
from netmon.verdict.sample import Sample, TargetKey
from netmon.verdict.scene import BlackHole, Scene
from netmon.verdict.slots import Slot
from netmon.verdict.tally import Tally, percentile, planned_runs, tally
from netmon.verdict.timeline import Timelines
from netmon.verdict.view import WatchedCircuit, WatchedProbe

_USUAL_MINUTES, _USUAL_LEAST = 1440, 10
_PATH_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class _Told:
    """What was said of one target in a slot, and which circuit carried each sample."""

    key: TargetKey
    probe: WatchedProbe
    planned: int
    samples: Sequence[Sample]
    carriers: Sequence[str]


class SceneMaker:
    """Makes the scenes of a minute. Remembers what is usual: first hops, and a day of round trips."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._hops = FirstHops(book)
        self._usual: dict[str, deque[float]] = {}

    def scenes(self, slot: Slot) -> tuple[list[Scene], Scene]:
        """Return the scene of each circuit, and the site's own, where whatever way it went counts."""
        told = self._told(slot)
        whole = [tally(one.key, one.probe, one.planned, one.samples) for one in told]
        circuits = [
            self._of(slot, circuit, [_carried(*each, circuit.id) for each in zip(told, whole, strict=True)])
            for circuit in self._book.watch.circuits.values()
        ]
        return circuits, self._of(slot, None, whole)

    def learn(self, scene: Scene) -> None:
        """Remember how long the anchors of a circuit took, and the first hop."""
        for one in (*scene.anchors, *scene.first_hops):
            middle = percentile(one.trips_seconds, 0.5)
            if middle is not None and scene.circuit is not None:
                name = f"{scene.circuit.id} {one.key}"
                self._usual.setdefault(name, deque(maxlen=_USUAL_MINUTES)).append(middle)

    def _told(self, slot: Slot) -> list[_Told]:
        """Return what was said of each target of this site, with the carriers of its samples."""
        carriers, found = Carriers(self._book), []
        for key, timeline in self._book.samples.items():
            probe = self._book.watch.probes[key.probe]
            if probe.role and not probe.outside_of:
                timed = timeline.timed(slot)
                carried = [carriers.of(at_ns, sample) for at_ns, sample in timed]
                samples = [sample for _, sample in timed]
                found.append(_Told(key, probe, planned_runs(probe, slot), samples, carried))
        return found

    def _of(self, slot: Slot, circuit: WatchedCircuit | None, tallies: Sequence[Tally]) -> Scene:
        book, near = self._book, self._book.watch.near
        roles: dict[str, list[Tally]] = {}
        for one in tallies:
            roles.setdefault(one.probe.role, []).append(one)
        gateways = {one.host for one in (*roles.get("gateway", ()), *roles.get("cpe", ()))}
        resolvers = roles.get("resolver", [])
        lines = [circuit] if circuit is not None else list(book.watch.circuits.values())
        own = {one.host for one in tallies if is_near(one.host, near)} | gateways
        anchors = [one for one in roles.get("anchor", ()) if one.host not in own]
        scene = Scene(
            circuit,
            gateways=roles.get("gateway", ()),
            cpes=roles.get("cpe", ()),
            first_hops=roles.get("first_hop", ()),
            anchors=anchors,
            services=[one for one in roles.get("service", ()) if one.host not in own],
            local_services=[one for one in roles.get("service", ()) if one.host in own - gateways],
            resolvers=[one for one in resolvers if one.probe.kind == "dns"],
            far_resolvers=[one for one in resolvers if one.host not in own],
            ports=[port_minute(_port_name(line), book.ports[line.id], slot) for line in lines],
            hop=self._hops.of(slot, circuit),
            black_hole=self._black_hole(slot, circuit),
            directions=directions(book, slot, circuit),
            usual_seconds=self._usual_of(circuit, (*anchors, *roles.get("first_hop", ()))),
        )
        return self._surroundings(slot, scene, lines)

    def _surroundings(self, slot: Slot, scene: Scene, lines: Sequence[WatchedCircuit]) -> Scene:
        """Add what is not of the circuit itself: devices, power, this machine, the view from outside."""
        book, watch = self._book, self._book.watch
        routers = [line.wan_device for line in lines if line.wan_device]
        answers = {name: told.within(slot) for name, told in book.devices.items()}
        links, outside = book.carriers.within(slot), book.outside.within(slot)
        return replace(
            scene,
            restarted=[name for name in routers or _routers(book) if _restarted(book.restarts, name, slot)],
            devices={name: any(said) for name, said in answers.items() if said},
            routers=routers or _routers(book),
            access_points=[name for name, one in watch.devices.items() if one.role == "access_point"],
            carrier=any(links) if links else None,
            on_battery=[name for name, told in book.batteries.items() if any(told.within(slot))],
            outside=outside[-1] if outside else None,
            anything_said=book.newest_ns >= slot.start_ns and self._said(slot),
        )

    def _said(self, slot: Slot) -> bool:
        """Tell whether any source ran in a slot."""
        book = self._book
        return (
            bool(book.carriers.within(slot))
            or any(told.within(slot) for told in book.samples.values())
            or any(told.within(slot) for told in book.devices.values())
        )

    def _black_hole(self, slot: Slot, circuit: WatchedCircuit | None) -> BlackHole | None:
        for (measurement, key), rows in self._book.rows.items():
            probe, row = self._book.watch.probes[key.probe], rows.before(slot.end_ns)
            if measurement != PATH or row is None or not goes_by(row.label("circuit"), circuit, self._book):
                continue
            age_ns = slot.end_ns - row.reading.stamp.boottime_ns
            if age_ns <= _PATH_INTERVALS * probe.every_seconds * 1e9 and row.value(
                "netmon_path_mtu_black_hole"
            ):
                hop = row.value("netmon_path_mtu_black_hole_hop")
                return BlackHole(int(hop or 0), row.value("netmon_path_mtu_bytes"))
        return None

    def _usual_of(self, circuit: WatchedCircuit | None, tallies: Sequence[Tally]) -> dict[str, float]:
        if circuit is None:
            return {}
        known = {one.key.target: self._usual.get(f"{circuit.id} {one.key}", ()) for one in tallies}
        return {target: median(past) for target, past in known.items() if len(past) >= _USUAL_LEAST}


def goes_by(label: str, circuit: WatchedCircuit | None, book: Book) -> bool:
    """Tell whether a row with this circuit's label is about a circuit, or about the site."""
    return circuit is None or label == circuit.id or (not label and len(book.watch.circuits) == 1)


def _carried(told: _Told, whole: Tally, circuit: str) -> Tally:
    """Return what a circuit carried of a target; what is near needs no circuit, unless it is bound to one."""
    meant = told.probe.circuit in ("", circuit)
    if meant and (told.probe.role in ("gateway", "cpe") or all(by == circuit for by in told.carriers)):
        return whole
    mine = [sample for sample, by in zip(told.samples, told.carriers, strict=True) if by == circuit]
    diverted = len(told.samples) - len(mine) if meant else 0
    return tally(told.key, told.probe, told.planned if mine or meant else 0, mine, diverted)


def _restarted(restarts: Timelines[str, float], device: str, slot: Slot) -> bool:
    """Tell whether a device restarted in a slot, or was found then to have done so."""
    return device in restarts and bool(restarts[device].within(slot))


def _port_name(circuit: WatchedCircuit) -> str:
    return f"{circuit.wan_device} {circuit.wan_interface}".strip()


def _routers(book: Book) -> list[str]:
    return [name for name, one in book.watch.devices.items() if one.role in ("router", "firewall", "modem")]
