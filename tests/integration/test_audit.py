"""`netmon influx audit` finds what a receiver lacks, names the hours, and sends it again."""

import asyncio
import json

import pytest
from fakes.servers import influxd, prometheus, victoria_metrics

from netmon.app.sink_settings import sink
from netmon.cli import main
from netmon.clock import SystemClock
from netmon.delivery.audit import Tally
from netmon.delivery.gate import unsettled_key
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.model import Event, Outcome, Reading, Row, Shape, Stamp, counter, gauge, info
from netmon.store.history import open_history

HOURS, EVERY = 4, 60
METRICS = (counter("ifHCInOctets", "O."), gauge("seconds", "S.", phase="rtt"), info("ifType_info", "T."))
ROWS = tuple(
    Row((("site", "lib"), ("device", "Süd, 1 \\"), ("ifName", f'Gi0/{n} "x"')), texts=(("ifType_info", "e"),))
    for n in range(3)
)
SHAPE = Shape("interface", METRICS, ROWS)
READINGS = HOURS * 3600 // EVERY


def records(clock):
    now_ns, wall_ms = clock.boottime_ns(), clock.wall_ns() // 1_000_000
    for n in range(READINGS):
        age = (READINGS - n) * EVERY
        stamp = Stamp(clock.boot_id, now_ns - age * 10**9, wall_ms - age * 1000)
        columns = ([2**62 + n, n, None if n % 7 else n], [n / 7, 0.25, float("nan")], [1, 1, 1])
        yield Reading(SHAPE, stamp, columns, (Outcome.OK,) * 3)
        if n % 60 == 0:
            yield Event("reboot", (("site", "lib"), ("device", "sw")), 'a "b"', stamp, {"n": n})


async def prepare(folder, settings, clock, lost):
    """A store that believes that everything was sent, and a receiver that never got some of it."""
    history, receiver = open_history(folder, clock), sink(settings, clock)
    everything = list(records(clock))
    history.accept(everything)
    newest = await history.commit()
    await history.advance(settings.cursor, newest)
    await history.close()
    lines = [
        line for n, record in enumerate(everything) if n not in lost for line in receiver.encode_past(record)
    ]
    for at in range(0, len(lines), 1000):
        await receiver.send(lines[at : at + 1000])
    await receiver.close()


@pytest.fixture
def audit(tmp_path, capsys):
    def run(*words):
        where = ("--config", str(tmp_path / "netmon.toml"), "--state", str(tmp_path / "state"), "--json")
        code = main.main(["influx", "audit", "--from", "-1d", *words, *where])
        return code, json.loads(capsys.readouterr().out)

    return run


def configure(folder, output):
    (folder / "state").mkdir()
    (folder / "netmon.toml").write_text(f'[site]\nid = "lib"\n{output}')


def it_finds_and_mends(audit, lost_values, *words):
    code, dry = audit("--dry-run", *words)
    assert (code, dry["missing"], dry["sent_again"], dry["whole"]) == (1, lost_values, 0, False)
    code, mended = audit(*words)
    assert (code, mended["missing"], mended["whole"]) == (0, lost_values, True)
    assert 0 < mended["sent_again"] < dry["values"]
    code, after = audit(*words)
    assert (code, after["missing"], after["differing"], after["sent_again"]) == (0, 0, 0, 0)
    assert (after["values"], after["hours"]) == (dry["values"], HOURS + 1)


@pytest.mark.servers
def test_what_was_sent_before_the_time_was_known_is_left_alone(tmp_path, audit, capsys):
    clock = SystemClock()
    with influxd(tmp_path) as server:
        configure(tmp_path, f'[output.influxdb]\nurl = "{server.url}"\ndatabase = "netmon"\n')
        settings = InfluxSettings(server.url, database="netmon")
        assert main.main(["influx", "setup", "--config", str(tmp_path / "netmon.toml"), "--json"]) == 0
        capsys.readouterr()
        # They went out, but with another time.
        asyncio.run(prepare(tmp_path / "state", settings, clock, lost=range(10)))

        async def remember():
            history = open_history(tmp_path / "state", clock)
            sent = json.dumps([[clock.boot_id, 1, 10, 0]])
            await history.write_state(unsettled_key(settings.cursor), sent)
            await history.close()

        asyncio.run(remember())
        code, found = audit()
        assert (code, found["missing"], found["sent_again"], found["not_compared"]) == (0, 0, 0, 10)


@pytest.mark.servers
def test_influxdb_is_compared_by_influxql_and_gets_what_it_lacks(tmp_path, audit, capsys):
    clock = SystemClock()
    with influxd(tmp_path) as server:
        configure(tmp_path, f'[output.influxdb]\nurl = "{server.url}"\ndatabase = "netmon"\n')
        settings = InfluxSettings(server.url, database="netmon")
        assert main.main(["influx", "setup", "--config", str(tmp_path / "netmon.toml"), "--json"]) == 0
        capsys.readouterr()
        asyncio.run(prepare(tmp_path / "state", settings, clock, lost={101, 102, 103}))
        # Two fields on three rows, one of them known every seventh time only.
        it_finds_and_mends(audit, 12)


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["victoria-metrics", "prometheus"])
def test_a_receiver_of_remote_write_is_compared_by_its_queries_and_gets_what_it_lacks(tmp_path, audit, kind):
    window = "storage: {tsdb: {out_of_order_time_window: 30d}}\n"
    server = (
        victoria_metrics(tmp_path)
        if kind == "victoria-metrics"
        else prometheus(tmp_path, window, "--web.enable-remote-write-receiver")
    )
    with server as running:
        url = f"{running.url}/api/v1/write"
        configure(tmp_path, f'[output.remote_write]\nurl = "{url}"\n')
        settings = RemoteWriteSettings(url, site="lib")
        asyncio.run(prepare(tmp_path / "state", settings, SystemClock(), lost={101, 102, 103}))
        running.get("/internal/force_flush")
        it_finds_and_mends(audit, 21, "--output", "remote_write")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Tally(2, 2**63 + 5), Tally(2, -(2**63) + 5), True),
        (Tally(2, 5), Tally(2, 6), False),
        (Tally(2, 0.1 + 0.2), Tally(2, 0.3), True),
        (Tally(2, 0.1), Tally(2, 0.1001), False),
        (Tally(2, None), Tally(2, 7), True),
        (Tally(2, 1), Tally(1, 1), False),
    ],
)
def test_sums_are_compared_as_receivers_make_them(one, other, equal):
    assert one.equals(other) is equal


def test_an_output_that_is_not_configured_is_a_usage_error(tmp_path, capsys):
    configure(tmp_path, "")
    words = ["influx", "audit", "--output", "remote_write", "--config", str(tmp_path / "netmon.toml")]
    assert main.main(words) == 2
    assert "[output.remote_write]" in capsys.readouterr().err
