"""A working day of planned tests, in virtual time: why each ran or not, and nothing unplanned was sent.

Real: probes, plans, ledger, runner, ticker, hub, latest values, exposition, minutes, page. Scripted: the
line, its router's counters, and the method, which notes every byte that it sends.
"""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from fakes.clock import FakeClock, VirtualLoop
from fakes.context import make_context
from fakes.evidence_pack import ISSUER_KEY, SITE_KEY
from fakes.history import MemoryHistory

from netmon import sdk
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.seal.pack import Content, open_pack, write_pack
from netmon.evidence.seal.pack_check import check_pack
from netmon.evidence.seal.records import event_record
from netmon.evidence.seal.sealer import Standing, seal
from netmon.evidence.speed_tests import Proof, speed_test
from netmon.evidence.standalone.recompute import recompute
from netmon.hub import Hub
from netmon.latest import Latest
from netmon.ledger import MonthlyLedger
from netmon.metrics.exposition import Exposition
from netmon.model.derived import BANDWIDTH_PLAN, CIRCUIT_MINUTE
from netmon.runner import Runner
from netmon.schedule.ticker import Job, Ticker
from netmon.shared import Loads, Slot
from netmon.templates import Templates
from netmon.verdict.book import Book
from netmon.verdict.minutes import Minutes
from netmon.verdict.rules import decide
from netmon.verdict.view import View, Watch, WatchedCircuit, WatchedProbe
from netmon.web import page
from netmon.web.files import TEMPLATES
from netmon.web.pages import headline
from netmon.web.scale import Scales
from netmon.web.site import Health
from netmon.web.snapshot import take
from netmon.web.views import event_document
from probes.bandwidth.agenda import appointments
from probes.bandwidth.curve import Curve
from probes.bandwidth.layers import Layer, full_packet
from probes.bandwidth.measured import Flow, Measured, Stop
from probes.bandwidth.preparation import Prepared
from probes.bandwidth.probe import BandwidthProbe, BandwidthSettings
from probes.bandwidth.settings import timetable

ZONE = "Europe/London"
DAY = date(2026, 10, 26)  # a Monday, the first day after summer time
MIDNIGHT = datetime(2026, 10, 26, tzinfo=ZoneInfo(ZONE))
EVERY_SECONDS, TIMEOUT_SECONDS = 30.0, 25.0
RATE = 100e6
WAN = sdk.Circuit(
    "wan1", 100_000_000, 100_000_000, "IP",
    quiet_hours=sdk.parse_hours(["Mon-Fri 11:20-13:00"]), reserve_bytes=50_000_000,
)  # fmt: skip
LTE = sdk.Circuit("lte", 30_000_000, 5_000_000, "IP", source_address="192.0.2.9", metered=True)
CONTRACTS = (
    "circuit,from,document,clause,site,down,up,rate_layer\n"
    "wan1,2026-01-01,Order 1,4,library,100Mbit/s,100Mbit/s,IP\n"
)
CAPS = {"wan1": 1_000_000_000, "lte": 10_000_000}
USE = {14: 0.9, 15: 0.9, 16: 0.2, 17: 0.2}
"""Share of the line that people use, by hour; nobody else is on it."""
PROBES = {
    "heavy": ("wan1", {"method": "ndt7", "directions": "down", "max_bytes": "120MB"}),
    "mobile": ("lte", {"method": "trains", "directions": "down", "max_bytes": "2MB", "peak_tests": 8}),
    "mobile-heavy": ("lte", {"method": "ndt7", "directions": "down"}),
}
PORT = (
    sdk.counter("ifHCInOctets", "In."),
    sdk.counter("ifHCInUcastPkts", "In."),
    sdk.counter("ifHCOutOctets", "Out."),
    sdk.counter("ifHCOutUcastPkts", "Out."),
)


@dataclass
class Line:
    """The site's line: how many packets of 1500 bytes came by it, of people and of tests."""

    clock: FakeClock
    sent: list[tuple[float, str, int]] = field(default_factory=list)
    packets: float = 0.0
    _seen: float = 0.0

    def people(self) -> float:
        """Return what people get of the line now, bit/s."""
        return RATE * USE.get(datetime.fromtimestamp(self.now, ZoneInfo(ZONE)).hour, 0.0)

    @property
    def now(self) -> float:
        return self.clock.wall_ns() / 1e9

    def counts(self) -> tuple[int, int]:
        """Return octets and packets of its WAN port."""
        elapsed, self._seen = self.now - (self._seen or self.now), self.now
        self.packets += elapsed * self.people() / 8 / 1500
        return int(self.packets) * 1518, int(self.packets)

    def send(self, probe: str, size_bytes: int) -> None:
        self.sent.append((self.now, probe, size_bytes))
        self.packets += size_bytes / 1500 if probe == "heavy" else 0


