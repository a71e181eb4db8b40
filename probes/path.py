"""Path: who passes packets on to a target, where they get lost, and how large they may be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_address
from typing import Literal

from netmon import sdk
from probes.path_connect import ConnectDoor
from probes.path_hops import End, way_of
from probes.path_metrics import (
    HOP,
    HOP_METRICS,
    OUTCOMES,
    PATH_METRICS,
    Trace,
    hop_columns,
    hop_rows,
    path_texts,
    path_values,
)
from probes.path_mtu import MtuSearch, PathMtu, link_mtu
from probes.path_record import PathMemory
from probes.path_socket import DatagramDoor, Door, Flow, Method
from probes.path_story import ending, story
from probes.path_trace import Plan, Tracer, trace_all
from probes.target import Family, Resolved, resolve
from probes.timestamping import StampKeeper

_PORTS = {Method.ICMP: 0, Method.UDP: 33_434, Method.TCP: 443}
_MTU_WAIT_SECONDS = (0.2, 1.0)


class PathSettings(sdk.Settings):
    """`method` and `port` of the packets; `rounds` per trace with `spacing` between; `flows` that differ.

    `max_hops` ends a trace, `wait` is the longest for an answer. `mtu` asks how large packets may be.
    """

    method: Literal["icmp", "udp", "tcp"] = "icmp"
    port: int = 0
    rounds: int = 3
    flows: int = 1
    max_hops: int = 30
    wait: sdk.Seconds = 1.0
    spacing: sdk.Seconds = 0.2
    mtu: bool = True
    family: Family = "any"


class PathProbe(sdk.Probe[PathSettings]):
    """Trace the way to each target, without privileges."""

    measurement = "path"
    own_metrics = PATH_METRICS
    further_metrics = {HOP: HOP_METRICS}  # noqa: RUF012 - declared in the base class, as ClassVar
    settings_type = PathSettings
    binds = True
    grace_seconds = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: PathSettings) -> None:
        super().__init__(assignment, settings)
        self._memories: dict[str, PathMemory] = {}
        self._hop_shapes: dict[str, sdk.Shape] = {}
        _check(assignment, settings)

    async def open(self, context: sdk.Context) -> None:
        """Have the kernel stamp packets."""
        await super().open(context)
        await context.shared.get(StampKeeper)

    async def measure(self, target: str) -> sdk.Sample:
        """Trace the way to one target."""
        clock = self.context.clock
        until = clock.monotonic() + self.assignment.timeout_seconds
        resolved = await self._resolved(target)
        trace = await self._trace(target, resolved, until)
        for line in story(trace):
            self.context.trace(line)
        stamp = clock.stamp()
        memory = self._memories.get(target)
        if memory is None or memory.address != trace.address:
            memory = self._memories[target] = PathMemory(trace.address)
        outcome = OUTCOMES[trace.main.end]
        records = [*memory.records(trace, self._key(target), stamp, clock.monotonic())]
        if any(way.hops for way in trace.ways):
            records.append(self._hop_reading(trace, stamp, outcome))
        return sdk.Sample(path_values(trace), path_texts(trace), outcome, ending(trace.main), tuple(records))

    async def _resolved(self, target: str) -> Resolved:
        """Return the address of the trace before while the name has it: only so can ways be compared."""
        resolved = await resolve(self.context, target, self.settings.family, self.circuit)
        known = self._memories.get(target)
        if known is None or known.address == resolved.address:
            return resolved
        still = {str(ip_address(address)) for address in await self.context.resolver.addresses(target)}
        return replace(resolved, address=known.address) if known.address in still else resolved

    async def _trace(self, target: str, resolved: Resolved, until: float) -> Trace:
        settings, context = self.settings, self.context
        plan = Plan(settings.rounds, settings.max_hops, settings.wait, settings.spacing, until)
        with ExitStack() as doors:
            method, opened = self._open_doors(resolved, doors)
            found = await trace_all(Tracer(door, plan, context) for door in opened)
            ways = tuple(way_of(packets, settings.max_hops) for packets in found)
            trace = Trace(target, resolved.address, method, ways, None)
            if not settings.mtu or trace.main.end is not End.TARGET:
                return trace
            mtu = await self._mtu(trace, opened[0], doors, until)
        return Trace(target, resolved.address, method, ways, mtu)

    def _open_doors(self, resolved: Resolved, doors: ExitStack) -> tuple[Method, Sequence[Door]]:
        """Return a door for each flow; by UDP where ping sockets are not permitted."""
        method = Method(self.settings.method)
        try:
            return method, self._doors(method, resolved, doors)
        except PermissionError:
            self.context.trace("ping sockets are not permitted: UDP instead")
            return Method.UDP, self._doors(Method.UDP, resolved, doors)

    def _doors(self, method: Method, resolved: Resolved, doors: ExitStack) -> Sequence[Door]:
        port = 0 if method is Method.ICMP else self.settings.port or _PORTS[method]
        opened: list[Door] = []
        for number in range(1, self.settings.flows + 1):
            flow = Flow(method, resolved.address, port, number, self.circuit)
            made = ConnectDoor if method is Method.TCP else DatagramDoor
            door: Door = made(flow, self.context.clock)
            doors.callback(door.close)
            opened.append(door)
        return opened

    async def _mtu(self, trace: Trace, door: Door, doors: ExitStack, until: float) -> PathMtu | None:
        flow = Flow(Method.ICMP, trace.address, 0, 1, self.circuit)
        clock = self.context.clock
        if trace.method is not Method.ICMP:
            try:
                door = DatagramDoor(flow, clock)
            except PermissionError:
                return None
            doors.callback(door.close)
        slowest = max((max(hop.trips_seconds, default=0.0) for hop in trace.main.hops), default=0.0)
        least, most = _MTU_WAIT_SECONDS
        search = MtuSearch(door, flow, len(trace.main.hops), min(max(3 * slowest + 0.1, least), most))
        try:
            return await search.run(link_mtu(flow), lambda: until - clock.monotonic())
        except sdk.SourceError as error:
            self.context.trace(f"the path's MTU could not be told: {error}")
            return None

    def _hop_reading(self, trace: Trace, stamp: sdk.Stamp, outcome: sdk.Outcome) -> sdk.Reading:
        """Return the rows of the hops; their outcome is that of the trace they belong to."""
        rows = hop_rows(self._key(trace.target), trace.ways)
        shape = self._hop_shapes.get(trace.target)
        if shape is None or shape.rows != rows:
            shape = self._hop_shapes[trace.target] = sdk.Shape(HOP, HOP_METRICS, rows)
        return sdk.Reading(shape, stamp, hop_columns(trace.ways), (outcome,) * len(rows))


def _check(assignment: sdk.Assignment, settings: PathSettings) -> None:
    """Raise UsageError for settings that cannot work."""
    ranges = (
        ("port", settings.port, 0, 65_535),
        ("rounds", settings.rounds, 1, 100),
        ("flows", settings.flows, 1, 8),
        ("max_hops", settings.max_hops, 1, 64),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            raise sdk.UsageError(f"{assignment.name}: {name} is {value}, not {low} to {high}")
    longest_seconds = settings.spacing * 1.5 * (settings.rounds - 1)
    if longest_seconds >= assignment.timeout_seconds:
        raise sdk.UsageError(
            f"{assignment.name}: {settings.rounds} rounds with {settings.spacing:g} s between them"
            f" do not fit into a timeout of {assignment.timeout_seconds:g} s"
        )
