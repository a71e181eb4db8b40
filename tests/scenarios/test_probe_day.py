"""The real probes for a day of virtual time, while their machine and its network misbehave.

Real: probes, their sockets, runner, ticker, hub, book, minutes, the kernel of a network namespace and its
addresses. Fake: the clock (so that kernel stamps never fit, and own readings serve) and the resolver.
NETMON_DAY_HOURS=24 runs the whole day; the suite lives through an hour of it.
"""

import asyncio
import logging
import os
import random
import resource
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes.clock import FakeClock, run
from fakes.context import FakeResolver, make_context
from fakes.namespaces import hosts
from fakes.stun_server import stun_server
from fakes.time_server import time_server

from netmon import sdk
from netmon.hub import Hub
from netmon.latest import Latest
from netmon.metrics.exposition import Exposition
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE
from netmon.runner import Runner
from netmon.schedule.ticker import Job, Ticker
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes
from netmon.verdict.view import Watch, WatchedCircuit, WatchedProbe
from probes.dns import DnsProbe
from probes.egress import EgressProbe
from probes.http import HttpProbe
from probes.icmp import IcmpProbe
from probes.ntp import NtpProbe
from probes.path import PathProbe
from probes.tcp import TcpProbe
from probes.udp import UdpProbe

HOURS = float(os.environ.get("NETMON_DAY_HOURS", "1"))
EVERY_SECONDS, TIMEOUT_SECONDS = 20.0, 4.0
OWN, FAR, FAR_6 = "10.9.0.2", "198.51.100.1", "2001:db8:ff::1"
NAME = "far.test"
CLOCK_STEPS = (3600, -3600, 315_360_000, -315_360_000)
UNBOUNDED = ("_timestamp_seconds", "_offset_seconds", "netmon_probe_ntp_root", "probe_ssl_")
"""What may be anything: moments, and what a far clock says."""


@dataclass
class Witness:
    """A subscriber: counts outcomes, and keeps what no probe may ever say."""

    readings: Counter = field(default_factory=Counter)
    outcomes: dict[str, Counter] = field(default_factory=dict)
    newest: dict[str, set] = field(default_factory=dict)
    absurd: list[str] = field(default_factory=list)
    minutes: int = 0
    states: set[int] = field(default_factory=set)
    steps_ns: set[int] = field(default_factory=set)
    last_ns: int = 0

    def accept(self, records) -> None:
        for record in records:
            if isinstance(record, sdk.Reading):
                self._take(record)

    def _take(self, reading) -> None:
        measurement, key = reading.shape.measurement, dict(reading.shape.rows[0].key)
        if measurement == SITE_MINUTE:
            self._minute(reading.stamp.boottime_ns, reading.columns[0][0])
        elif measurement == "run":
            name = key["name"]
            self.readings[name] += 1
            self.outcomes.setdefault(name, Counter()).update(map(str, reading.outcomes))
            self.newest[name] = set(map(str, reading.outcomes))
        if measurement != CIRCUIT_MINUTE or reading.columns[0][0] != 2:
            self._weigh(reading)

    def _minute(self, at_ns, state) -> None:
        self.minutes += 1
        self.states.add(state)
        if self.last_ns:
            self.steps_ns.add(at_ns - self.last_ns)
        self.last_ns = at_ns

    def _weigh(self, reading) -> None:
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            for value in column:
                if value is not None and absurd(metric.name, value):
                    self.absurd.append(f"{metric.name} {metric.labels} {value}")


def absurd(name, value) -> bool:
    """Tell whether no probe on one machine can have found this."""
    if any(part in name for part in UNBOUNDED) or name.startswith("smokeping"):
        return value < 0 and name.startswith("smokeping")
    if name.endswith("_seconds"):
        return not 0 <= value <= TIMEOUT_SECONDS + 3
    if name.endswith("_ratio"):
        return not 0 <= value <= 1
    return value < 0


class DayResolver(FakeResolver):
    """Dead now and then."""

    dead = False

    async def addresses(self, host, family=0):
        if self.dead and host == NAME:
            raise sdk.SourceError(sdk.Outcome.UNRESOLVED, "the resolver does not answer")
        self.asked.clear()  # or the fake would be what grows
        return await super().addresses(host, family)


