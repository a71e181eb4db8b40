"""The line-protocol encoder against a parser of our own that reads as InfluxDB does."""

from dataclasses import replace
from math import inf, nan

import pytest
from fakes import records
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.delivery.line import LineEncoder, escape_name
from netmon.evidence.seal.records import event_record
from netmon.model import (
    Event,
    Fact,
    Outcome,
    Reading,
    Retention,
    Row,
    Shape,
    Stamp,
    counter,
    gauge,
    info,
    integer,
)
from netmon.text import clean

few = settings(max_examples=50)
SPEAKABLE = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=30)
HOSTILE = st.text(st.sampled_from('\\\\,,== ""\n\r\0\u2028\ud800aé漢'), max_size=12)


def split(text, separator):
    """Cut at separators that no backslash hides: a backslash hides the separator right after it."""
    parts, begin = [], 0
    for at, character in enumerate(text):
        if character == separator and text[at - 1 : at] != "\\":
            parts.append(text[begin:at])
            begin = at + 1
    return [*parts, text[begin:]]


def unescape(text):
    return text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")


def parse(line):
    """Return measurement, tags, fields and time of a line without string fields."""
    head, fields, time_ms = split(line.decode(), " ")
    measurement, *tags = split(head, ",")
    pairs = lambda texts: {unescape(k): unescape(v) for k, v in (split(text, "=") for text in texts)}  # noqa: E731
    return unescape(measurement), pairs(tags), pairs(split(fields, ",")), int(time_ms)


def lines(shape, *columns, **kwargs):
    return LineEncoder().encode(records.reading(shape, 1.0, *columns, **kwargs))


PORTS = Shape(
    "interface",
    (records.OCTETS, integer("ifOperStatus", "State."), records.SECONDS),
    tuple(
        Row((("site", "lib"), ("device", "sw"), ("ifName", name)), (("ifAlias", "uplink"),))
        for name in ("Gi0/1", "Gi0/2")
    ),
)


def test_a_row_is_a_line_with_the_key_as_sorted_tags_and_the_declared_names_as_fields():
    assert b"\n".join(lines(PORTS, [1, 2**63 - 1], [1, 2], [0.5, 1e-7])) == (
        b"interface,device=sw,ifName=Gi0/1,site=lib "
        b"ifHCInOctets=1i,ifOperStatus=1i,probe_duration_seconds=0.5 1800000001000\n"
        b"interface,device=sw,ifName=Gi0/2,site=lib "
        b"ifHCInOctets=9223372036854775807i,ifOperStatus=2i,probe_duration_seconds=1e-07 1800000001000"
    )


def test_what_is_not_known_is_left_out_and_never_becomes_zero():
    first, second = map(parse, lines(PORTS, [None, 5], [1, None], [nan, inf]))
    assert first[2] == {"ifOperStatus": "1i"}
    assert second[2] == {"ifHCInOctets": "5i"}


def test_a_row_without_any_value_yields_no_line():
    (line,) = lines(PORTS, [None, 5], [None, 1], [None, None])
    assert parse(line)[1]["ifName"] == "Gi0/2"


def test_a_counter_beyond_63_bits_is_left_out_and_counted_not_sent_as_a_smaller_number():
    encoder = LineEncoder()
    out = encoder.encode(records.reading(PORTS, 0, [2**63, 1], [1, 1], [0.5, 0.5]))
    assert "ifHCInOctets" not in parse(out[0])[2]
    assert encoder.left_out_total == 1


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (True, "1.0"), (2.5, "2.5")])
def test_a_float_field_never_changes_its_type(value, text):
    (line,) = lines(records.shape(), [value])
    assert parse(line)[2] == {"probe_duration_seconds": text}


def test_metrics_with_constant_labels_get_a_line_of_their_own():
    phases = tuple(gauge("seconds", "Phase.", phase=name) for name in ("rtt", "resolve"))
    shape = records.shape("icmp", (records.SECONDS, *phases))
    found = [parse(line) for line in lines(shape, [1.0], [0.25], [0.5])]
    assert [(tags.get("phase"), fields) for _, tags, fields, _ in found] == [
        (None, {"probe_duration_seconds": "1.0"}),
        ("rtt", {"seconds": "0.25"}),
        ("resolve", {"seconds": "0.5"}),
    ]


def test_text_never_becomes_a_field():
    shape = Shape(
        "run",
        (info("why_info", "Why.", label="why"),),
        (Row((("site", "lib"),), texts=(("why_info", "x"),)),),
    )
    assert lines(shape, [1]) == []


