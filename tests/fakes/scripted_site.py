"""A site with one line or two, in virtual time: what works is a switch that a script throws.

Its sources are fakes that answer as that world would; all else is real.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from fakes.clock import START_WALL_NS, FakeClock
from fakes.clock import run as run_virtual
from fakes.context import make_context

from netmon import sdk
from netmon.hub import Hub
from netmon.latest import Latest
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE
from netmon.runner import Runner
from netmon.schedule.ticker import Job, Ticker
from netmon.sdk import Outcome
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes
from netmon.verdict.view import Watch, WatchedCircuit, WatchedDevice, WatchedProbe

SENT = sdk.integer("netmon_probe_packets_sent", "Sent.")
RECEIVED = sdk.integer("netmon_probe_packets_received", "Received.")
TRIP = sdk.gauge("probe_icmp_duration_seconds", "Round trip.", phase="rtt")
EGRESS = sdk.info("netmon_egress_circuit_info", "Circuit.", label="carried_by")
LOST = {
    way: sdk.integer("netmon_stamp_lost_packets", "Lost.", direction=way) for way in ("forward", "backward")
}
BLACK_HOLE = sdk.state("netmon_path_mtu_black_hole", "Black hole.")
BLACK_HOLE_HOP = sdk.integer("netmon_path_mtu_black_hole_hop", "Hop.")
MTU = sdk.integer("netmon_path_mtu_bytes", "MTU.")
HOP_ADDRESS = sdk.info("netmon_path_hop_info", "Address.", label="address")
HOP_ANSWERED = sdk.integer("netmon_path_hop_packets_answered", "Answered.")
PORT = (
    sdk.state("ifOperStatus", "State."),
    sdk.counter("ifHCInOctets", "In."),
    sdk.counter("ifHCOutOctets", "Out."),
    sdk.integer("ifHighSpeed", "Speed."),
)
CARRIER = sdk.state("netmon_host_network_carrier", "Link.")
BATTERY = sdk.gauge("netmon_sensor_runtime_seconds", "Time.")
UPTIME = sdk.integer("sysUpTime", "Uptime in hundredths of a second.")
POE_STATE = sdk.state("netmon_poe_port_state", "State.")
LONG_AGO = -8_640_000.0

GATEWAY, CPE, HOP, RESOLVER = "10.0.0.1", "10.0.0.254", "203.0.113.1", "203.0.113.53"
ANCHORS, SERVICE = ("198.51.100.1", "192.0.2.1"), "https://app.example/"
LOCAL_SERVICE = "10.0.0.80"
LAN_TRIP, LINE_TRIP = 0.001, 0.012
PACKETS = 3


@dataclass
class World:
    """What works. Ratios are of packets that are lost, times are added to round trips."""

    lines: dict[str, bool]
    lan_loss: float = 0.0
    router: bool = True
    cpe: bool = True
    agent: bool = True
    """The router's SNMP agent."""
    switch: bool = True
    cable: bool = True
    """The appliance's own."""
    ports: dict[str, bool] = field(default_factory=dict)
    """WAN ports that stand otherwise than their line."""
    hop: bool = True
    isp: bool = True
    loss: float = 0.0
    slower: float = 0.0
    backward_share: float = 0.5
    dead: tuple[str, ...] = ()
    """Far targets that do not answer."""
    portal: bool = False
    refusing: bool = False
    """The router says "unreachable" for a dead line, instead of saying nothing."""
    gone: tuple[str, ...] = ()
    """Circuits whose own address is not here."""
    black_hole: int = -1
    battery: bool = False
    access_point: bool = True
    failover: bool = False
    """The router sends what is bound to a dead line by the other one."""
    egress: str = ""
    """What the egress address shows, if it is not the circuit that carries; "unknown" for a strange one."""
    traffic: dict[str, float] = field(default_factory=lambda: {"wan1": 2e5, "wan2": 0.0})
    """Octets per second towards the site."""
    restarted_at: float = -1.0
    dark_devices: tuple[str, ...] = ()
    booted: dict[str, float] = field(default_factory=dict)
    """When devices were switched on, by name; all others long ago."""
    poe_faults: tuple[str, ...] = ()
    """Ports of the switch that give no power."""

    def carrying(self, wanted: str) -> str:
        """Return the circuit that carries what is bound to one, or to none (empty); empty: none does."""
        primary = wanted or "wan1"
        if self.lines[primary]:
            return primary
        other = "wan2" if primary == "wan1" else "wan1"
        return other if (self.failover or not wanted) and self.lines.get(other) else ""

    def trip(self, target: str, wanted: str) -> tuple[Outcome, float, float]:
        """Return outcome, loss and round trip of a train to a target."""
        if not self.cable or wanted in self.gone:
            return Outcome.UNREACHABLE, 1.0, 0.0
        if LOCAL_SERVICE in target:
            return Outcome.OK, self.lan_loss, LAN_TRIP
        if target in (GATEWAY, CPE):
            local = self.router if target == GATEWAY else self.router and self.cpe
            return (Outcome.OK, self.lan_loss, LAN_TRIP) if local else (Outcome.TIMEOUT, 1.0, 0.0)
        return self._far_trip(target, wanted)

    def _far_trip(self, target: str, wanted: str) -> tuple[Outcome, float, float]:
        if not self.router or not self.cpe or not self.carrying(wanted):
            silence = Outcome.UNREACHABLE if self.refusing and self.router else Outcome.TIMEOUT
            return silence, 1.0, 0.0
        if self.portal and target != HOP:
            return Outcome.REJECTED if "://" in target else Outcome.TIMEOUT, 1.0, 0.0
        if target in self.dead or not self.hop or (not self.isp and target != HOP):
            return Outcome.TIMEOUT, 1.0, 0.0
        if self.black_hole >= 0 and "://" in target:
            return Outcome.TIMEOUT, 1.0, 0.0
        loss = 1 - (1 - self.lan_loss) * (1 - self.loss)
        return Outcome.OK, loss, LINE_TRIP + self.slower


