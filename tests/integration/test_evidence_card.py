"""The appliance's card is destroyed: the claim's pack is made at the centre, from what a real influxd has."""

import asyncio
import json
import shutil
import zipfile
from contextlib import redirect_stdout
from datetime import date
from io import StringIO

import pytest
from fakes.clock import FakeClock
from fakes.evidence_estate import deliver, key_of, stamp_of
from fakes.servers import influxd

from netmon.app.sealing import Sealing
from netmon.cli.main import main
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.evidence.calendar import Days
from netmon.hub import Hub
from netmon.model import Event, Reading, Retention, Row, Shape
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS
from netmon.store.history import open_history

pytestmark = pytest.mark.servers
DAY = Days(date(2026, 3, 10), date(2026, 3, 10), "UTC")
START = DAY.start_minute
ROWS = tuple(Row(key_of("s1", name)) for name in ("c1", "c2"))
SHAPE = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, ROWS, Retention.EVIDENCE)
DOWN = range(300, 400)
LATE = range(500, 600)
"""Minutes that are told after an hour in which nothing was."""
CONTRACTS = (
    "circuit,from,document,clause,site,down,availability,monthly,credits\n"
    "c1,2026-01-01,Order 1,4,s1,100Mbit/s,99.9%,95.00,below 99.9%: 5%; below 99.5%: 10%\n"
)


def minute(number):
    down = number in DOWN
    known = {"state": 0 if down else 1, "fault": 1 if down else 0, "degraded": None if down else 0}
    known |= {} if down else {"rtt_seconds": 0.01 + number / 7e6, "down_utilisation_ratio": number / 3001}
    cells = tuple((known.get(metric.name.split("_", 2)[2]),) * 2 for metric in SHAPE.metrics)
    return Reading(SHAPE, stamp_of(START + number), cells, ("ok", "ok"))


def events(number):
    """A test, what nobody seals, and a note."""
    key = key_of("s1", "c1")
    data = {"direction": "down", "method": "http", "bits_per_second": {"L2": 91e6}, "verdict": "clean"}
    data |= {"cross_bits_per_second": {"L2": 0}, "claimable": True, "curve": {"seconds": [0.1]}}
    yield Event(BANDWIDTH_TEST, key, 'as "said", x=y', stamp_of(START + number), data, Retention.EVIDENCE)
    yield Event("trap", (("site", "s1"), ("device", "sw")), "a trap", stamp_of(START + number), {"n": number})
    yield Event("note", (("site", "s1"),), "looked at", stamp_of(START + number), {}, Retention.EVIDENCE)


def lived(first, last):
    for number in range(first, last):
        if number % 97 == 5:
            yield from events(number)
        if number not in LATE:
            yield minute(number)


async def live(folder, records, now):
    """Take records into the history, then let the hour's job come, as in the daemon."""
    clock = FakeClock(wall_ns=(START + now) * 60 * 10**9, boot_id=f"boot-{now}")
    history = open_history(folder, clock)
    try:
        history.accept(list(records))
        await history.commit()
        await Sealing(Hub((history,)), clock, history, folder).seal("s1")
        await history.commit()
    finally:
        await history.close()


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    """A server to which a site has sent all, the roots that others kept, the site's own pack; no card."""
    folder = tmp_path_factory.mktemp("centre")
    card, inputs = folder / "card", folder / "inputs"
    inputs.mkdir()
    (inputs / "contracts.csv").write_text(CONTRACTS)
    asyncio.run(live(card, lived(0, 700), 700))
    asyncio.run(live(card, map(minute, LATE), 730))
    asyncio.run(live(card, lived(700, 1600), 1600))
    with influxd(folder) as server:
        server.post("/query?q=CREATE+DATABASE+netmon", b"")
        asyncio.run(deliver(card, InfluxSink(InfluxSettings(server.url, database="netmon"))))
        assert run("pack", "--state", card, *pack_words(folder, "own.zip")) == 0
        with (folder / "roots.txt").open("w") as file:
            file.write(roots_of(card))
        shutil.rmtree(card)
        yield folder, server


