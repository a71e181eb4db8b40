"""After an outage, what Grafana shows is what netmon counts from its own minutes: the same, to the minute."""

import time
from contextlib import closing

import pytest
from fakes.clock import FakeClock
from fakes.dashboards import FOLDER, load, queries
from fakes.minutes import MINUTE_MS, Count, counted, minute
from fakes.servers import influxd, victoria_metrics

from netmon.delivery.line import LineEncoder
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.model import Fault, SlotState
from netmon.store.history import open_history
from netmon.store.reader import open_reader
from netmon.verdict.told import STATE_NUMBERS

pytestmark = pytest.mark.servers

SITE, CIRCUIT = (("site", "a"),), (("site", "a"), ("circuit", "wan1"))
DAY_MINUTES = 1440
COLUMNS = {"B": "availability", "C": "coverage", "D": "minutes down", "E": "minutes unknown"}
OUTAGE, UNKNOWN, NEVER_TOLD = range(600, 960), range(100, 117), range(200, 230)


def start_ms():
    """Return the beginning of an hour a day and some hours ago: servers have ideas about what is old."""
    return (time.time_ns() // 10**6 - 27 * 3_600_000) // 3_600_000 * 3_600_000


def a_day(begin_ms):
    """Six hours down, 17 minutes unknown, half an hour that nobody ever told."""
    shapes = {}
    for number in range(DAY_MINUTES):
        if number in NEVER_TOLD:
            continue
        state, fault = SlotState.UP, Fault.NONE
        if number in OUTAGE:
            state, fault = SlotState.DOWN, Fault.LINE
        elif number in UNKNOWN:
            state, fault = SlotState.UNKNOWN, Fault.APPLIANCE
        yield (
            number,
            [minute(key, begin_ms + number * MINUTE_MS, state, fault, shapes) for key in (SITE, CIRCUIT)],
        )


async def told_by_netmon(folder, day, begin_ms):
    """Return what netmon's own history says, read back from the disk."""
    history = open_history(folder, FakeClock())
    history.accept([record for _, records in day for record in records])
    await history.commit()
    await history.close()
    with closing(open_reader(folder)) as reader:
        return counted(
            reader.records(begin_ms, begin_ms + DAY_MINUTES * MINUTE_MS, "circuit_minute"), CIRCUIT
        )


def shown(ask, language, begin_ms, end_ms):
    """Return what the columns of the Estate dashboard show for the circuit."""
    board = load(FOLDER / "json" / f"netmon-estate-{language}.json")
    found = {query.place: query for query in queries(board)}
    values = {
        "site": ".*",
        "__range": f"{DAY_MINUTES * 60}s",
        "__range_s": str(DAY_MINUTES * 60),
        "__from": str(begin_ms),
        "__to": str(end_ms),
        "timeFilter": f"time >= {begin_ms}ms AND time <= {end_ms}ms",
    }
    return {name: ask(found[f"Every circuit/{letter}"].filled(values)) for letter, name in COLUMNS.items()}


@pytest.mark.parametrize(
    "before_the_end_ms", [0, 1], ids=["range to the hour", "range to the last millisecond"]
)
async def test_victoria_metrics_shows_what_netmon_counts(tmp_path, before_the_end_ms):
    begin_ms = start_ms()
    end_ms, day = begin_ms + DAY_MINUTES * MINUTE_MS - before_the_end_ms, list(a_day(begin_ms))
    expected = await told_by_netmon(tmp_path / "state", day, begin_ms)
    assert expected == Count(DAY_MINUTES - 360 - 17 - 30, 360, 17)
    with victoria_metrics(tmp_path) as server:
        sink = RemoteWriteSink(
            RemoteWriteSettings(f"{server.url}/api/v1/write", site="a", out_of_order="yes"), FakeClock()
        )
        # As it goes when the line is back: the present first, then what waited.
        waited = [records for number, records in day if number in OUTAGE]
        live = [records for number, records in day if number not in OUTAGE]
        await sink.send([line for records in live for one in records for line in sink.encode(one)])
        await sink.send([line for records in waited for one in records for line in sink.encode_past(one)])
        await sink.close()
        server.get("/internal/force_flush")

        def ask(text):
            (one,) = server.json("/api/v1/query", query=text, time=str(end_ms / 1000))["data"]["result"]
            assert one["metric"] == dict(CIRCUIT)
            return float(one["value"][1])

        assert shown(ask, "prometheus", begin_ms, end_ms) == pytest.approx(
            expected.figures(DAY_MINUTES), abs=1e-12
        )


async def test_influxdb_shows_what_netmon_counts(tmp_path):
    begin_ms = start_ms()
    end_ms, day = begin_ms + DAY_MINUTES * MINUTE_MS, list(a_day(begin_ms))
    expected = await told_by_netmon(tmp_path / "state", day, begin_ms)
    encoder = LineEncoder()
    with influxd(tmp_path) as server:
        server.get("/query", q="CREATE DATABASE netmon")
        lines = [line for _, records in reversed(day) for one in records for line in encoder.encode(one)]
        assert server.post("/write?db=netmon&precision=ms", b"\n".join(lines)) == 204

        def ask(text):
            (answer,) = server.json("/query", db="netmon", epoch="ms", q=text)["results"]
            (series,) = answer["series"]
            return float(series["values"][0][1])

        assert shown(ask, "influxdb", begin_ms, end_ms) == pytest.approx(
            expected.figures(DAY_MINUTES), abs=1e-12
        )


HOURS = {"down": (SlotState.DOWN, Fault.LINE), "unknown": (SlotState.UNKNOWN, Fault.APPLIANCE)}
WHOLE = {
    "down": {"availability": 0.0, "coverage": 1.0, "minutes down": 60.0, "minutes unknown": 0.0},
    "unknown": {"coverage": 0.0, "minutes down": 0.0, "minutes unknown": 60.0},
}


@pytest.mark.parametrize("state", HOURS)
def test_a_line_that_was_never_up_shows_its_minutes_down_and_one_that_nobody_knows_no_availability(
    tmp_path, state
):
    begin_ms, encoder, shapes = start_ms(), LineEncoder(), {}
    lines = [
        line
        for number in range(60)
        for line in encoder.encode(minute(CIRCUIT, begin_ms + number * MINUTE_MS, *HOURS[state], shapes))
    ]
    with influxd(tmp_path) as server:
        server.get("/query", q="CREATE DATABASE netmon")
        assert server.post("/write?db=netmon&precision=ms", b"\n".join(lines)) == 204

        def ask(text):
            (answer,) = server.json("/query", db="netmon", epoch="ms", q=text)["results"]
            return [float(series["values"][0][1]) for series in answer.get("series", ())]

        figures = shown(ask, "influxdb", begin_ms, begin_ms + 60 * MINUTE_MS)
    assert {name: found[0] for name, found in figures.items() if found} == WHOLE[state]


@pytest.mark.parametrize("state", [SlotState.DOWN, SlotState.UNKNOWN])
def test_a_degraded_line_that_fails_is_called_what_it_is_at_once(tmp_path, state):
    end_ms = start_ms()
    lines = [
        f'{name}{{site="a"{more},job="netmon",instance="wan1"}} {value} {end_ms - age * MINUTE_MS}'
        for age in range(10)
        for name, more, value in told_minute("site", age, state) + told_minute("circuit", age, state)
    ]
    with victoria_metrics(tmp_path) as server:
        server.post("/api/v1/import/prometheus", "\n".join(lines).encode())
        server.get("/internal/force_flush")
        board = load(FOLDER / "json" / "netmon-estate-prometheus.json")
        asked = {query.place: query for query in queries(board)}
        values = {"site": ".*", "__range": "3600s", "__range_s": "3600"}

        def ask(place):
            text, time_seconds = asked[place].filled(values), str((end_ms + 1000) / 1000)
            return server.json("/api/v1/query", query=text, time=time_seconds)["data"]["result"]

        for place in ("Every site/A", "Every circuit/A"):
            (one,) = ask(place)
            assert float(one["value"][1]) == STATE_NUMBERS[state]
        (counted,) = ask("Sites by verdict/E")
        assert float(counted["value"][1]) == 0, "it is not silent"
        reasons = [one["metric"]["fault"] for one in ask("Not known now, and why/A")]
        assert reasons == (["unknown"] if state is SlotState.UNKNOWN else [])


def told_minute(thing, age, state):
    """Return the samples of one minute as they are sent: degraded until the newest, then something else."""
    more = ',circuit="wan1"' if thing == "circuit" else ""
    names = ("state", "degraded", "fault_info")
    now = {"state": STATE_NUMBERS[state]} if age == 0 else {"state": 1, "degraded": 1}
    info = f'{more},fault="{"none" if age else "unknown"}"'
    return [
        (f"netmon_{thing}_{name}", info if name == "fault_info" else more, now.get(name, 1))
        for name in names
        if name in now or name == "fault_info"
    ]


def test_nobody_counts_sites_where_none_ever_told_anything(tmp_path):
    board = load(FOLDER / "json" / "netmon-estate-prometheus.json")
    with victoria_metrics(tmp_path) as server:
        for query in queries(board):
            if query.place.startswith("Sites by verdict"):
                text = query.filled({"site": ".*", "__range": "3600s", "__range_s": "3600"})
                assert server.json("/api/v1/query", query=text)["data"]["result"] == [], query


@pytest.mark.parametrize("language", ["prometheus", "influxdb"])
def test_one_full_minute_after_an_outage_is_no_busy_hour(tmp_path, language):
    begin_ms = start_ms()
    end_ms, use = begin_ms + 180 * MINUTE_MS, [0.4] * 60 + [None] * 119 + [1.0]
    times = [(begin_ms + number * MINUTE_MS, value) for number, value in enumerate(use) if value is not None]
    place = "Every circuit/F"
    board = load(FOLDER / "json" / f"netmon-estate-{language}.json")
    query = next(one for one in queries(board) if one.place == place)
    asked = query.filled(
        {"site": ".*", "__range": "9000s", "timeFilter": f"time >= {begin_ms}ms AND time < {end_ms}ms"}
    )
    name, labels = "netmon_circuit_down_utilisation_ratio", 'site="a",circuit="wan1"'
    if language == "prometheus":
        with victoria_metrics(tmp_path) as server:
            lines = "\n".join(f"{name}{{{labels}}} {value} {at}" for at, value in times)
            server.post("/api/v1/import/prometheus", lines.encode())
            server.get("/internal/force_flush")
            (one,) = server.json("/api/v1/query", query=asked, time=str(end_ms / 1000))["data"]["result"]
            found = one["value"][1]
    else:
        with influxd(tmp_path) as server:
            server.get("/query", q="CREATE DATABASE netmon")
            lines = "\n".join(
                f"circuit_minute,site=a,circuit=wan1 {name}={value} {at}" for at, value in times
            )
            server.post("/write?db=netmon&precision=ms", lines.encode())
            (answer,) = server.json("/query", db="netmon", epoch="ms", q=asked)["results"]
            found = answer["series"][0]["values"][0][1]
    assert float(found) == pytest.approx(0.4)


def test_what_was_scraped_says_where_it_is_incomplete(tmp_path):
    begin_ms, missed = start_ms(), range(600, 780)
    end_ms = begin_ms + DAY_MINUTES * MINUTE_MS - 1
    labels = 'site="a",circuit="wan1",job="netmon",instance="a:9877"'
    lines = [
        f"{name}{{{labels}}} {value} {begin_ms + number * MINUTE_MS + second * 1000}"
        for number in range(DAY_MINUTES)
        for second in (5, 35)
        for name, value in (("netmon_circuit_state", 1), ("netmon_circuit_degraded", 0))
        if number not in missed
    ]
    with victoria_metrics(tmp_path) as server:
        server.post("/api/v1/import/prometheus", "\n".join(lines).encode())
        server.get("/internal/force_flush")

        def ask(text):
            (one,) = server.json("/api/v1/query", query=text, time=str(end_ms / 1000))["data"]["result"]
            return float(one["value"][1])

        figures = shown(ask, "prometheus", begin_ms, end_ms)
        assert figures["availability"] == 1
        assert figures["coverage"] == pytest.approx((DAY_MINUTES - 180) / DAY_MINUTES)
        board = load(FOLDER / "json" / "netmon-circuit-prometheus.json")
        asked = {query.place: query for query in queries(board)}
        values = {"site": "a", "circuit": ".*", "__range": "86400s", "__range_s": "86400"}
        data = ask(asked["Data of this source/A"].filled(values))
        assert word(board, "Data of this source", data) == "incomplete"
        times = {"start": str(begin_ms // 1000 + 3600), "end": str(begin_ms // 1000 + 86_400), "step": "1h"}
        (hours,) = server.json(
            "/api/v1/query_range", query=asked["Hours in this data source/A"].filled(values), **times
        )["data"]["result"]
        words = [word(board, "Hours in this data source", float(value)) for _, value in hours["values"]]
        assert words == ["complete"] * 10 + ["nothing"] * 3 + ["complete"] * 11


def word(board, title, value):
    """Return what a panel calls a value."""
    (panel,) = (one for one in board["panels"] if one["title"] == title)
    for mapping in panel["fieldConfig"]["defaults"]["mappings"]:
        options = mapping["options"]
        if mapping["type"] == "range" and options["from"] <= value <= options["to"]:
            return options["result"]["text"]
    raise AssertionError(value)
