"""The same figures, whoever kept the measurements: stores, influxd, VictoriaMetrics, Prometheus, exports."""

import asyncio
import json
from contextlib import closing, redirect_stdout
from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from fakes.clock import FakeClock
from fakes.evidence import inputs, runs
from fakes.evidence_estate import BOUGHT, deliver, differing, figures, keep, site_records, stamp_of
from fakes.ports import free_port
from fakes.servers import influxd, prometheus, victoria_metrics

from netmon.cli.main import main
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.evidence.calendar import Days
from netmon.evidence.delivered import delivered
from netmon.evidence.sources.asking import CentreError
from netmon.evidence.sources.export_files import ExportError
from netmon.evidence.sources.exports import ExportsSource
from netmon.evidence.sources.influx import InfluxSource
from netmon.evidence.sources.prometheus import PrometheusSource
from netmon.evidence.sources.source import Line
from netmon.evidence.sources.store import FleetSource
from netmon.evidence.speed_tests import Proof
from netmon.evidence.strip import STATES
from netmon.incidents.incident import ACCESS, Incident, Level, Step, Thing
from netmon.incidents.record import RECORD, step_event
from netmon.model import Event, Retention

pytestmark = pytest.mark.servers
DAYS = Days(date(2026, 3, 28), date(2026, 3, 30), "Europe/London")  # the clocks go forward on the 29th
DAY = Days(date(2026, 3, 29), date(2026, 3, 29), "Europe/London")
SITES = {"lib": ("lib-1", "lib-2"), "hall.2": ("hall_1",)}
LINES = [Line("hall.2", "hall_1"), Line("lib", "lib-1"), Line("lib", "lib-2")]
VICTORIA_DIGITS = 11
"""It keeps twelve digits of a number that has more."""
WINDOW = "storage: {tsdb: {out_of_order_time_window: 300d}}\n"
FLAGS = ("--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=30y")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A folder with the stores of all sites."""
    folder = tmp_path_factory.mktemp("fleet")
    for seed, (site, circuits) in enumerate(SITES.items()):
        records = [*site_records(site, circuits, DAYS, seed), *(written(site) if site == "hall.2" else ())]
        asyncio.run(keep(folder / str(seed), records))
    return folder


def written(site):
    """An incident of which somebody wrote that it was the site's own doing: =the words are a formula."""
    began, ended, noted = (stamp_of(DAYS.start_minute + minute) for minute in (1500, 1700, 2000))
    incident = Incident("K3D", Thing(site, Level.SITE, "", ACCESS), began, 2, ended, duration_seconds=12000.0)
    yield step_event(replace(incident, number=1, ended=None), Step.OPENED, "down", began)
    yield step_event(incident, Step.CLOSED, "up", ended)
    data = {
        "by": "ann",
        "action": "exclude",
        "reason": "=we cut, the power",
        "agreed_by": "Bob",
        "cause": "customer",
        "ticket": "2150",
    }
    key = (("site", site), ("incident", "K3D"))
    yield Event(RECORD, key, "", noted, data, Retention.EVIDENCE)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A site's whole report from a source, without the words that say which."""
    folder = tmp_path_factory.mktemp("inputs")
    head = "circuit,from,document,clause,site,down,up,minimum_down,rate_layer,availability,monthly,credits\n"
    terms = "2026-01-01,Order 1,4,lib,100Mbit/s,100Mbit/s,50Mbit/s,L2,99.9%,95.00,below 99.9%: 5%"
    rows = (f"lib-1,{terms}", f"lib-2,{terms}", f"hall_1,{terms.replace(',lib,', ',hall.2,')}")
    (folder / "contracts.csv").write_text(head + "\n".join(rows) + "\n")

    def made(site, *source):
        words = ["report", "site", site, "--from", "2026-03-28", "--to", "2026-03-30", "--format", "json"]
        with redirect_stdout(StringIO()) as out:
            assert main([*words, "--inputs", str(folder), *map(str, source)]) == 0
        document = json.loads(out.getvalue())
        assert [one.pop("words") for one in document["report"]["sources"]]
        return document

    return made


@pytest.fixture(scope="module")
def known(fleet):
    """What the stores know."""
    with closing(FleetSource(fleet)) as source:
        return {line: source.material(line, DAYS) for line in source.lines(DAYS)}