@dataclass
class Machine:
    """The appliance: one line with an address of its own, the far end's addresses on loopback."""

    host: object
    clock: FakeClock
    resolver: DayResolver

    def lay(self) -> None:
        self.host.ip("link", "add", "wan0", "type", "veth", "peer", "name", "modem0")
        self.host.run("sysctl", "-w", "net.ipv4.ping_group_range=0 2147483647")
        self.host.ip("addr", "add", f"{FAR}/32", "dev", "lo")
        self.address_comes()
        self.six_comes()

    def address_goes(self) -> None:
        self.host.ip("addr", "flush", "dev", "wan0")

    def address_comes(self) -> None:
        self.host.ip("link", "set", "wan0", "up")
        self.host.ip("addr", "add", f"{OWN}/24", "dev", "wan0")

    def link_flaps(self) -> None:
        self.host.ip("link", "set", "wan0", "down")
        self.host.ip("link", "set", "wan0", "up")

    def six_goes(self) -> None:
        self.host.run("sysctl", "-w", "net.ipv6.conf.all.disable_ipv6=1")

    def six_comes(self) -> None:
        self.host.run("sysctl", "-w", "net.ipv6.conf.all.disable_ipv6=0")
        self.host.ip("addr", "add", f"{FAR_6}/128", "dev", "lo", "nodad")

    async def misbehave(self, chance: random.Random) -> None:
        """Go wrong in some way for a few minutes, recover, and begin again with the next one."""
        wrongs = [
            (self.address_goes, self.address_comes),
            (self.six_goes, self.six_comes),
            (self.link_flaps, self.link_flaps),
            (lambda: setattr(self.resolver, "dead", True), lambda: setattr(self.resolver, "dead", False)),
            *((lambda by=by: self.clock.step(by), lambda: None) for by in CLOCK_STEPS),
        ]
        while True:
            for goes, comes in chance.sample(wrongs, len(wrongs)):
                await asyncio.sleep(chance.uniform(200, 400))
                goes()
                await asyncio.sleep(chance.uniform(60, 240))
                comes()


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer):
        self._answer = answer

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        for reply in self._answer(data):
            self._transport.sendto(reply, addr)


async def hello(reader, writer):
    head = await reader.read(4096)
    if head.startswith(b"GET"):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await reader.read()
    writer.close()


def no_data(query):
    return [query[:2] + b"\x81\x80" + query[4:]]


SERVERS = {7: lambda data: [data], 53: no_data, 123: time_server(), 3478: stun_server("203.0.113.7")}
PROBES = {
    "gw": (IcmpProbe, FAR, {"packets": 2, "spacing": "10ms"}, ""),
    "bound": (IcmpProbe, FAR, {"packets": 3, "spacing": "10ms"}, "wan1"),
    "both": (IcmpProbe, NAME, {"packets": 2, "spacing": "10ms", "family": "both"}, ""),
    "udp": (UdpProbe, f"{FAR}:7", {"packets": 2, "spacing": "10ms"}, "wan1"),
    "dns": (DnsProbe, f"{FAR}:53", {}, "wan1"),
    "dns6": (DnsProbe, f"[{FAR_6}]:53", {}, ""),
    "ntp": (NtpProbe, f"{NAME}:123", {}, ""),
    "tcp": (TcpProbe, f"{FAR}:80", {}, "wan1"),
    "http": (HttpProbe, f"http://{NAME}/", {}, ""),
    "egress": (EgressProbe, f"{FAR}:3478", {}, "wan1"),
    "path": (PathProbe, FAR, {"rounds": 1, "mtu": False}, ""),
}
ROLES = {"bound": "anchor", "both": "anchor", "http": "service", "dns": "resolver"}


@dataclass
class Life:
    """What the day came to."""

    witness: Witness
    kilobytes: list[int]
    files: list[int]