def test_a_reading_from_an_unsynchronised_clock_says_so():
    reading = Reading(records.shape(), records.stamp(0, synced=False), ([1.0],), (Outcome.OK,))
    assert parse(LineEncoder().encode(reading)[0])[1]["clock"] == "unsynced"


def test_an_event_is_a_line_with_its_text_as_a_string():
    event = Event("reboot", (("site", "lib"), ("device", "a b")), 'said "no"\\\nor so', records.stamp())
    assert LineEncoder().encode(event) == [
        'event,device=a\\ b,kind=reboot,site=lib text="said \\"no\\"\\\\\ufffdor so" 1800000000000'.encode()
    ]


def test_facts_are_not_sent():
    assert LineEncoder().encode(Fact("system", (("site", "lib"),), {"sysDescr": "x"}, records.stamp())) == []


def test_a_shape_that_is_gone_leaves_nothing_behind():
    encoder = LineEncoder()
    encoder.encode(records.reading(records.shape(), 0, [1.0]))
    assert len(encoder._plans) == 0


def tags_of(key):
    row = Row(tuple(key.items()))
    (line,) = lines(Shape("m", (records.SECONDS,), (row,)), [1.0])
    return parse(line)[1]


@few
@given(st.dictionaries(st.sampled_from(("a", "b c", "d,e=f")), SPEAKABLE.map(clean), min_size=1))
def test_cleaned_text_comes_back_as_it_was(key):
    expected = {name: text for name, text in key.items() if text}
    if not any(
        hidden in f"{text}$" for text in expected.values() for hidden in ("\\,", "\\=", "\\ ", "\\\\", "\\$")
    ):
        assert tags_of(key) == expected


@few
@given(st.lists(st.one_of(HOSTILE, SPEAKABLE), min_size=2, max_size=2))
def test_no_text_can_add_a_line_a_tag_or_a_field(texts):
    row = Row((("a", texts[0]), ("b", texts[1])))
    (line,) = lines(Shape("m", (records.SECONDS, records.OCTETS), (row,)), [1.5], [7])
    assert len(line.splitlines()) == 1
    measurement, tags, fields, time_ms = parse(line)
    assert (measurement, fields, time_ms) == (
        "m", {"probe_duration_seconds": "1.5", "ifHCInOctets": "7i"}, 1_800_000_001_000,
    )  # fmt: skip
    assert set(tags) == {name for name, text in zip("ab", texts, strict=True) if text}


@few
@given(st.one_of(HOSTILE, SPEAKABLE))
def test_escaping_keeps_the_length_and_every_other_character(text):
    back = unescape(escape_name(text))
    assert len(back) == len(text)
    assert all(new in (old, "\ufffd", "\uff3c") for old, new in zip(text, back, strict=True))


@few
@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**64), 2**64)), min_size=3, max_size=3),
    st.lists(st.one_of(st.none(), st.floats()), min_size=3, max_size=3),
)
def test_numbers_come_back_exactly(whole, floats):
    shape = Shape("m", (counter("c", "C."), gauge("g", "G.")), tuple(Row((("n", str(n)),)) for n in range(3)))
    found = {tags["n"]: fields for _, tags, fields, _ in map(parse, lines(shape, whole, floats))}
    for n in range(3):
        fields = found.get(str(n), {})
        fits = whole[n] is not None and -(2**63) <= whole[n] < 2**63
        finite = floats[n] is not None and abs(floats[n]) < inf
        assert ("c" in fields, "g" in fields) == (fits, finite)
        assert not fits or int(fields["c"].removesuffix("i")) == whole[n]
        assert not finite or float(fields["g"]) == floats[n]


def test_a_test_s_traces_stay_at_home_where_the_event_is_too_long_for_a_sink():
    trace = {"rows": [[n / 7] * 8 for n in range(200)]}
    data = {"verdict": "clean", "curve": [1], "tcp_info": trace}
    event = Event(
        "bandwidth_test", (("circuit", "c1"),), "fast", Stamp("b", 0, 1000), data, Retention.EVIDENCE
    )
    (line,) = LineEncoder().encode(event)
    assert b'data="{\\"verdict\\":\\"clean\\"}"' in line
    assert event_record(event)["data"] == {"verdict": "clean"}, "what is sealed is what the centre can have"
    (short,) = LineEncoder().encode(replace(event, data={"verdict": "clean", "curve": [1]}))
    assert b"curve" in short