class Method:
    """Gets what people leave of the line, and notes what it sends."""

    def __init__(self, probe: str, line: Line) -> None:
        self.probe, self.line = probe, line

    async def run(self, ask, meter) -> Measured:
        rate, curve = RATE - self.line.people(), Curve(self.line.clock.wall_ns(), 1.0)
        if self.probe == "mobile":
            rate = 300_000 * 8 / 0.3  # half a megabyte in all
        curve.add(0.0, 0)
        steps = 8 if ask.until_steady else round(ask.seconds * 10)
        payload = full_packet(4).payload_bytes / 1500
        for step in range(1, steps + 1):
            await asyncio.sleep(0.1)
            size_bytes = round(rate / 8 / 10)
            self.line.send(self.probe, size_bytes)
            meter.spend(size_bytes)
            curve.add(step / 10, round(rate / 8 * payload * step / 10))
        flow = Flow(1, 0.0, 0.02, 0.02, 1.0, 0.0, 0.0)
        return Measured(rate, Layer.IP, full_packet(4), steps / 10, Stop.STEADY, curve, flow)


class DayProbe(BandwidthProbe):
    """The probe with a scripted method."""

    line: Line

    async def _prepare(self, _context, _settings, _circuit, target) -> Prepared:
        return Prepared(target, "192.0.2.1", Method(self.assignment.name, self.line), None)


class Ping(sdk.Probe[sdk.NoSettings]):
    """Takes a twentieth of a second by the main line."""

    measurement, own_metrics, settings_type = "ping", (), sdk.NoSettings

    async def measure(self, _target):
        await asyncio.sleep(0.05)
        return sdk.Sample()


@dataclass
class Recorder:
    """A subscriber that keeps what the day said."""

    events: list = field(default_factory=list)
    pings: list = field(default_factory=list)
    minutes: list = field(default_factory=list)
    plans: dict = field(default_factory=dict)

    def accept(self, records) -> None:
        for record in records:
            if isinstance(record, sdk.Event) and record.kind == "bandwidth_test":
                self.events.append(record)
            elif isinstance(record, sdk.Reading) and record.shape.measurement == "ping":
                self.pings.append((record.stamp.wall_ms / 1000, record.cell(0, sdk.PROBE_UNDER_TEST)))
            elif isinstance(record, sdk.Reading) and record.shape.measurement == CIRCUIT_MINUTE:
                names = [metric.name for metric in record.shape.metrics]
                marks = record.columns[names.index("netmon_circuit_under_test")]
                self.minutes.append((record.stamp.wall_ms / 1000, dict(record.shape.rows[0].key), marks))
            elif isinstance(record, sdk.Reading) and record.shape.measurement == BANDWIDTH_PLAN:
                row = record.shape.rows[0]
                self.plans[dict(row.key)["probe"]] = [column[0] for column in record.columns]


@dataclass
class Day:
    """What the day came to."""

    line: Line
    recorder: Recorder
    ledger: MonthlyLedger
    page: str
    metrics: str

    def of(self, probe):
        return [event for event in self.recorder.events if dict(event.key)["probe"] == probe]


def assignment(name):
    circuit, _ = PROBES[name]
    return sdk.Assignment(name, ("server",), EVERY_SECONDS, TIMEOUT_SECONDS, circuit=circuit)


def planned(name):
    """Return what the plan says, found anew."""
    circuit, settings = PROBES[name]
    made = BandwidthSettings.model_validate(settings, strict=False)
    fleet = made.fleet("library", name, {"wan1": WAN, "lte": LTE}[circuit])
    return appointments(timetable(assignment(name), made, ZONE), fleet, "library", DAY)


async def live() -> Day:
    clock = FakeClock(wall_ns=round(MIDNIGHT.timestamp() * 1e9))
    line, recorder, latest, loads = Line(clock), Recorder(), Latest(), Loads(clock)
    exposition, book, ledger = Exposition(clock), Book(loads), MonthlyLedger(clock, CAPS)
    await ledger.load(MemoryHistory())
    hub, slot = Hub((latest, exposition, book, recorder)), Slot()
    book.expect(watched())
    minutes = Minutes(hub, clock, book, lambda _name: None)
    async with Ticker(clock) as ticker:
        context = make_context(
            site="library", clock=clock, latest=latest, ledger=ledger, loads=loads, exclusive=slot,
            run_now=ticker.run_now, circuits={"wan1": WAN, "lte": LTE}, timezone=ZONE,
        )  # fmt: skip
        start(ticker, hub, context, line)
        looking = asyncio.create_task(minutes.run())
        await asyncio.sleep(timedelta(hours=23, minutes=59).total_seconds())
        looking.cancel()
        html = rendered(watched(), latest, clock)
    metrics = b"".join(exposition.render()).decode()
    return Day(line, recorder, ledger, html, metrics)


