import json

import pytest
from fakes.records import OCTETS, reading, stamp
from fakes.store_clock import HandClock
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from netmon.cli.main import main
from netmon.model import Event, Fact, Metric, Outcome, Reading, Row, Shape, Stamp, counter, gauge, info, state
from netmon.store.history import open_history

PERIOD = ("--from", "2027-01-15T08:00:00Z", "--to", "2027-01-15T09:00:00Z")
OF = Shape(
    "probe",
    (
        gauge("rtt_seconds", 'Time "there"\nand back.', quantile="0.5"),
        gauge("rtt_seconds", 'Time "there"\nand back.', quantile="0.95"),
        counter("sent_total", "Sent."), OCTETS, state("up", "1 or 0."),
        info("target_info", "Which.", "address"), Metric("steps_total", "A gauge with a counter's name."),
        Metric("sent", "What sent_total may not become."),
    ),
    (
        Row((("target", 'a"\\'),), (), (("target_info", "192.0.2.1"),)),
        Row((("target", "b"),)),
    ),
)  # fmt: skip


@pytest.fixture
async def state_folder(tmp_path):
    history = open_history(tmp_path, HandClock())
    for second in (0, 30, 60):
        columns = [
            [0.001, None],
            [0.002, float("inf")],
            [second, 2],
            [2**63 + second, 3],
            [1, 0],
            [1, 1],
            [5, 6],
            [7, 8],
        ]
        history.accept([reading(OF, second, *columns)])
    other = Shape("other", (OF.metrics[4],), (Row((("target", "c"),)),))
    history.accept([
        Reading(other, stamp(10), ([1],), (Outcome.OK,)),
        Reading(other, Stamp("boot-2", 1, stamp(20).wall_ms, synced=False), ([0],), (Outcome.OK,)),
        Fact("system", (("device", "sw1"),), {"sysDescr": "=1+1"}, stamp(5)),
        Event("note", (), "moved", stamp(15), {"by": "anna"}),
    ])  # fmt: skip
    await history.close()
    return tmp_path


def run(capsys, folder, *words):
    code = main([*words, "--state", str(folder)])
    return code, capsys.readouterr().out


def test_csv_has_every_record_of_the_period_in_time_order(capsys, state_folder):
    code, out = run(capsys, state_folder, "export", *PERIOD)
    header, *lines = out.splitlines()
    assert code == 0
    assert header == "time,record,measurement,device,quantile,target,metric,value,outcome,clock"
    assert len(lines) == 3 * 16 + 2 + 1 + 2
    times = [line.split(",")[0] for line in lines]
    assert times == sorted(times)
    assert "2027-01-15T08:00:05.000Z,fact,system,sw1,,,sysDescr,'=1+1,," in lines
    assert "2027-01-15T08:00:15.000Z,event,note,,,,by,anna,," in lines


def test_the_end_of_the_period_is_excluded_and_times_may_be_relative(capsys, state_folder):
    words = (
        "export",
        "--from",
        "2027-01-15T08:00:00",
        "--to",
        "2027-01-15T08:00:30",
        "--measurement",
        "probe",
    )
    _, out = run(capsys, state_folder, *words)
    assert len(out.splitlines()) == 1 + 16
    code, out = run(capsys, state_folder, "export", "--from", "-1m", "--to", "-30s")
    assert (code, len(out.splitlines())) == (0, 1)


def test_line_protocol_is_what_sinks_would_send(capsys, state_folder):
    _, out = run(capsys, state_folder, "export", *PERIOD, "--format", "line")
    assert "other,target=c up=1i 1800000010000" in out.splitlines()
    assert "other,target=c,clock=unsynced up=0i 1800000020000" in out.splitlines()


def test_json_is_one_object_per_value(capsys, state_folder):
    _, out = run(capsys, state_folder, "export", *PERIOD, "--json", "--measurement", "other")
    first, _ = map(json.loads, out.splitlines())
    assert first == {
        "time": "2027-01-15T08:00:10.000Z", "record": "reading", "measurement": "other", "metric": "up",
        "value": 1, "outcome": "ok", "clock": "", "labels": {"target": "c"},
    }  # fmt: skip


def test_openmetrics_is_accepted_by_the_strict_parser(capsys, state_folder):
    _, out = run(capsys, state_folder, "export", *PERIOD, "--format", "openmetrics")
    assert out.endswith("# EOF\n")
    families = {family.name: family for family in text_string_to_metric_families(out)}
    kinds = {name: family.type for name, family in families.items()}
    assert kinds == {
        "rtt_seconds": "gauge", "sent": "gauge", "sent_total": "unknown", "ifHCInOctets": "unknown",
        "up": "gauge", "target": "info", "steps_total": "gauge",
    }  # fmt: skip
    up = [(one.labels["target"], float(one.timestamp), one.value) for one in families["up"].samples]
    # The reading of the clock that was never synchronised is not among them.
    assert [one for one in up if one[0] == "c"] == [("c", 1_800_000_010.0, 1.0)]
    assert ("b", 1_800_000_060.0, 0.0) in up
    assert 'ifHCInOctets{target="b"} 3 ' in out
    assert f" {2**63 + 30} 1800000030.000" in out


def test_an_empty_period_is_a_mistake_in_words(capsys, state_folder):
    assert main(["export", "--from", "now", "--to", "-1h", "--state", str(state_folder)]) == 2
    assert "is empty" in capsys.readouterr().err


def test_stats_tell_sizes_for_people_and_for_programs(capsys, state_folder):
    code, out = run(capsys, state_folder, "store", "stats")
    assert (code, "records: 7" in out.splitlines()) == (0, True)
    _, out = run(capsys, state_folder, "store", "stats", "--json")
    found = json.loads(out)
    assert (found["records"], found["oldest"], found["set_aside"]) == (7, "2027-01-15T08:00:00.000Z", [])
    assert found["size_bytes"] == (state_folder / "history.db").stat().st_size


def test_verify_finds_the_record_that_a_flipped_bit_damaged(capsys, state_folder):
    code, out = run(capsys, state_folder, "store", "verify", "--json")
    assert (code, json.loads(out)["sound"]) == (0, True)
    path = state_folder / "history.db"
    data = bytearray(path.read_bytes())
    data[data.index(b'"moved"') + 2] ^= 1
    path.write_bytes(data)
    code, out = run(capsys, state_folder, "store", "verify", "--json")
    assert (code, json.loads(out)["damaged_positions"]) == (1, [7])
    code, out = run(capsys, state_folder, "export", *PERIOD)
    assert code == 1
    assert "anna" not in out


def test_a_folder_without_a_history_is_said_with_the_remedy(capsys, tmp_path):
    assert main(["store", "stats", "--state", str(tmp_path)]) == 1
    assert "netmon run" in capsys.readouterr().err


def test_compact_seals_what_there_is_and_everything_stays_readable(capsys, state_folder):
    _, before = run(capsys, state_folder, "export", *PERIOD)
    code, out = run(capsys, state_folder, "store", "compact", "--json")
    found = json.loads(out)
    assert (code, found["records"]) == (0, 7)
    assert found["sealed_bytes"]["probes"] == 0 < found["sealed_bytes"]["polled"]
    assert run(capsys, state_folder, "export", *PERIOD) == (0, before)
    assert run(capsys, state_folder, "store", "verify")[0] == 0
    [sealed] = (state_folder / "sealed").glob("*/polled.blocks")
    data = bytearray(sealed.read_bytes())
    data[30] ^= 1
    sealed.write_bytes(data)
    code, out = run(capsys, state_folder, "store", "verify", "--json")
    assert (code, json.loads(out)["sound"]) == (1, False)
