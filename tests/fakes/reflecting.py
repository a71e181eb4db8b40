"""A STAMP reflector on another host, with a clock that a test gives it, and what the referee says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from fakes.context import make_context
from fakes.namespaces import Host
from fakes.referee import BACKWARD, FAR, FORWARD, UDP, EmulatedPath, Packet, Truth, Verdict

from netmon import sdk
from probes.stamp import StampProbe
from probes.stamp_command import bound_socket
from probes.stamp_gate import Gate, Limits
from probes.stamp_reflector import Reflector
from probes.stamp_session import Found
from probes.stamp_time import ErrorEstimate, HostTime
from probes.target import Endpoint

EVERYBODY = (ip_network("0.0.0.0/0"), ip_network("::/0"))
PLENTY = Limits(source_per_second=100_000, total_per_second=100_000)


class WrongTime(HostTime):
    """A clock that is off and drifts; `error_seconds` is what it says of itself."""

    def __init__(self, offset_seconds=0.0, drift=0.0, error_seconds=None):
        self._offset_ns, self._drift, self._since = round(offset_seconds * 1e9), drift, time.time_ns()
        self._error = ErrorEstimate(error_seconds is not None, error_seconds)

    def utc_ns(self, kernel_ns):
        return kernel_ns + self._offset_ns + round(self._drift * (kernel_ns - self._since))

    def error(self):
        return self._error


class WatchedProbe(StampProbe):
    """Keeps what its trains found."""

    def __init__(self, *args):
        super().__init__(*args)
        self.found: list[Found] = []

    async def _run(self, *args):
        found = await super()._run(*args)
        self.found.append(found)
        return found


@asynccontextmanager
async def opened(path: EmulatedPath, target=FAR, timeout_seconds=10.0, **settings):
    """Give a probe that was opened on the near host."""
    context = make_context()
    assignment = sdk.Assignment("stamp", (target,), 0.05, timeout_seconds)
    probe = WatchedProbe(assignment, WatchedProbe.settings_type(**settings))
    with path.near.entered():
        await probe.open(context)
    try:
        yield probe
    finally:
        await probe.close()
        await context.shared.close()


def told(reading: sdk.Reading, name: str, **labels: str) -> sdk.Value:
    """Return a value of the only row."""
    for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
        if (metric.name, dict(metric.labels)) == (name, labels):
            return column[0]
    raise KeyError(name)


@contextmanager
def reflecting(
    host: Host | None,
    address: str,
    port: int = 862,
    *,
    wrong: HostTime | None = None,
    limits: Limits = PLENTY,
) -> Iterator[Reflector]:
    """Reflect on an address of a host (None: this one) for everybody."""
    gate = Gate(EVERYBODY, limits)
    endpoint = Endpoint(address, port)
    if host is None:
        sock = bound_socket(endpoint)
    else:
        with host.entered():
            sock = bound_socket(endpoint)
    reflector = Reflector(sock, sdk.SystemClock(), gate, wrong)
    try:
        yield reflector
    finally:
        reflector.close()


@asynccontextmanager
async def busy_loop(busy_seconds: float = 0.005, free_seconds: float = 0.015):
    """Keep the event loop from everybody for 5 ms in every 20."""

    async def burn():
        while True:
            until = time.perf_counter() + busy_seconds
            while time.perf_counter() < until:
                pass
            await asyncio.sleep(free_seconds)

    burning = asyncio.create_task(burn())
    try:
        yield
    finally:
        burning.cancel()


@dataclass(frozen=True)
class OneWay:
    """What the referee says of one direction."""

    lost: int
    copied: int
    seconds: dict[int, float]
    """Delay of each packet that was not copied, by its own number."""


def both_ways(truth: Truth) -> tuple[OneWay, OneWay]:
    """Return forward and backward."""
    packets = truth.packets(UDP)
    return tuple(_one_way([p for p in packets if p.direction == way]) for way in (FORWARD, BACKWARD))


def _one_way(packets: list[Packet]) -> OneWay:
    return OneWay(
        sum(p.verdict in (Verdict.LOST, Verdict.QUEUE_FULL, Verdict.OUTAGE) for p in packets),
        sum(p.verdict == Verdict.DUPLICATE for p in packets),
        {p.first: (p.sent_ns - p.arrived_ns) / 1e9 for p in packets if p.verdict == Verdict.FORWARDED},
    )


def queueing_errors(found: Found, true: OneWay, direction: str) -> tuple[list[float], list[float]]:
    """Return sorted errors (s) of one train's packets, and sorted truth, in a direction."""
    measured = [asked for asked in found.asked if asked.delay is not None]
    numbers = [asked.sequence if direction == "forward" else asked.reply.sequence for asked in measured]
    floor = min(true.seconds.values())
    waits = [true.seconds[number] - floor for number in numbers]
    told_waits = getattr(found.queueing, direction)
    return sorted(abs(one - other) for one, other in zip(told_waits, waits, strict=True)), sorted(waits)