async def live(host) -> Life:
    clock, resolver, witness = FakeClock(), DayResolver({NAME: (FAR, FAR_6)}), Witness()
    machine, book = Machine(host, clock, resolver), Book()
    machine.lay()
    hub = Hub((Latest(), Exposition(clock), book, witness))
    minutes = Minutes(hub, clock, book, lambda _name: None)
    book.expect(watch())
    circuits = {"wan1": sdk.Circuit("wan1", source_address=OWN, egress=("203.0.113.0/24",))}
    context = make_context(clock=clock, resolver=resolver, circuits=circuits)
    life = Life(witness, [], [])
    async with AsyncExitStack() as stack:
        await serve(stack)
        ticker = await stack.enter_async_context(Ticker(clock))
        runners = [start(ticker, name, hub, context) for name in PROBES]
        wrong = asyncio.create_task(machine.misbehave(random.Random(5)))
        looking = asyncio.create_task(minutes.run())
        for _ in range(round(HOURS * 2)):
            await asyncio.sleep(1800)
            life.kilobytes.append(kilobytes())
            life.files.append(open_files())
        await recover(machine, wrong)
        for runner in runners:
            await runner.close()
        looking.cancel()
    await context.shared.close()
    return life


async def recover(machine, wrong) -> None:
    """Put everything right, and give every probe time to notice."""
    wrong.cancel()
    machine.address_goes()
    machine.address_comes()
    machine.six_goes()
    machine.six_comes()
    machine.resolver.dead = False
    await asyncio.sleep(4 * EVERY_SECONDS)


def watch() -> Watch:
    probes = {
        name: WatchedProbe(name, made.measurement, ROLES.get(name, ""), EVERY_SECONDS, bound, TIMEOUT_SECONDS)
        for name, (made, _, _, bound) in PROBES.items()
    }
    return Watch("test-site", "Site", (), probes, {}, {"wan1": WatchedCircuit("wan1")})


async def serve(stack) -> None:
    loop = asyncio.get_running_loop()
    for port, answer in SERVERS.items():
        for address in (FAR, FAR_6):
            transport, _ = await loop.create_datagram_endpoint(
                lambda answer=answer: Datagrams(answer), local_addr=(address, port)
            )
            stack.callback(transport.close)
    server = await asyncio.start_server(hello, [FAR, FAR_6], 80)
    stack.callback(server.close)


def start(ticker, name, hub, context) -> Runner:
    made, target, settings, circuit = PROBES[name]
    assignment = sdk.Assignment(name, (target,), EVERY_SECONDS, TIMEOUT_SECONDS, circuit=circuit)
    runner = Runner(made.measurement, made(assignment, made.settings_type(**settings)), hub)
    every = EVERY_SECONDS * (30 if name == "path" else 1)
    ticker.add(Job(name, every, lambda: runner.run(context)))
    return runner


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def kilobytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - this is read often
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


@pytest.fixture(scope="module")
def day():
    # pytest keeps what is logged, and would be what grows.
    logging.disable(logging.CRITICAL)
    try:
        with hosts("day") as (host,), host.entered():
            return run(live(host))
    finally:
        logging.disable(logging.NOTSET)


def test_no_probe_stops(day):
    expected = HOURS * 3600 / EVERY_SECONDS
    for name, runs in day.witness.readings.items():
        due = expected / (30 if name == "path" else 1)
        assert runs >= 0.97 * due - 1, (name, runs, due)
    assert set(day.witness.readings) == set(PROBES)


def test_what_went_wrong_was_noticed_and_every_probe_recovers(day):
    outcomes = day.witness.outcomes
    assert outcomes["bound"]["unreachable"] > 0
    assert outcomes["dns6"]["unreachable"] + outcomes["dns6"]["unsupported"] > 0
    assert outcomes["ntp"]["unresolved"] > 0
    assert {outcome for counted in outcomes.values() for outcome in counted} & {"broken"} == set()
    assert {name: said for name, said in day.witness.newest.items() if said != {"ok"}} == {}


def test_a_dead_resolver_stops_nothing_that_has_an_address(day):
    assert "unresolved" not in day.witness.outcomes["gw"]
    assert day.witness.outcomes["gw"]["ok"] >= 0.99 * day.witness.readings["gw"]


def test_no_value_is_absurd(day):
    assert day.witness.absurd == []


def test_every_minute_is_told_once_and_none_is_down(day):
    assert all(30e9 < step <= 90e9 for step in day.witness.steps_ns)
    assert day.witness.minutes >= HOURS * 60 - 2
    assert day.witness.states == {1}


def test_neither_files_nor_memory_grow(day):
    assert day.files[-1] <= day.files[0]
    assert day.kilobytes[-1] - day.kilobytes[0] < 4096, day.kilobytes
    if HOURS >= 24:
        grown = day.kilobytes[-1] - day.kilobytes[len(day.kilobytes) // 2]
        assert grown < 512, day.kilobytes