class _Fake(sdk.Source[sdk.NoSettings]):
    settings_type = sdk.NoSettings
    metrics = {"any": (SENT,)}  # noqa: RUF012 - declared in the base class, as ClassVar

    def __init__(self, world: World, assignment: sdk.Assignment) -> None:
        super().__init__(assignment, sdk.NoSettings())
        self.world = world
        self._owed: dict[str, float] = {}

    def _reading(self, measurement, metrics, rows, outcomes=None):
        shape = sdk.Shape(measurement, tuple(metrics), tuple(row for row, _ in rows))
        columns = tuple(zip(*(cells for _, cells in rows), strict=True))
        return sdk.Reading(
            shape, self.context.clock.stamp(), columns, outcomes or (Outcome.OK,) * len(rows),
            (0,) * len(rows) if any(m.kind is sdk.Kind.COUNTER for m in metrics) else (),
        )  # fmt: skip

    def _uptime(self, device: str, now: float):
        row = sdk.Row((("site", "lib"), ("device", device)))
        hundredths = round((now - self.world.booted.get(device, LONG_AGO)) * 100)
        return self._reading("system", (UPTIME,), [(row, (hundredths,))])

    def _lost(self, name: str, ratio: float, packets: int = PACKETS) -> int:
        """Return how many packets of a train are lost: as many as the ratio owes by now."""
        owed = self._owed.get(name, 0.0) + ratio * packets
        lost = min(int(owed + 1e-9), packets)
        self._owed[name] = owed - lost
        return lost