async def remote_written(folder, url):
    await deliver(folder, RemoteWriteSink(RemoteWriteSettings(url), FakeClock()))


def by_remote_write(fleet, server):
    for folder in sorted(fleet.iterdir()):
        asyncio.run(remote_written(folder, f"{server.url}/api/v1/write"))


def materials(source, days=DAYS):
    with closing(source):
        return {line: source.material(line, days) for line in source.lines(days)}


def judged(material):
    """What the tests come to."""
    terms = inputs("down=100Mbit/s|up=100Mbit/s|rate_layer=L2").contracts.on("c1", DAYS.first)
    return [delivered("delivered_90", way, material.tests, DAYS, terms) for way in ("down", "up")]


def test_the_sites_are_worth_comparing(known):
    assert list(known) == LINES
    assert sum(material.strip.letters(STATES).count(b"d") for material in known.values()) > 20
    for material in known.values():
        letters = material.strip.letters(STATES)
        assert {"u", "?"} <= set(letters.decode())
        assert "?9" in runs(letters), "a clock that was not right"
        assert material.synced < 1
        assert {test.spoiled.partition(":")[0] for test in material.tests} >= {"", "limited by host_cpu"}


def test_influxd_has_the_same_to_the_last_bit(fleet, known, report, tmp_path):
    with influxd(tmp_path) as server:
        server.post("/query?q=CREATE+DATABASE+netmon", b"")
        settings = InfluxSettings(server.url, database="netmon")
        for folder in sorted(fleet.iterdir()):
            asyncio.run(deliver(folder, InfluxSink(settings)))
        asyncio.run(deliver(folder, InfluxSink(settings)))  # what comes twice counts once
        found = materials(InfluxSource(settings))
        for site in SITES:
            told = report(site, "--influxdb", server.url)
            assert told == report(site, "--sites", fleet)
            assert ("we cut, the power" in json.dumps(told)) == (site == "hall.2"), "what people wrote counts"
    assert list(found) == LINES
    for line, material in found.items():
        assert differing(known[line], material) == []
        assert material.tests == known[line].tests
        assert figures(material, DAYS, 15) == figures(known[line], DAYS, 15)


@pytest.mark.parametrize(
    "form", [["--format", "csv"], ["--json"], ["--format", "line"]], ids=lambda form: form[-1]
)
def test_exports_have_the_same_to_the_last_bit(fleet, tmp_path, form):
    period = ["--from", "2026-03-28T20:00", "--to", "2026-03-30T04:00"]
    for folder in sorted(fleet.iterdir()):
        with (tmp_path / f"{folder.name}.txt").open("w") as file, redirect_stdout(file):
            assert main(["export", "--state", str(folder), *period, *form]) == 0
    found = materials(ExportsSource(tmp_path), DAY)
    with closing(ExportsSource(tmp_path)) as source:
        start_ms, end_ms = (minute * 60_000 for minute in (DAYS.start_minute, DAYS.end_minute))
        (told,) = (one for one in source.written(start_ms, end_ms) if one.kind == RECORD)
    assert (told.data["reason"], told.data["by"], told.data["ticket"]) == (
        "=we cut, the power",
        "ann",
        "2150",
    )
    assert dict(told.key) == {"site": "hall.2", "incident": "K3D"}
    assert list(found) == LINES
    stores = materials(FleetSource(fleet), DAY)
    for line, material in found.items():
        assert differing(stores[line], material) == []
        assert material.tests == stores[line].tests


@pytest.mark.parametrize("name", ["prometheus", "victoria_metrics"])
def test_what_remote_write_brought_gives_the_same_figures(fleet, known, report, tmp_path, name):
    of = victoria_metrics(tmp_path) if name == "victoria_metrics" else prometheus(tmp_path, WINDOW, *FLAGS)
    with of as server:
        by_remote_write(fleet, server)
        if name == "victoria_metrics":
            by_remote_write(fleet, server)  # it keeps what comes twice
            server.get("/internal/force_flush")
        found = materials(PrometheusSource(RemoteWriteSettings(server.url)))
        assert report("lib", "--prometheus", server.url) == report("lib", "--sites", fleet)
    assert list(found) == LINES
    for line, material in found.items():
        assert differing(known[line], material, VICTORIA_DIGITS if name == "victoria_metrics" else None) == []
        assert figures(material, DAYS) == figures(known[line], DAYS)
        no_test_says_more(known[line].tests, material.tests)
        assert judged(material) == judged(known[line])


