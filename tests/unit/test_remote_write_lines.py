"""Records as remote-write samples, decoded again by a decoder of the tests' own."""

import math
import struct

from fakes import records
from fakes.remote_write import decode, series
from hypothesis import given
from hypothesis import strategies as st

from netmon.delivery.protobuf import MAX_TIME_MS, head, pack_value, tail
from netmon.delivery.remote_write_lines import SeriesEncoder
from netmon.model import Event, Fact, Outcome, Reading, Row, Shape, Stamp, counter, gauge, info
from netmon.model.derived import RUN, RUN_METRICS

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,300}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
OCTETS, SECONDS = counter("ifHCInOctets", "O."), gauge("seconds", "S.", phase="rtt")
TYPE = info("ifType_info", "T.", "ifType")
ROW = Row(
    (("site", "lib"), ("device", "sw1"), ("ifName", "1")), (("ifAlias", "up"),), (("ifType_info", "eth"),)
)
PORT = {
    "site": "lib", "device": "sw1", "ifName": "1", "ifAlias": "up", "job": "netmon", "instance": "lib/sw1",
}  # fmt: skip
SHAPE = Shape("interface", (OCTETS, SECONDS, TYPE), (ROW,))


def reading(second, octets=1, seconds=0.5, shape=SHAPE, **stamp):
    columns = ([octets], [seconds], [1])[: len(shape.metrics)]
    return Reading(shape, records.stamp(second, **stamp), columns, (Outcome.OK,))


def sent(encoder, *all_records):
    return decode(b"".join(line for record in all_records for line in encoder.encode(record)))


def ms(second):
    return 1_800_000_000_000 + second * 1000


@given(
    st.dictionaries(NAMES, TEXTS, max_size=12),
    st.floats() | st.integers(-(2**63), 2**64),
    st.integers(0, MAX_TIME_MS - 1),
)
def test_whatever_is_encoded_is_decoded_again(labels, value, time_ms):
    line = head(labels) + pack_value(value) + tail(time_ms)
    ((found, number, moment),) = decode(line)
    assert dict(found) == {name: text for name, text in labels.items() if text}
    assert (struct.pack("<d", number) == struct.pack("<d", value), moment) == (True, time_ms)


@given(st.lists(st.lists(st.none() | st.floats(), min_size=2, max_size=2), min_size=1, max_size=20))
def test_what_is_known_arrives_and_what_ceases_to_be_known_is_ended(table):
    encoder, shape = SeriesEncoder(), records.shape(rows=("a", "b"))
    known = [[value is not None and math.isfinite(value) for value in row] for row in table]
    for at, row in enumerate(table):
        found = {
            dict(one)["target"]: value for one, value, _ in sent(encoder, records.reading(shape, at, row))
        }
        before = known[at - 1] if at else [False, False]
        expected = {}
        for name, value, now, was in zip("ab", row, known[at], before, strict=True):
            if now:
                expected[name] = value
            elif was:
                expected[name] = None
        assert found == expected


def test_names_and_labels_are_those_of_the_scrape_with_job_and_instance():
    assert sent(SeriesEncoder(), reading(0)) == [
        (series(__name__="ifHCInOctets", **PORT), 1.0, ms(0)),
        (series(__name__="seconds", phase="rtt", **PORT), 0.5, ms(0)),
        (series(__name__="ifType_info", ifType="eth", **PORT), 1.0, ms(0)),
    ]


def test_external_labels_replace_the_job_and_give_way_to_the_rows_own():
    encoder = SeriesEncoder((("job", "edge"), ("site", "wrong"), ("region", "south")))
    (first, *_) = sent(encoder, reading(0))
    assert dict(first[0]) == {**PORT, "__name__": "ifHCInOctets", "job": "edge", "region": "south"}


def test_a_row_without_device_and_target_is_its_sites():
    shape = Shape("host", (SECONDS,), (Row((("site", "lib"),)),))
    found = sent(SeriesEncoder(), records.reading(shape, 0, [1.0]))
    assert dict(found[0][0])["instance"] == "lib"


def test_a_text_that_changes_ends_the_series_with_the_old_one():
    encoder = SeriesEncoder()
    other = Shape("interface", SHAPE.metrics, (Row(ROW.key, ROW.info, (("ifType_info", "ppp"),)),))
    sent(encoder, reading(0))
    found = sent(encoder, reading(30, shape=other))
    assert (series(__name__="ifType_info", ifType="eth", **PORT), None, ms(30)) in found
    assert len(found) == 4


def test_a_silent_device_is_ended_by_the_logs_own_time_after_three_intervals():
    encoder, other = SeriesEncoder(), records.shape()
    for second in (0, 60, 120):
        sent(encoder, reading(second))
    ends = {}
    for second in range(125, 500, 5):
        for one, value, at in sent(encoder, records.reading(other, second, [1.0])):
            if value is None:
                ends[dict(one)["__name__"]] = at
    assert set(ends) == {"ifHCInOctets", "seconds", "ifType_info"}
    assert ms(300) < min(ends.values()) <= max(ends.values()) <= ms(335)


def test_runs_are_never_ended_for_their_age():
    encoder = SeriesEncoder()
    runs = Shape(RUN, RUN_METRICS[:3], (Row((("site", "lib"), ("source", "tcp"), ("target", "a"))),))
    sent(encoder, records.reading(runs, 0, [1], [0.5], [1.0]), records.reading(runs, 10, [1], [0.5], [1.0]))
    later = [records.reading(records.shape(), second, [1.0]) for second in range(20, 2000, 20)]
    assert [value for _, value, _ in sent(encoder, *later) if value is None] == []


def test_records_that_come_again_end_nothing():
    encoder, shape = SeriesEncoder(), records.shape(rows=("a", "b"))
    first = [records.reading(shape, 0, [1.0, 2.0]), records.reading(shape, 10, [1.0, None])]
    once = sent(encoder, *first)
    assert sent(encoder, *first) == once


def test_after_a_gap_in_the_log_nothing_old_is_ended():
    encoder = SeriesEncoder()
    sent(encoder, reading(0), reading(10))
    found = sent(encoder, records.reading(records.shape(), 4000, [1.0]))
    assert [value for _, value, _ in found] == [1.0]


def test_an_unsynchronised_clock_is_a_series_of_its_own_that_ends_when_it_is_set():
    encoder = SeriesEncoder()
    ((early, _, _), *_) = sent(encoder, reading(0, synced=False))
    assert dict(early)["clock"] == "unsynced"
    assert (early, None, ms(10)) in sent(encoder, reading(10))


def test_an_event_is_the_time_of_the_last_one_of_its_kind_and_a_fact_is_nothing():
    event = Event("reboot", (("site", "lib"), ("device", "sw1")), "restarted", records.stamp(5))
    fact = Fact("system", (("site", "lib"),), {}, records.stamp(6))
    assert sent(SeriesEncoder(), event, fact) == [
        (
            series(
                __name__="netmon_event_timestamp_seconds",
                site="lib", device="sw1", kind="reboot", job="netmon", instance="lib/sw1",
            ),
            1_800_000_005.0,
            ms(5),
        )
    ]  # fmt: skip


def test_a_time_that_no_sample_can_have_is_left_out_and_counted():
    encoder = SeriesEncoder()
    past = Reading(SHAPE, Stamp("b", 1, -5), ([1], [0.5], [1]), (Outcome.OK,))
    assert encoder.encode_past(past) == encoder.encode(past) == []
    assert encoder.left_out_total == 2