class FakeProbe(_Fake):
    """Trains to all targets, as the world lets them through."""

    kind = "icmp"

    async def read(self):
        world, rows, outcomes = self.world, [], []
        for target in self.assignment.targets:
            outcome, ratio, seconds = world.trip(target, self.assignment.circuit)
            lost = self._lost(target, ratio)
            good = outcome is Outcome.OK and lost < PACKETS
            outcomes.append(outcome if good or outcome is not Outcome.OK else Outcome.TIMEOUT)
            cells, texts = self._more(lost, good)
            row = sdk.Row(self._key(target), texts=texts)
            left = world.cable and self.assignment.circuit not in world.gone
            rows.append(
                (
                    row,
                    (
                        PACKETS if left else None,
                        PACKETS - lost if good else 0,
                        seconds if good else None,
                        *cells,
                    ),
                )
            )
        metrics = (SENT, RECEIVED, TRIP, *self._further())
        all_good = all(outcome is Outcome.OK for outcome in outcomes)
        stamp = self.context.clock.stamp()
        await asyncio.sleep(0.01 if all_good else self.assignment.timeout_seconds)
        return [replace(self._reading(self.kind, metrics, rows, tuple(outcomes)), stamp=stamp)]

    def _key(self, target):
        bound = (("circuit", self.assignment.circuit),) if self.assignment.circuit else ()
        return (("site", "lib"), ("probe", self.assignment.name), ("target", target), *bound)

    def _further(self):
        return ()

    def _more(self, _lost, _good):
        return (), ()


class FakeEgress(FakeProbe):
    """Knows whose address packets come from."""

    kind = "egress"

    def _further(self):
        return (EGRESS,)

    def _more(self, _lost, good):
        seen = self.world.egress or self.world.carrying(self.assignment.circuit)
        return (1 if good else None,), ((EGRESS.name, seen),) if good else ()


class FakeHttp(FakeProbe):
    kind = "http"


class FakeTcp(FakeProbe):
    """Counts no packets, as real connections do."""

    kind = "tcp"

    async def read(self):
        (reading,) = await super().read()
        shape = reading.shape
        return [
            replace(reading, shape=replace(shape, metrics=shape.metrics[2:]), columns=reading.columns[2:])
        ]


class FakeDns(FakeProbe):
    kind = "dns"


class FakeStamp(FakeProbe):
    """Tells loss by direction."""

    kind = "stamp"

    def _further(self):
        return tuple(LOST.values())

    def _more(self, lost, _good):
        backward = round(lost * self.world.backward_share)
        return (lost - backward, backward), ()


class FakePath(FakeProbe):
    """Traces: gateway, first hop, target."""

    kind = "path"

    async def read(self):
        world, (target,) = self.world, self.assignment.targets
        outcome, _, _ = world.trip(target, self.assignment.circuit)
        hop, _, _ = world.trip(HOP, self.assignment.circuit)
        key, hole = self._key(target), world.black_hole >= 0
        answers = [
            (GATEWAY, world.router and world.cable),
            (HOP, hop is Outcome.OK),
            (target, outcome is Outcome.OK),
        ]
        hops = [
            (
                sdk.Row(
                    (*key, ("flow", "1"), ("hop", str(n))), texts=((HOP_ADDRESS.name, address if up else ""),)
                ),
                (1, PACKETS if up else 0),
            )
            for n, (address, up) in enumerate(answers, 1)
        ]
        cells = (int(hole), world.black_hole if hole else None, 1400 if hole else 1500)
        return [
            self._reading("path", (BLACK_HOLE, BLACK_HOLE_HOP, MTU), [(sdk.Row(key), cells)], (outcome,)),
            self._reading("path_hop", (HOP_ADDRESS, HOP_ANSWERED), hops),
        ]


class FakeRouter(_Fake):
    """SNMP of the router: WAN ports, and the event of a restart."""

    async def read(self):
        world, now = self.world, self.context.clock.monotonic()
        if not (world.cable and world.router and world.agent):
            await asyncio.sleep(self.assignment.timeout_seconds)
            raise sdk.SourceError(Outcome.TIMEOUT, "no answer")
        rows = []
        for name, works in world.lines.items():
            up = world.ports.get(name, works)
            octets = self._owed[name] = self._owed.get(name, 0.0) + (world.traffic[name] * 30 if works else 0)
            row = sdk.Row((("site", "lib"), ("device", "router"), ("ifName", name)))
            rows.append((row, (1 if up else 2, int(octets), int(octets / 10), 1000)))
        up = self._uptime("router", now)
        return [self._reading("interface", PORT, rows), up, *self._restart(now)]

    def _restart(self, now):
        at, self.world.restarted_at = self.world.restarted_at, -1.0
        if at < 0:
            return []
        key = (("site", "lib"), ("device", "router"))
        return [
            sdk.Event("reboot", key, "restarted", self.context.clock.stamp(), {"uptime_seconds": now - at})
        ]


