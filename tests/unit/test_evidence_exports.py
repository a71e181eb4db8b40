"""Files of `netmon export`, read again: whatever texts devices have, in all three forms."""

import gzip
import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.delivery.line import LineEncoder, plain_name
from netmon.delivery.long_form import write_csv, write_json_lines
from netmon.evidence.sources.export_files import ExportError, Wants, told_by
from netmon.model import Event, Outcome, Reading, Retention, Row, Shape, Stamp, gauge, state

METRICS = (state("netmon_circuit_state", "S."), gauge("netmon_circuit_rtt_seconds", "R.", statistic="p50"))
WANTS = Wants({"circuit_minute": frozenset(metric.name for metric in METRICS)}, frozenset({"bandwidth_test"}))
# A mark before a formula is taken off again, so a text that begins with one is told apart from nothing.
NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="'\x7f"), min_size=1)
NAMES = NAMES.filter(lambda text: plain_name(text) == text)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FORMS = ("csv", "json", "line")


def records(name, number, synced):
    stamp = Stamp("b", 0, 1_772_323_230_123, synced)
    key = (("site", "lib"), ("circuit", name))
    shape = Shape("circuit_minute", METRICS, (Row(key),), Retention.EVIDENCE)
    yield Reading(shape, stamp, ([1], [number]), (Outcome.OK,))
    data = {"method": f"m {name}", "bits_per_second": {"L2": 5}, "peak": False, "others": None}
    yield Event("bandwidth_test", key, f'"{name}"', stamp, data, Retention.EVIDENCE)
    yield Event("trap", key, "nobody wants it", stamp, {"text": "x"})


def exported(form, some):
    file = StringIO()
    if form == "csv":
        write_csv(some, ("circuit", "site", "statistic", "value"), file)
    elif form == "json":
        write_json_lines(some, file)
    else:
        encoder = LineEncoder()
        file.writelines(line.decode() + "\n" for record in some for line in encoder.encode(record))
    return file.getvalue()


@pytest.mark.parametrize("form", FORMS)
@given(name=NAMES, number=NUMBERS, synced=st.booleans())
def test_what_is_exported_is_read_again(tmp_path_factory, form, name, number, synced):
    path = tmp_path_factory.getbasetemp() / f"export.{form}"
    path.write_text(exported(form, list(records(name, number, synced))), newline="")
    told = list(told_by(path, WANTS))
    assert {(one.wall_ms, one.synced) for one in told} == {(1_772_323_230_123, synced)}
    assert {one.labels["circuit"] for one in told} == {name}
    values = {(one.record, one.metric): one.value for one in told if one.value is not None}
    assert values[("reading", "netmon_circuit_rtt_seconds")] == number
    assert values[("reading", "netmon_circuit_state")] == 1
    assert values[("event", "method")] == f"m {name}"
    assert values[("event", "bits_per_second")] == {"L2": 5}
    assert values[("event", "peak")] is False
    assert ("event", "others") not in values
    statistics = {one.labels.get("statistic", "") for one in told if one.metric.endswith("rtt_seconds")}
    assert statistics == {"p50"}


def test_a_gzipped_file_is_read_and_a_broken_one_named(tmp_path):
    text = exported("csv", list(records("a", 0.5, True)))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert len(list(told_by(tmp_path / "a.csv.gz", WANTS))) == 7
    (tmp_path / "half.csv.gz").write_bytes(gzip.compress(text.encode())[:-20])
    (tmp_path / "half.json").write_text(exported("json", list(records("a", 0.5, True)))[:-30])
    (tmp_path / "bytes.csv").write_bytes(text.encode() + b"\xff\n")
    (tmp_path / "list.json").write_text(json.dumps([1]))
    for name in ("half.csv.gz", "half.json", "bytes.csv", "list.json", "absent"):
        with pytest.raises(ExportError, match=name):
            list(told_by(tmp_path / name, WANTS))
    (tmp_path / "empty.csv").write_text("")
    assert list(told_by(tmp_path / "empty.csv", WANTS)) == []