def test_minutes_that_came_to_victoria_metrics_as_lines_are_the_same(fleet, known, tmp_path):
    with victoria_metrics(tmp_path) as server:
        for folder in sorted(fleet.iterdir()):
            asyncio.run(deliver(folder, InfluxSink(InfluxSettings(server.url, database="netmon"))))
        server.get("/internal/force_flush")
        found = materials(PrometheusSource(RemoteWriteSettings(server.url)))
    assert list(found) == LINES
    for line, material in found.items():
        assert differing(known[line], material, VICTORIA_DIGITS) == []
        assert material.tests == (), "lines have no texts: what limited a test is not known"


def no_test_says_more(events, series):
    """What a series does not tell makes a test invalid or doubtful, and never a failure."""
    mine = {(one.minute, one.direction): one for one in events}
    assert {(one.minute, one.direction) for one in series} == mine.keys()
    proofs = set()
    for one in series:
        event = mine[one.minute, one.direction]
        assert (one.method, one.rate("L2")) == (event.method, event.rate("L2"))
        assert bool(one.invalid("L2")) == bool(event.invalid("L2"))
        assert one.value("L2", BOUGHT) == event.value("L2", BOUGHT)
        for threshold in (0.5 * BOUGHT, 0.9 * BOUGHT):
            proof, told = one.proof("L2", BOUGHT, threshold), event.proof("L2", BOUGHT, threshold)
            assert proof in (Proof.INCONCLUSIVE, told)
            proofs.add(proof)
    assert Proof.PASS in proofs


def test_a_scrape_counts_each_minute_once_and_later_than_it_was(tmp_path):
    """Scraped every 15 seconds, a minute comes four times; what netmon wrote itself goes before it."""
    line = LINES[1]
    start = DAYS.start_minute * 60_000
    states = [0 if 100 <= n < 107 else 1 for n in range(600)]
    labels = {"__name__": "netmon_circuit_state", "site": "lib", "circuit": "lib-1", "clock": ""}
    scraped = {"metric": {**labels, "job": "netmon", "instance": "192.0.2.9:9877"}}
    at = [
        start + 60_000 * n + 61_000 + 15_000 * k
        for n in range(600)
        for k in range(4)
        if n not in range(300, 320)
    ]
    scraped |= {"timestamps": at, "values": [states[(one - start - 61_000) // 60_000] for one in at]}
    with victoria_metrics(tmp_path) as server:
        server.post("/api/v1/import", json.dumps(scraped).encode())
        server.get("/internal/force_flush")
        seen = materials(PrometheusSource(RemoteWriteSettings(server.url)))[line]
        assert runs(seen.strip.letters(STATES))[:24] == "?1 u100 d7 u193 ?20 u280"
    assert seen.synced == 1


def test_what_is_wrong_is_said_with_what_to_do(tmp_path):
    with influxd(tmp_path, "auth-enabled = true") as server:
        create = "/query?q=CREATE+USER+a+WITH+PASSWORD+'b'+WITH+ALL+PRIVILEGES"
        server.post(create, b"")
        for settings, words in (
            (InfluxSettings(server.url, database="netmon"), "401.*give the token or the name and password"),
            (
                InfluxSettings(server.url, database="x", username="a", password="b"),
                "not found: x; name the database",
            ),
        ):
            with closing(InfluxSource(settings)) as source, pytest.raises(CentreError, match=words):
                source.lines(DAYS)
        with (
            closing(PrometheusSource(RemoteWriteSettings(server.url))) as source,
            pytest.raises(CentreError, match="404"),
        ):
            source.lines(DAYS)
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        closing(InfluxSource(InfluxSettings(nobody, database="x"))) as source,
        pytest.raises(CentreError, match="is that the centre's address"),
    ):
        source.lines(DAYS)
    (tmp_path / "none").mkdir()
    with pytest.raises(ExportError, match="is empty"):
        ExportsSource(tmp_path / "none")
    (tmp_path / "none" / "a.txt").write_text("something else\n")
    with (
        closing(ExportsSource(tmp_path / "none")) as source,
        pytest.raises(ExportError, match=r"a.txt.*no CSV"),
    ):
        source.lines(DAYS)