class FakeDevice(_Fake):
    """A switch or an access point."""

    async def read(self):
        name, world = self.assignment.targets[0], self.world
        works = world.switch if name == "switch" else world.access_point
        if not world.cable or not works or name in world.dark_devices:
            raise sdk.SourceError(Outcome.TIMEOUT, "no answer")
        readings = [self._uptime(name, self.context.clock.monotonic())]
        if name == "switch":
            rows = [
                (sdk.Row((("site", "lib"), ("device", name), ("ifName", port))), (4,))
                for port in world.poe_faults
            ]
            readings += [self._reading("poe_port", (POE_STATE,), rows)] if rows else []
        return readings


class FakeUps(_Fake):
    """Tells for how long it has run on its battery."""

    async def read(self):
        row = sdk.Row((("site", "lib"), ("device", "ups"), ("sensor", "Time on battery")))
        return [self._reading("sensor_runtime", (BATTERY,), [(row, (60.0 if self.world.battery else 0.0,))])]


class FakeHost(_Fake):
    """The own network card."""

    async def read(self):
        row = sdk.Row((("site", "lib"), ("interface", "eth0")))
        return [self._reading("host_interface", (CARRIER,), [(row, (int(self.world.cable),))])]


KINDS = {
    "icmp": FakeProbe,
    "egress": FakeEgress,
    "http": FakeHttp,
    "tcp": FakeTcp,
    "dns": FakeDns,
    "stamp": FakeStamp,
    "path": FakePath,
}
DEVICES = {
    "router": (FakeRouter, "router"),
    "switch": (FakeDevice, "switch"),
    "ap": (FakeDevice, "access_point"),
    "ups": (FakeUps, "ups"),
}


def probe(name, kind, role, targets, circuit="", *, every_seconds=10.0, outside_of=""):
    """Return a probe's watch and its targets."""
    return WatchedProbe(name, kind, role, every_seconds, circuit, 2.0, outside_of), targets


ONE_LINE = (
    probe("gw", "icmp", "gateway", (GATEWAY,)),
    probe("cpe", "icmp", "cpe", (CPE,)),
    probe("hop", "icmp", "first_hop", (HOP,)),
    probe("anchors", "icmp", "anchor", ANCHORS),
    probe("app", "http", "service", (SERVICE,), every_seconds=20),
    probe("names", "dns", "resolver", (RESOLVER,), every_seconds=20),
)
TWO_LINES = (
    probe("gw", "icmp", "gateway", (GATEWAY,)),
    *(probe(f"anchors {name}", "icmp", "anchor", ANCHORS, name) for name in ("wan1", "wan2")),
)
UNBOUND = (
    probe("gw", "icmp", "gateway", (GATEWAY,)),
    probe("anchors", "icmp", "anchor", ANCHORS),
    probe("app", "http", "service", (SERVICE,), every_seconds=20),
)


@dataclass
class Play:
    """What is watched, and the script: which switches are thrown when."""

    probes: tuple = ONE_LINE
    circuits: tuple = ("wan1",)
    devices: tuple = ("router", "switch")
    script: dict[float, object] = field(default_factory=dict)
    """By second: switches and their new values, or a function of the stage."""
    minutes: int = 5
    begins_at: float = 0.0
    """Second of a minute at which netmon starts."""
    egress: bool = False
    """Whether the circuits' public networks are known."""