def start(ticker, hub, context, line) -> None:
    for name, (_, settings) in PROBES.items():
        probe = DayProbe(assignment(name), BandwidthSettings.model_validate(settings, strict=False))
        probe.line = line
        runner = Runner("bandwidth", probe, hub)
        ticker.add(Job(f"probe/{name}", EVERY_SECONDS, lambda runner=runner: runner.run(context)))
    pings = Runner(
        "ping", Ping(sdk.Assignment("ping", ("far",), 5.0, 2.0, circuit="wan1"), sdk.NoSettings()), hub
    )
    ticker.add(Job("probe/ping", 5.0, lambda: pings.run(context)))
    row = sdk.Row((("site", "library"), ("device", "router"), ("ifName", "wan"), ("circuit", "wan1")))
    shape = sdk.Shape("interface", PORT, (row,))

    async def poll() -> None:
        octets, packets = line.counts()
        columns = ((octets,), (packets,), (0,), (0,))
        hub.publish([sdk.Reading(shape, context.clock.stamp(), columns, (sdk.Outcome.OK,))])

    ticker.add(Job("device/router", 60.0, poll))


def watched() -> Watch:
    probes = {
        name: WatchedProbe(name, "bandwidth", "", EVERY_SECONDS, circuit)
        for name, (circuit, _) in PROBES.items()
    }
    return Watch("library", "Library", (), probes, {}, {"wan1": WatchedCircuit("wan1")})


def rendered(watch, latest, clock) -> str:
    view = View(watch, latest, clock)
    snapshot = take(view, decide(view), clock.boottime_ns())
    now = datetime.fromtimestamp(clock.wall_ns() / 1e9, ZoneInfo(ZONE))
    events = tuple(event_document(event) for event in latest.events())
    health = Health("1", now, 1.0, clock_synchronised=True)
    scales = Scales.fit(snapshot, 3_600_000)
    gathered = page.Gathered(snapshot, now, events, (), health, {}, defaultdict(dict), scales)
    content = page.compose(gathered)
    tone, word = headline(content.verdict)
    return Templates(TEMPLATES).render("page.html", page=content, tone=tone, word=word).decode()


class DayLoop(VirtualLoop):
    """Does in its own thread what would be done in another: hours must not pass meanwhile."""

    def run_in_executor(self, _executor, work, *arguments):
        done = self.create_future()
        done.set_result(work(*arguments))
        return done


@pytest.fixture(scope="module")
def day():
    with asyncio.Runner(loop_factory=DayLoop) as runner:
        return runner.run(live())


def local_hour(moment) -> float:
    local = datetime.fromtimestamp(moment, ZoneInfo(ZONE))
    return local.hour + local.minute / 60


def test_every_planned_test_was_made_or_has_its_reason_and_no_other_was(day):
    for name in PROBES:
        plan = {one.stratum: one for one in planned(name)}
        told = {event.data["plan"]["stratum"]: event for event in day.of(name)}
        assert set(told) == set(plan), name
        assert len(day.of(name)) == len(plan)
        for stratum, event in told.items():
            assert event.data["plan"]["planned_at"] == pytest.approx(plan[stratum].at, abs=0.01)
            assert 0 <= event.stamp.wall_ms / 1000 - plan[stratum].at <= EVERY_SECONDS + TIMEOUT_SECONDS


def test_nothing_unplanned_was_sent(day):
    assert day.line.sent
    for moment, probe, _ in day.line.sent:
        assert any(one.at <= moment <= one.latest + TIMEOUT_SECONDS for one in planned(probe)), (
            moment,
            probe,
        )
        assert not (probe == "heavy" and 11 + 20 / 60 <= local_hour(moment) < 13)
    assert not [one for one in day.line.sent if one[1] == "mobile-heavy"]


def test_the_decisions_are_those_of_the_hour(day):
    for event in day.of("heavy"):
        hour = local_hour(event.data["plan"]["planned_at"])
        if 11 + 20 / 60 <= hour < 13:
            assert event.data["decision"] == "quiet_hours"
        elif 14 <= hour < 15.98:
            assert event.data["decision"] == "line_busy"
            assert event.data["reading_bits_per_second"] == pytest.approx(90e6, rel=0.05)
        else:
            assert event.data["refused"] is None, event.text
            assert event.data["verdict"] == ("corrected" if 16 <= hour < 18 else "clean")
            assert event.data["delivered"] is True
            assert event.data["carried_bits_per_second"] == pytest.approx(100e6, rel=0.03)
    assert Counter(event.data["decision"] for event in day.of("mobile-heavy")) == {"metered": 7}
    decisions = Counter(event.data.get("decision") for event in day.of("heavy"))
    assert decisions["quiet_hours"] >= 1
    assert decisions["line_busy"] >= 1


