"""A library with a router, a switch of 24 ports, five probe targets and some past, all made up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from fakes.context import FakeClock

from netmon.clock import Clock
from netmon.errors import StoreError
from netmon.latest import Latest
from netmon.metrics.excerpt import Part
from netmon.metrics.exposition import Exposition
from netmon.metrics.fragment import Cut
from netmon.metrics.text_format import TextFormat
from netmon.model import (
    Event,
    Fact,
    Labels,
    Metric,
    Outcome,
    Reading,
    Row,
    Shape,
    Stamp,
    Value,
    counter,
    gauge,
    info,
    integer,
    state,
)
from netmon.model.derived import RUN, RUN_METRICS, RUN_OUTCOME
from netmon.sdk import PROBE_SECONDS, PROBE_SUCCESS
from netmon.store.interface import (
    Columns,
    Entry,
    HistoryReader,
    Percentile,
    Position,
    Query,
    Rollup,
    StoreStats,
    Wanted,
)
from netmon.store.turned import turned
from netmon.verdict.rules import Verdict, decide
from netmon.verdict.view import View, Watch, WatchedCircuit, WatchedDevice, WatchedProbe
from netmon.web.site import Health, SinkHealth, StoreHealth

SITE = ("site", "lib-03")
PORT_METRICS = (
    counter("ifHCInOctets", "Octets in."),
    counter("ifHCOutOctets", "Octets out."),
    counter("ifInErrors", "Damaged in.", 32),
    counter("ifOutErrors", "Damaged out.", 32),
    counter("ifInDiscards", "Dropped in.", 32),
    counter("ifOutDiscards", "Dropped out.", 32),
    state("ifAdminStatus", "1 up, 2 down."),
    state("ifOperStatus", "1 up, 2 down."),
    integer("ifHighSpeed", "Mbit/s."),
)
RTT = gauge("probe_icmp_duration_seconds", "Round trip.", phase="rtt")
LOSS = gauge("netmon_probe_loss_ratio", "Loss.")
DNS = gauge("probe_dns_duration_seconds", "Request.", phase="request")
HTTP_STATUS = state("probe_http_status_code", "Status.")
OWN_METRICS = (
    counter("netmon_host_network_receive_bytes_total", "In."),
    counter("netmon_host_network_transmit_bytes_total", "Out."),
    counter("netmon_host_network_receive_errors_total", "Damaged in."),
    state("netmon_host_network_up", "Up."),
    integer("netmon_host_network_speed_bytes_per_second", "Speed."),
)
SYSTEM_METRICS = (integer("sysUpTime", "Hundredths of a second."), info("sysDescr", "Description."))


@dataclass(frozen=True)
class SamplePort:
    """One port of the sample. Rates in octet/s."""

    name: str
    alias: str = ""
    up: bool = True
    admin_up: bool = True
    speed: int = 1000
    octets_in: int = 0
    octets_out: int = 0
    errors: int = 0


def router_ports(line_down: bool = False) -> list[SamplePort]:
    return [
        SamplePort("Gi0/0", "WAN Northern Fibre", up=not line_down, octets_in=4_900_000, octets_out=640_000),
        SamplePort("Gi0/1", "LAN", octets_in=700_000, octets_out=5_100_000),
        SamplePort("Gi0/2", up=False),
    ]


def switch_ports(number: int = 24) -> list[SamplePort]:
    names = {
        1: "uplink rt1",
        2: "AP reading room",
        3: "AP foyer",
        5: "public PC 1",
        6: "public PC 2",
        11: "printer",
    }
    ports = [
        SamplePort(
            f"Gi1/0/{n}",
            names.get(n, f"desk {n}" if n % 3 == 0 else ""),
            up=n % 4 != 0 and n < number - 4,
            admin_up=n != number,
            speed=100 if n == 11 else 1000,
            octets_in=23_000 * n,
            octets_out=310_000 // n,
            errors=3 if n == 6 else 0,
        )
        for n in range(number, 0, -1)
    ]
    return [*ports, SamplePort("Te1/1/1", up=False, speed=10_000)]


@dataclass
class SampleSite:
    """What the web server asks for; every field may be changed by a test."""

    clock: Clock = field(default_factory=FakeClock)
    line_down: bool = False
    watch: Watch = field(default_factory=lambda: WATCH)
    latest: Latest = field(default_factory=Latest)
    reader: HistoryReader | None = None
    pieces: tuple[bytes, ...] = (b"# HELP netmon_up Up.\n# TYPE netmon_up gauge\n", b"netmon_up 1\n")
    is_ready: bool = True
    reload_error: Exception | None = None
    reloads: int = 0
    notes: tuple[str, ...] = ()
    stuck: bool = False

    def __post_init__(self) -> None:
        self.reader = self.reader or SampleHistory(self.clock, self.latest)
        self.shown = Exposition(self.clock)

    def take(self, records: Sequence[object]) -> None:
        """Let the pages and the scrapes see these records."""
        self.latest.accept(records)
        self.shown.accept(records)

    @property
    def view(self) -> View:
        return View(self.watch, self.latest, self.clock)

    def verdict(self) -> Verdict:
        return decide(self.view)

    async def query(self, question: Callable[[HistoryReader], object]) -> object:
        if self.stuck:
            raise StoreError("the disk does not answer")
        return question(self.reader)

    async def exposition(self, form: TextFormat) -> Sequence[bytes]:
        return [*self.pieces, form.end]

    def parts(self, measurement: str, cut: Cut) -> Sequence[Part]:
        return self.shown.parts(measurement, cut)

    async def reload(self) -> None:
        if self.reload_error is not None:
            raise self.reload_error
        self.reloads += 1

    def ready(self) -> bool:
        return self.is_ready

    def health(self) -> Health:
        now = datetime.fromtimestamp(self.clock.wall_ns() / 1e9, UTC)
        return Health(
            version="0.1.0",
            started=now - timedelta(hours=9, minutes=12),
            uptime_seconds=33_120.0,
            clock_synchronised=self.clock.synchronised(),
            loop_lag_seconds=0.0012,
            config_digest="4f1d2c9b7a60",
            config_source="netmon.toml",
            last_reload=now - timedelta(hours=3),
            last_reload_ok=True,
            store=StoreHealth(184_300_000, 1_204_332, 6_421, 0, 0, now - timedelta(days=41)),
            sinks=(
                SinkHealth("influxdb", "sending", 12, 4.0),
                SinkHealth("file", "parked", 51_200, 7300.0, "the folder cannot be written"),
            ),
            notes=self.notes,
        )


DEVICE_SOURCES = ("interfaces", "system")
WATCH = Watch(
    "lib-03",
    "Central Library",
    probes={
        "gateway": WatchedProbe("gateway", "icmp", "gateway", 10.0),
        "anchors": WatchedProbe("anchors", "icmp", "anchor", 10.0, "wan1"),
        "names": WatchedProbe("names", "dns", "resolver", 30.0),
        "portal": WatchedProbe("portal", "http", "service", 60.0),
    },
    devices={
        "rt1": WatchedDevice("rt1", "router", 30.0, sources=DEVICE_SOURCES, address="192.0.2.11"),
        "sw1": WatchedDevice("sw1", "switch", 30.0, "rt1", DEVICE_SOURCES, "192.0.2.12:1161"),
        "ap9": WatchedDevice("ap9", "access_point", 30.0, "sw1", DEVICE_SOURCES),
    },
    circuits={
        "wan1": WatchedCircuit(
            "wan1", "Northern Fibre", "NF-100234", 100_000_000, 20_000_000, "rt1", "Gi0/0"
        ),
        "lte": WatchedCircuit("lte", "Mobile Ltd", backup_of="wan1"),
    },
)


def sample_site(clock: Clock | None = None, *, line_down: bool = False, ports: int = 24) -> SampleSite:
    """Return a site with two polls of everything, 30 s apart."""
    site = SampleSite(clock or FakeClock(), line_down=line_down)
    now = site.clock.stamp()
    for seconds in (-30.5, -0.5):
        stamp = earlier(now, seconds)
        for device, its_ports in (("rt1", router_ports(line_down)), ("sw1", switch_ports(ports))):
            site.take(device_records(device, its_ports, stamp, seconds))
        site.take(own_records(stamp, seconds))
        site.take([*probe_readings(stamp, line_down), *run_readings(stamp, line_down)])
    site.take(sample_events(now))
    return site


def earlier(stamp: Stamp, seconds: float) -> Stamp:
    """Return the stamp moved by some seconds (negative: into the past)."""
    return replace(
        stamp,
        boottime_ns=stamp.boottime_ns + round(seconds * 1e9),
        wall_ms=stamp.wall_ms + round(seconds * 1e3),
    )


def reading(
    measurement: str,
    metrics: Sequence[Metric],
    rows: Sequence[tuple[Row, Sequence[Value]]],
    stamp: Stamp,
    outcomes: Sequence[Outcome] = (),
) -> Reading:
    """Return a reading of rows with their cells."""
    shape = Shape(measurement, tuple(metrics), tuple(row for row, _ in rows))
    columns = tuple(zip(*(cells for _, cells in rows), strict=True))
    return Reading(shape, stamp, columns, tuple(outcomes) or (Outcome.OK,) * len(rows))


def device_records(device: str, ports: Sequence[SamplePort], stamp: Stamp, seconds: float) -> list[object]:
    rows = []
    for at, port in enumerate(ports, 1):
        key = (SITE, ("device", device), ("ifName", port.name))
        row = Row(key, (("ifIndex", str(at)), ("ifDescr", port.name), ("ifAlias", port.alias)))
        elapsed = 10_000 + seconds if port.up else 10_000
        counts = [round(each * elapsed) for each in (port.octets_in, port.octets_out, port.errors)]
        states = (1 if port.admin_up else 2, 1 if port.up else 2)
        cells = (*counts, 0, 0, 0, *states, port.speed)
        rows.append((row, cells))
    key = (SITE, ("device", device))
    description = {"rt1": "Cisco IOS Software, ISR4331", "sw1": "Cisco IOS Software, C2960X"}.get(device, "")
    system = Row(key, texts=(("sysDescr", description),))
    return [
        reading("interface", PORT_METRICS, rows, stamp),
        reading("system", SYSTEM_METRICS, [(system, (864_000 * 41 + round(seconds * 100), 1))], stamp),
        Fact("system", key, {"sysDescr": description, "sysName": device}, stamp),
    ]


def own_records(stamp: Stamp, seconds: float) -> list[Reading]:
    names = (("lo", 90, 1, None), ("eth0", 41_000, 1, 125_000_000), ("wlan0", 0, 0, None))
    rows = [
        (
            Row((SITE, ("interface", name))),
            (round(octets * (9000 + seconds)), round(octets * (9000 + seconds) / 3), 0, up, speed),
        )
        for name, octets, up, speed in names
    ]
    return [reading("host_interface", OWN_METRICS, rows, stamp)]


def probe_row(probe: str, target: str, circuit: str = "") -> Row:
    bound = (("circuit", circuit),) if circuit else ()
    return Row((SITE, ("probe", probe), ("target", target), *bound))


def probe_readings(stamp: Stamp, line_down: bool) -> list[Reading]:
    dead, ok = ((Outcome.TIMEOUT, 0, None) if line_down else (Outcome.OK, 1, 1)), Outcome.OK
    outcome, good, known = dead
    icmp = (PROBE_SUCCESS, PROBE_SECONDS, RTT, LOSS)
    anchors = [
        (probe_row("anchors", target, "wan1"), (good, 0.01, known and rtt, 0.0 if good else 1.0))
        for target, rtt in (("192.0.2.7", 0.0123), ("198.51.100.7", 0.0187))
    ]
    return [
        reading(
            "icmp",
            icmp,
            [(probe_row("gateway", "10.3.0.1"), (1, 0.001, 0.00041, 0.0))],
            stamp,
        ),
        reading("icmp", icmp, anchors, stamp, (outcome, outcome)),
        reading(
            "dns",
            (PROBE_SUCCESS, PROBE_SECONDS, DNS),
            [(probe_row("names", "192.0.2.53"), (good, 0.02, known and 0.0182))],
            stamp,
            (outcome,),
        ),
        reading(
            "http",
            (PROBE_SUCCESS, PROBE_SECONDS, HTTP_STATUS),
            [(probe_row("portal", "https://portal.example/"), (good, 0.187, 200 if good else None))],
            stamp,
            (outcome if line_down else ok,),
        ),
    ]


def run_readings(stamp: Stamp, line_down: bool) -> list[Reading]:
    last = stamp.wall_ms / 1000 - 1500 if line_down else stamp.wall_ms / 1000
    runs = [
        ("icmp", "gateway", "10.3.0.1", 1, stamp.wall_ms / 1000),
        *(("icmp", "anchors", target, int(not line_down), last) for target in ("192.0.2.7", "198.51.100.7")),
        ("dns", "names", "192.0.2.53", int(not line_down), last),
        ("http", "portal", "https://portal.example/", int(not line_down), last),
        ("interfaces", "rt1/interfaces", "rt1", 1, stamp.wall_ms / 1000),
        ("interfaces", "sw1/interfaces", "sw1", 1, stamp.wall_ms / 1000),
        ("interfaces", "ap9/interfaces", "ap9", 0, None),
    ]
    rows = [
        (
            Row(
                (SITE, ("source", source), ("name", name), ("target", target)),
                texts=((RUN_OUTCOME.name, "ok" if up else "timeout"),),
            ),
            (up, 0.01, seen, 1),
        )
        for source, name, target, up, seen in runs
    ]
    outcomes = [Outcome.OK if up else Outcome.TIMEOUT for _, _, _, up, _ in runs]
    return [reading(RUN, RUN_METRICS, rows, stamp, outcomes)]


def run_reading(source: str, name: str, target: str, outcome: Outcome, stamp: Stamp) -> Reading:
    """Return one run of a source that gave nothing."""
    key = (SITE, ("source", source), ("name", name), ("target", target))
    row = Row(key, texts=((RUN_OUTCOME.name, str(outcome)),))
    return reading(RUN, RUN_METRICS, [(row, (0, 0.01, None, 1))], stamp, (outcome,))


def sample_events(now: Stamp) -> list[Event]:
    device = (SITE, ("device", "sw1"))
    return [
        Event("reboot", device, "sw1 restarted 40 s ago", earlier(now, -90_000)),
        Event("interface_change", device, "sw1: Gi1/0/11 is now called printer", earlier(now, -7300)),
        Event("note", (SITE,), "new patch panel in the foyer", earlier(now, -900)),
    ]


@dataclass
class SampleHistory(HistoryReader):
    """Six hours that never were: waves, half an hour without netmon, and one outage of the line."""

    clock: Clock
    latest: Latest
    asked: list[Query] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    past_events: list[Event] = field(default_factory=list)
    failing: bool = False

    def range(self, query: Query) -> Iterator[Reading]:
        for one in self.readings:
            wanted = query.start_ms <= one.stamp.wall_ms < query.end_ms
            if wanted and one.shape.measurement == query.measurement:
                yield one

    def columns(self, query: Query, metrics: Sequence[Wanted]) -> Iterator[Columns]:
        return turned(self.range(query), query.key, metrics)

    def keys(self, query: Query) -> Sequence[Labels]:
        return sorted({row.key for reading in self.range(query) for row in reading.shape.rows})

    def rollup(self, query: Query, window_ms: int, metrics: Sequence[str] = ()) -> Iterator[Rollup]:
        self.asked.append(query)
        if self.failing:
            raise StoreError("the disk does not answer")
        now_ms = self.clock.wall_ns() // 1_000_000
        for start_ms in range(query.start_ms // window_ms * window_ms, query.end_ms, window_ms):
            hours_ago = (now_ms - start_ms) / 3_600_000
            if 2.0 < hours_ago < 2.5 or hours_ago < 0:
                continue
            for row in self.latest.rows(query.measurement, query.key):
                for metric in row.reading.shape.metrics:
                    if not metrics or metric.name in metrics:
                        yield _wave(row.row.key, metric, row.value(metric.name), start_ms, hours_ago)

    def events(self, start_ms: int, end_ms: int, kind: str = "") -> Iterator[Event]:
        for event in self.past_events:
            if start_ms <= event.stamp.wall_ms < end_ms and kind in ("", event.kind):
                yield event

    def fact_changes(self, start_ms: int, end_ms: int, kind: str = "") -> Iterator[Fact]:
        for fact in self.latest.facts(kind):
            if start_ms <= fact.stamp.wall_ms < end_ms:
                yield fact

    def after(self, position: Position, limit: int) -> Sequence[Entry]:  # noqa: ARG002 - nothing asks for it
        return ()

    def last(self, measurement: str, key: Labels = ()) -> Reading | None:
        return self.latest.reading(measurement, key)

    def percentiles(self, query, window_ms, _share, metrics=()):
        for one in self.rollup(query, window_ms, metrics):
            yield Percentile(one.key, one.metric, one.start_ms, one.n, one.p50)

    def rates(self, _query, _metrics=()):
        yield from ()

    def facts(self, kind: str = "", key: Labels = (), _at_ms: int | None = None) -> Sequence[Fact]:
        return tuple(self.latest.facts(kind, key))

    def oldest_ms(self) -> int | None:
        return None

    def interrupt(self) -> None:
        return

    def stats(self) -> StoreStats:
        return StoreStats(0, 0, 0, None, None, 0, 1)

    def close(self) -> None:
        """Have nothing to give back."""


def _wave(key: Labels, metric: Metric, now: Value, start_ms: int, hours_ago: float) -> Rollup:
    phase = sum(map(ord, "".join(text for _, text in key))) % 100
    swing = 1 + 0.6 * math.sin(start_ms / 2_400_000 + phase) + 0.3 * math.sin(start_ms / 700_000 + phase * 3)
    level: float | None = abs(swing) * (now or 0) / (10_000 if isinstance(now, int) else 1)
    lost = ("circuit", "wan1") in key and 3.9 < hours_ago < 4.2
    if metric.name == "probe_success":
        level = 0.0 if lost else 1.0 - (0.1 if phase % 7 == int(hours_ago * 3) else 0.0)
    elif lost:
        level = None
    return Rollup(key, metric, start_ms, 10, level, level, level, level, level, level)