class Stage:
    """One play under way."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.clock = FakeClock(wall_ns=START_WALL_NS + round(play.begins_at * 1e9))
        self.world = World(lines=dict.fromkeys(play.circuits, True))
        self.latest, self.book, self.records = Latest(), Book(), []
        self.traced: list[str] = []
        self.hub = Hub((self.latest, self.book, self))
        self.minutes = Minutes(self.hub, self.clock, self.book, self.traced.append)
        self.paused = False
        self.book.expect(self._watch())

    def accept(self, records) -> None:
        """Keep what was published."""
        self.records += records

    def _watch(self) -> Watch:
        circuits = {
            name: WatchedCircuit(
                name, "Acme", "", 100_000_000, 20_000_000, "router", name,
                egress=("203.0.113.0/24",) if self.play.egress else (),
            )
            for name in self.play.circuits
        }  # fmt: skip
        devices = {
            name: WatchedDevice(name, DEVICES[name][1], 30, sources=("interfaces",))
            for name in self.play.devices
        }
        probes = {watched.name: watched for watched, _ in self.play.probes}
        return Watch("lib", "Library", (ip_network("10.0.0.0/24"),), probes, devices, circuits)

    async def run(self) -> None:
        """Play it, and a little longer, so that the last minute is decided."""
        context = make_context(clock=self.clock, site="lib")
        async with Ticker(self.clock) as ticker:
            for job in self._jobs(context):
                ticker.add(job)
            looking = asyncio.create_task(self.minutes.run())
            last = 0.0
            for at, act in sorted(self.play.script.items()):
                await asyncio.sleep(at - last)
                last = at
                act(self) if callable(act) else self.throw(**act)
            await asyncio.sleep(self.play.minutes * 60 + 12 - last)
            looking.cancel()

    def throw(self, **switches) -> None:
        """Throw switches of the world."""
        for name, value in switches.items():
            if not hasattr(self.world, name):
                raise AttributeError(name)
            now = getattr(self.world, name)
            setattr(self.world, name, now | value if isinstance(now, dict) else value)

    def _jobs(self, context):
        for watched, targets in self.play.probes:
            assignment = sdk.Assignment(
                watched.name, targets, watched.every_seconds, 2.0, watched.role, watched.circuit
            )
            yield self._job(
                watched.kind, KINDS[watched.kind](self.world, assignment), watched.every_seconds, context
            )
        for name in self.play.devices:
            made = DEVICES[name][0](self.world, sdk.Assignment("interfaces", (name,), 30.0, 2.0))
            yield self._job("interfaces", made, 30.0, context, name)
        host = FakeHost(self.world, sdk.Assignment("host", ("localhost",), 30.0, 2.0))
        yield self._job("host", host, 30.0, context)

    def _job(self, kind, source, every_seconds, context, name=""):
        runner = Runner(kind, source, self.hub)

        async def run() -> None:
            if not self.paused:
                await runner.run(context)

        return Job(name or f"{kind}/{source.assignment.name}", every_seconds, run)

    def readings(self, measurement):
        """Return the readings of a measurement, in the order they were published."""
        return [
            one
            for one in self.records
            if isinstance(one, sdk.Reading) and one.shape.measurement == measurement
        ]

    def told(self, circuit: str = "") -> list[str]:
        """Return each minute of a circuit, or of the site, as "state/fault", with a star where degraded."""
        measurement = CIRCUIT_MINUTE if circuit else SITE_MINUTE
        words = []
        for reading in self.readings(measurement):
            for at, row in enumerate(reading.shape.rows):
                if circuit in ("", dict(row.key).get("circuit")):
                    state = {1: "up", 0: "down", 2: "unknown"}[reading.columns[0][at]]
                    star = "*" if reading.columns[1][at] else ""
                    words.append(f"{state}{star}/{row.texts[0][1]}")
        return words


def perform(play: Play) -> Stage:
    """Run a play in virtual time."""
    made: list[Stage] = []

    async def go() -> None:
        stage = Stage(play)
        made.append(stage)
        await stage.run()

    run_virtual(go())
    return made[0]
