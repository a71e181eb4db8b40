"""`netmon report` prints the same figures, whoever kept the measurements."""

import asyncio
import json
import re
from contextlib import redirect_stdout
from datetime import date

import pytest
from fakes.clock import FakeClock
from fakes.evidence_estate import deliver, keep, site_records
from fakes.report_source import FILES
from fakes.servers import influxd, victoria_metrics

from netmon.cli.main import main
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.evidence.calendar import Days
from netmon.evidence.revision import differences

pytestmark = pytest.mark.servers
DAYS = Days(date(2026, 3, 27), date(2026, 3, 30), "Europe/London")
ASKED = ("--from", "2026-03-28", "--to", "2026-03-29", "--json")


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites") / "one"
    asyncio.run(keep(folder, site_records("lib", ["line-1"], DAYS, seed=9)))
    return folder


@pytest.fixture
def report(tmp_path, capsys):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "contracts.csv").write_text(FILES["contracts"].replace("lib-1,", "line-1,"))
    (inputs / "sites.csv").write_text(FILES["sites"])

    def run(*source):
        assert main(["report", "site", "lib", *ASKED, "--inputs", str(inputs), *map(str, source)]) == 0
        told = json.loads(capsys.readouterr().out)["report"]
        # Where it came from is said, and is the only thing that differs.
        assert told.pop("sources")[0]["key"] == {"name": "measurements"}
        return told

    return run


def test_a_folder_of_sites_and_exports_tell_what_the_appliance_tells(report, state, tmp_path):
    own = report("--state", state)
    assert own["circuits"][0]["use"]["busy_share"]["value"] is not None
    assert own["circuits"][0]["outages"]
    trips = {one["key"]["load"]: one for one in own["circuits"][0]["charts"]["round_trips"]}
    assert trips["before tests"]["p50"]["value"] == 0.011
    assert "grade A" in trips["during tests"]["p50"]["note"]
    assert report("--sites", state.parent) == own
    folder = tmp_path / "exports"
    folder.mkdir()
    with (folder / "lib.csv").open("w") as file, redirect_stdout(file):
        assert main(["export", "--state", str(state), "--from", "2026-03-26", "--to", "2026-04-01"]) == 0
    assert report("--exports", folder) == own


def test_influxdb_tells_what_the_appliance_tells(report, state, tmp_path):
    with influxd(tmp_path) as server:
        server.post("/query?q=CREATE+DATABASE+measured", b"")
        asyncio.run(deliver(state, InfluxSink(InfluxSettings(server.url, database="measured"))))
        told = report("--influxdb", server.url, "--database", "measured")
    assert told == report("--state", state)


def test_victoria_metrics_tells_what_the_appliance_tells(report, state, tmp_path):
    async def send(url):
        await deliver(state, RemoteWriteSink(RemoteWriteSettings(url), FakeClock()))

    with victoria_metrics(tmp_path) as server:
        asyncio.run(send(f"{server.url}/api/v1/write"))
        server.get("/internal/force_flush")
        told = report("--prometheus", server.url)
    # Numbers are all that it keeps: why a test proves nothing, it cannot say in words.
    found = [one.place for one in differences(report("--state", state), told)]
    assert [place for place in found if not re.search(r"dots\[\d+\]\.why|quality\.invalid", place)] == []


def test_a_centre_that_is_not_there_is_said_in_words(capsys):
    assert main(["report", "site", "lib", *ASKED, "--influxdb", "http://127.0.0.1:9"]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err