def roots_of(card):
    found = StringIO()
    with redirect_stdout(found):
        assert run("roots", "--state", card) == 0
    return found.getvalue()


def run(*words):
    return main(["evidence", *map(str, words)])


def pack_words(folder, name):
    return ["--inputs", folder / "inputs", "--circuit", "c1", "--month", "2026-03", "--output", folder / name]


def from_centre(centre, name="again.zip", *more):
    folder, server = centre
    own = ["--influxdb", server.url, "--site", "s1", "--issuer", folder / "issuer.key"]
    return run("pack", *own, *more, *pack_words(folder, name))


def test_the_pack_is_made_again_and_holds_against_the_outside_roots(centre, capsys):
    folder, _ = centre
    assert from_centre(centre) == 0
    capsys.readouterr()
    assert run("verify", folder / "again.zip", "--root", folder / "roots.txt") == 0
    told = capsys.readouterr().out
    assert "the pack holds" in told
    assert "2 days agree with the outside roots; 0 of 26 hours" in told
    assert run("recompute", folder / "again.zip") == 0
    with zipfile.ZipFile(folder / "own.zip") as own, zipfile.ZipFile(folder / "again.zip") as again:
        manifests = [json.loads(one.read("manifest.json")) for one in (own, again)]
        assert {name for name in own.namelist() if own.read(name) != again.read(name)} == {
            "manifest.json",
            "manifest.sig",
        }
        assert b'"kind":"amendment"' in again.read("records.jsonl")
        assert b'"trap"' not in again.read("records.jsonl")
        found = json.loads(again.read("findings.json"))["stretches"][0]
    assert found["minutes"]["down"] == len(DOWN)
    assert manifests[0]["site_key"] == manifests[1]["site_key"], "the roots are the site's"
    assert manifests[0]["issuer_key"] != manifests[1]["issuer_key"], "the issuer is the centre"


def test_the_site_s_key_can_be_named_and_must_be_one_of_its(centre, capsys):
    folder, _ = centre
    with zipfile.ZipFile(folder / "own.zip") as own:
        key = json.loads(own.read("manifest.json"))["site_key"]
    assert from_centre(centre, "named.zip", "--site-key", key) == 0
    assert from_centre(centre, "other.zip", "--site-key", "ab" * 32) == 1
    assert "give it with --site-key" in capsys.readouterr().err
    _, server = centre
    own = ["--influxdb", server.url, "--site", "elsewhere", "--issuer", folder / "issuer.key"]
    assert run("pack", *own, *pack_words(folder, "none.zip")) == 1
    assert "no signed root of these days" in capsys.readouterr().err
    assert run("pack", "--influxdb", server.url, *pack_words(folder, "none.zip")) == 2


def test_what_was_changed_or_is_missing_at_the_centre_is_named(centre, capsys):
    """Last of all: it changes the database."""
    folder, server = centre
    at = stamp_of(START + 310).wall_ms
    changed = f"circuit_minute,site=s1,circuit=c1 netmon_circuit_state=1i {at}"
    server.post("/write?db=netmon&precision=ms", changed.encode())
    assert from_centre(centre, "bad.zip") == 1
    words = capsys.readouterr().err
    assert "(2026-03-10T05:00Z) cannot be made again from these records" in words
    assert words.count("cannot be made again") == 1
    assert not (folder / "bad.zip").exists()
    gone = stamp_of(START + 1210).wall_ms
    server.post(f"/query?db=netmon&q=DELETE+FROM+circuit_minute+WHERE+time%3D{gone}ms", b"")
    assert from_centre(centre, "bad.zip") == 1
    assert "(2026-03-10T20:00Z) cannot be made again" in capsys.readouterr().err
