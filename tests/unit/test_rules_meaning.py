"""What rules make of rows: values, states, amounts, texts; what makes no sense is not known."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.rules.amounts import memory, processor
from collectors.rules.identify import candidates, enterprise_of, vendor_of
from collectors.rules.labels import Labels
from collectors.rules.meaning import component, radio, sensor, state
from collectors.rules.model import (
    ComponentRule,
    MemoryRule,
    OsRule,
    ProcessorRule,
    RadioRule,
    SensorRule,
    StateRule,
    VendorFile,
)
from collectors.rules.objects import ANYTHING, number, text
from collectors.rules.reader import RuleRow
from collectors.snmp import ber
from collectors.snmp.ber import BerError
from netmon import sdk

PLACES = {"v": (1, 3, 1), "w": (1, 3, 2)}
CELLS = st.one_of(
    st.integers(-(2**63), 2**64), st.binary(max_size=40), st.floats(allow_nan=False, allow_infinity=False)
)


def row(index=(1,), **cells):
    return RuleRow(index, cells, PLACES)


def sensed(given_row, **rule):
    return sensor(SensorRule(**({"kind": "temperature", "column": "v", "label": "x"} | rule)), given_row)


SENSORS = [
    ("plain", row(v=21), {}, 21.0),
    ("scaled", row(v=215), {"decimals": 1}, 21.5),
    ("by a column", row(v=215, w=1), {"decimals_by": "w"}, 21.5),
    ("by a map", row(v=215, w=8), {"kind": "voltage", "scale_by": "w", "scales": {"8": 1e-3}}, 0.215),
    ("not in the map", row(v=215, w=5), {"scale_by": "w", "scales": {"8": 1e-3}}, None),
    ("fahrenheit", row(v=212), {"convert": "fahrenheit"}, 100.0),
    ("milliwatts", row(v=1), {"kind": "dbm", "convert": "milliwatts_to_dbm"}, 0.0),
    ("no light", row(v=0), {"kind": "dbm", "convert": "milliwatts_to_dbm"}, None),
    ("text with a number", row(v=b"23.5 C (74.3 F)"), {}, 23.5),
    ("text by pattern", row(v=b"23.5 C (74.3 F)"), {"pattern": r"\(([\d.]+) F"}, 74.3),
    ("text without a number", row(v=b"n/a"), {}, None),
    ("absent", row(), {}, None),
    ("not measured", row(v=65535), {"ignore": (65535,)}, None),
    ("too hot to be true", row(v=2000), {"highest": 200}, None),
    ("percent", row(v=50), {"kind": "load"}, 0.5),
    ("minutes", row(v=90), {"kind": "runtime", "unit": "minutes"}, 5400.0),
    ("kilowatt hours", row(v=2), {"kind": "energy"}, 7.2e6),
    ("part of a whole", row(v=30, w=120), {"kind": "percent", "of": "w"}, 0.25),
    ("part of nothing", row(v=30, w=0), {"kind": "percent", "of": "w"}, None),
    ("concerned", row(v=1, w=b"on"), {"when": {"w": ("on",)}}, 1.0),
    ("not concerned", row(v=1, w=2), {"unless": {"w": (2,)}}, None),
    ("kind by column", row(v=1, w=8), {"kind": "", "kind_by": "w", "kinds": {"8": "temperature"}}, 1.0),
    ("kind unknown", row(v=1, w=9), {"kind": "", "kind_by": "w", "kinds": {"8": "temperature"}}, None),
]


@pytest.mark.parametrize(
    ("given_row", "rule", "expected"), [s[1:] for s in SENSORS], ids=[s[0] for s in SENSORS]
)
def test_a_sensor_is_measured_in_its_own_unit_or_not_known(given_row, rule, expected):
    found = sensed(given_row, **rule)
    assert (None if found is None else found.value) == (None if expected is None else pytest.approx(expected))


@given(CELLS, CELLS)
def test_no_value_of_a_device_breaks_a_rule(value, other):
    found = sensed(row(v=value, w=other), decimals_by="w", of="w")
    assert found is None or math.isfinite(found.value)
    processor(ProcessorRule(busy="v"), row(v=value))
    memory(MemoryRule(total="v", used="w"), row(v=value, w=other))


def test_a_label_is_made_of_columns_and_index_and_tells_where_it_was_read():
    found = sensed(row((3, 7), v=1, w=b"Fan \n\x00"), label="{w} in slot {2} of {index}")
    assert (found.label, found.oid) == ("Fan in slot 7 of 3.7", "1.3.1.3.7")


def test_states_have_words_and_a_health_and_unknown_ones_are_unknown():
    known = {"s": {"1": ("up", "ok"), "2": ("Down", "critical")}}
    rule = StateRule(column="v", label="x", states="s")
    told = [state(rule, row(v=cell), known) for cell in (1, 2, 9, b"DOWN", b"2", b"odd")]
    assert [None if one is None else (one.value, one.text, one.health) for one in told] == [
        (1, "up", "ok"),
        (2, "Down", "critical"),
        (9, "9", "unknown"),
        (2, "Down", "critical"),
        (2, "Down", "critical"),
        None,
    ]


AMOUNTS = [
    (row(v=100, w=40), {"total": "v", "used": "w"}, (100, 40, 0.4)),
    (row(v=100, w=40), {"total": "v", "free": "w", "unit_bytes": 1024}, (102400, 61440, 0.6)),
    (row(v=60, w=40), {"used": "v", "free": "w"}, (100, 60, 0.6)),
    (row(v=40), {"percent": "v"}, (None, None, 0.4)),
    (row(v=40), {"percent_free": "v"}, (None, None, 0.6)),
    (row(v=1000, w=25), {"total": "v", "percent": "w"}, (1000, 250, 0.25)),
    (row(v=0, w=0), {"total": "v", "used": "w"}, None),
    (row(v=100, w=140), {"total": "v", "used": "w"}, None),
    (row(v=140), {"percent": "v"}, None),
    (row(), {"total": "v", "used": "w"}, None),
]


@pytest.mark.parametrize(("given_row", "rule", "expected"), AMOUNTS)
def test_amounts_follow_from_what_is_told_or_are_not_known(given_row, rule, expected):
    found = memory(MemoryRule(**rule), given_row)
    told = None if found is None else (found.total_bytes, found.used_bytes, pytest.approx(found.ratio))
    assert told == expected


def test_an_idle_processor_is_not_busy():
    assert processor(ProcessorRule(idle="v"), row(v=93)).ratio == pytest.approx(0.07)
    assert processor(ProcessorRule(busy="v"), row(v=255)) is None


def test_a_part_needs_a_name_and_something_to_tell():
    rule = ComponentRule(kind="fan", name="{v}", serial="{w}")
    assert component(rule, row(v=b"Fan 1", w=b"SN1")) == {
        "class_name": "fan",
        "name": "Fan 1",
        "serial": "SN1",
    }
    assert component(rule, row(v=b"Fan 1")) is None
    assert component(rule, row(w=b"SN1")) is None


def test_a_radio_tells_what_it_knows():
    found = radio(RadioRule(label="r", clients="v", busy="w"), row(v=12, w=55))
    assert (found.clients, found.busy_ratio, found.channel) == (12, 0.55, None)
    assert radio(RadioRule(label="r", clients="v"), row()) is None


@given(st.lists(st.dictionaries(st.integers(1, 5), st.sampled_from(["a", "b", "a #2"]), max_size=5)))
def test_labels_are_unique_and_stay_with_their_place(reads):
    labels, before = Labels(), {}
    for read in reads:
        found = [sensed(row((at,), v=1), label=label) for at, label in sorted(read.items())]
        named = {(one.oid, one.label): label for label, one in labels.of("heat", found)}
        assert len(set(named.values())) == len(read)
        assert all(named[one] == before[one] for one in named.keys() & before.keys())
        before = named


@pytest.mark.parametrize("told", [b"--5", b"-", b"9" * 250, b"1" + b"0" * 18], ids=repr)
def test_a_state_that_is_no_number_of_a_state_is_not_known(told):
    assert state(StateRule(column="v", label="x", states="s"), row(v=told), {"s": {}}) is None


@pytest.mark.parametrize("cell", [b"9" * 250, 1e300, -1e300], ids=["text", "fraction", "below"])
def test_numbers_beyond_all_of_snmp_are_not_known(cell):
    assert sensed(row(v=cell)) is None


@given(st.integers(0, 255), st.binary(max_size=16))
def test_values_of_any_type_are_read_or_refused(tag, content):
    try:
        value = ANYTHING.decode(tag, content)
    except (BerError, sdk.NetmonError):
        return
    assert number(value) is None or math.isfinite(number(value))
    assert text(value) == sdk.clean(text(value))


def test_a_float_of_net_snmp_is_a_number():
    assert ANYTHING.decode(ber.OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", 1.5)) == 1.5
    with pytest.raises(BerError):
        ANYTHING.decode(ber.OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", math.inf))


def test_the_most_particular_system_that_fits_is_tried_first():
    def os(name, **more):
        return OsRule(name=name, title=name, provenance="MIB", **more)

    file = VendorFile(
        format=1,
        vendor="V",
        enterprises=(9,),
        os=(
            os("any", object_ids=("1.3.6.1.4.1.9",)),
            os("model", object_ids=("1.3.6.1.4.1.9.1.7",)),
            os("worded", object_ids=("1.3.6.1.4.1.9.1.7",), descr="XE"),
            os("other", object_ids=("1.3.6.1.4.1.9.1.70",)),
        ),
    )
    object_id = ber.oid("1.3.6.1.4.1.9.1.7")
    assert [c.os.name for c in candidates([file], object_id, "IOS XE")] == ["worded", "model", "any"]
    assert [c.os.name for c in candidates([file], object_id, "IOS")] == ["model", "any"]
    assert candidates([file], None, "IOS XE") == []
    assert (enterprise_of(object_id), enterprise_of((1, 3, 6)), enterprise_of(None)) == (9, None, None)


def test_the_number_of_net_snmp_says_nothing_about_the_vendor():
    files = [
        VendorFile(format=1, vendor="Many", enterprises=(8072, 7)),
        VendorFile(format=1, vendor="Own", enterprises=(7, 9), trusted=(9,)),
    ]
    assert [vendor_of(files, number) for number in (8072, 7, 9, None)] == ["", "Many", "Own", ""]