def test_the_small_purse_ends_the_small_tests_when_it_is_empty(day):
    # Each holds 2 MB and takes 0.8: after ten, less than 2 MB are left of 10.
    tested = [event for event in day.of("mobile") if event.data["refused"] is None]
    assert day.ledger.spent("lte") == sum(size for _, probe, size in day.line.sent if probe == "mobile")
    assert day.ledger.spent("lte") <= CAPS["lte"]
    assert len(tested) + sum(event.data.get("decision") == "cap" for event in day.of("mobile")) == 9


def test_the_ledger_has_every_byte(day):
    assert day.ledger.spent("wan1") == sum(size for _, probe, size in day.line.sent if probe == "heavy")


def test_what_was_measured_beside_a_test_says_so(day):
    heavy = [moment for moment, probe, _ in day.line.sent if probe == "heavy"]
    runs = [[heavy[0]]]
    for before, after in pairwise(heavy):
        runs.append([after]) if after - before > 5 else runs[-1].append(after)
    spans = [(one[0] - 0.1, one[-1]) for one in runs]
    marked = [moment for moment, under_test in day.recorder.pings if under_test]
    assert marked
    for moment, under_test in day.recorder.pings:
        beside = any(begin - 0.05 <= moment <= end for begin, end in spans)
        drained = any(begin - 0.1 <= moment <= end + 1.1 for begin, end in spans)
        assert under_test in ((1,) if beside else (0, 1) if drained else (0,))
    minutes = {moment // 60 for moment, _, column in day.recorder.minutes if column[0] == 1}
    assert {span[0] // 60 for span in spans} <= minutes
    assert len(minutes) <= 2 * len(spans)


def test_page_and_metrics_show_why_each_test_ran_or_not(day):
    html, metrics = " ".join(day.page.split()), day.metrics
    assert "Bandwidth tests" in html
    for name, (planned_tests, done, skipped, *_) in day.recorder.plans.items():
        assert planned_tests == done + skipped == len(planned(name))
        assert f"{done} of {planned_tests}" in html
        assert f'netmon_bandwidth_planned_tests_skipped{{site="library",probe="{name}"' in metrics
    assert "no test: people use 90" in html
    assert "quiet hours" in html
    assert "metered" in html
    assert 'decision="metered"' in metrics
    assert 'decision="tested"' in metrics


def test_the_day_s_records_become_a_pack_and_its_figures_come_out_of_it_again(day, tmp_path):
    """Real events of the probe, sealed, packed, and worked out again by the second program."""
    span = Days(DAY, DAY, ZONE)
    told = [record for event in day.recorder.events if (record := event_record(event)) is not None]
    until = span.end_minute // 60 + 1
    hours = list(seal("library", told, until, Standing(), SITE_KEY))
    entries = [entry for hour in hours for entry in hour.entries]
    inputs = {"contracts.csv": CONTRACTS}
    read = read_texts({"contracts": CONTRACTS})
    figures = claim([entry.rec for entry in entries], read, "wan1", "library", month(2026, 10, ZONE))
    roots = [hour.root for hour in hours]
    made = write_pack(Content("library", entries, roots, SITE_KEY.public, inputs, figures), ISSUER_KEY)
    path = tmp_path / "pack.zip"
    path.write_bytes(made)
    assert check_pack(open_pack(path)).faults == ()
    assert recompute(path) == []
    found = {(one["yardstick"], one["direction"]): one for one in figures["stretches"][0]["tests"]}[
        "delivered_90", "down"
    ]
    tested = [event for event in day.of("heavy") if event.data["refused"] is None]
    assert (found["tests"], found["fails"], found["inconclusive"], found["invalid"]) == (len(tested), 0, 0, 0)
    assert found["percentile"] == pytest.approx(100e6, rel=0.05)
    assert found["verdict"] == "not shown", "a day has too few tests"


def test_each_record_of_the_day_is_admitted_as_the_probe_judged_it(day):
    for event in day.recorder.events:
        test, decision = speed_test(event), event.data.get("decision")
        if decision is not None:
            assert (test.direction, test.invalid("IP").partition(":")[0]) == ("", f"not tested, {decision}")
        elif dict(event.key)["probe"] == "mobile":
            assert test.invalid("IP").endswith("nobody reads the counters of circuit lte")
            assert dict(event.key).get("circuit") == "lte", "it is bound to it"
        else:
            assert dict(event.key)["circuit"] == "wan1", "its WAN port has counted it"
            assert test.invalid("IP") == ""
            assert test.proof("IP", RATE, 0.95 * RATE) is Proof.PASS
