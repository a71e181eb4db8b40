"""Tests of a line on which something is wrong, judged as the probe does, beside a router's counters."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from fakes.capacity import PORT, TOKEN
from fakes.context import make_context
from fakes.namespaces import Host

from netmon import sdk
from probes.bandwidth.commission.instrument import Instrument
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.measured import Ask
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import find_place
from probes.bandwidth.record import Test
from probes.bandwidth.tester import Tester
from probes.bandwidth.trains import Trains
from probes.bandwidth.witness import Card

CARD = Card("eth0", 1_000_000_000, True, False)
_FCS_BYTES = 4
_NAMES = ("ifHCInOctets", "ifHCInUcastPkts", "ifHCOutOctets", "ifHCOutUcastPkts")


@dataclass
class Router:
    """A WAN port: what this host's thread sees on its cable, and others' traffic that only the path knows."""

    circuit: str
    others_bits_per_second: float = 0.0
    interface: str = "eth0"
    _shape: sdk.Shape = field(init=False)

    def __post_init__(self) -> None:
        key = (("device", "router"), ("ifName", "wan"), ("circuit", self.circuit))
        metrics = tuple(sdk.counter(name, "A count.") for name in _NAMES)
        self._shape = sdk.Shape("interface", metrics, (sdk.Row(key),))

    def reading(self, _measurement: str, _key: sdk.Labels) -> sdk.Reading:
        clock = sdk.SystemClock()
        seconds = clock.boottime_ns() / 1e9
        octets = self.others_bits_per_second / 8 * seconds
        packets = octets / 1518
        lines = Path("/proc/thread-self/net/dev").read_text().splitlines()
        found = next(line.split(":")[1].split() for line in lines if line.strip().startswith(self.interface))
        values = []
        for at in (0, 8):
            values.append(int(octets) + int(found[at]) + _FCS_BYTES * int(found[at + 1]))
            values.append(int(packets) + int(found[at + 1]))
        return sdk.Reading(
            self._shape, clock.stamp(), tuple([value] for value in values), (sdk.Outcome.OK,), (0,)
        )

    def value(self, _measurement: str, _key: sdk.Labels, _metric: str) -> sdk.Value:
        return None


@dataclass(frozen=True)
class Condition:
    """What is known of the line and the instrument in a test."""

    circuit: sdk.Circuit
    router: Router | None = None
    instrument: Instrument | None = None
    card: Card | None = CARD


async def run_on_line(host: Host, address: str, kind: str, ask: Ask, condition: Condition) -> Test:
    """Test once and judge, as on a machine whose clock is right and whose card is this one."""
    router = condition.router or Router(condition.circuit.id)
    context = make_context(latest=router, circuits={condition.circuit.id: condition.circuit})
    folder = "/backend/" if kind == "http" else "/"
    with host.entered():
        place = await find_place(context, f"http://{address}:{PORT}{folder}", "any", None, TOKEN)
        place = replace(place, client="the lab")
        method = {
            "ndt7": lambda: Ndt7(place, context.clock, None),
            "http": lambda: HttpStreams(place, context.clock, Paths()),
            "trains": lambda: Trains(place, context.clock, None),
        }[kind]()
        tester = Tester(method, context, condition.circuit, None, condition.instrument, kind)
        found = await tester.test(ask, Meter(context.ledger, "", 10**11), 0.0)
    host_state = replace(found.host, clock_synchronised=True, card=condition.card)
    return tester._judged(replace(found, host=host_state, stamp=replace(found.stamp, synced=True)))


@contextmanager
def slowed_down(pid: int, runs_seconds: float = 0.01, stops_seconds: float = 0.09) -> Iterator[None]:
    """Let a process run a tenth of the time only."""
    ended = threading.Event()

    def drive() -> None:
        while not ended.wait(runs_seconds):
            os.kill(pid, signal.SIGSTOP)
            ended.wait(stops_seconds)
            os.kill(pid, signal.SIGCONT)

    driver = threading.Thread(target=drive)
    driver.start()
    try:
        yield
    finally:
        ended.set()
        driver.join()
        os.kill(pid, signal.SIGCONT)


@contextmanager
def starved() -> Iterator[None]:
    """Take the event loop's time away, 19 of 20 ms."""
    loop = asyncio.get_running_loop()
    handle: list[asyncio.TimerHandle] = []

    def burn() -> None:
        ends = loop.time() + 0.019
        while loop.time() < ends:
            pass
        handle[:] = [loop.call_later(0.001, burn)]

    burn()
    try:
        yield
    finally:
        handle[0].cancel()
