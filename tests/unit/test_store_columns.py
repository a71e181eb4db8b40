import pytest
from fakes.records import stamp
from hypothesis import example, given
from hypothesis import strategies as st

from netmon.model import (
    Event,
    Fact,
    Kind,
    Metric,
    Number,
    Outcome,
    Reading,
    Retention,
    Row,
    Shape,
    counter,
    gauge,
    info,
)
from netmon.store.columns import pack_column, unpack_column
from netmon.store.frames import Framer, unframe
from netmon.store.subjects import load_subject

INTEGERS = st.one_of(
    st.integers(-300, 300), st.integers(-(2**63), 2**64 - 1), st.integers(-(2**70), 2**70), st.none()
)
NUMBERS = st.one_of(INTEGERS, st.floats(allow_nan=False))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(INTEGERS, max_size=12))
@example([2**64 - 1, 0])
@example([-1, 2**64 - 1])
@example([True, 7])
def test_integers_come_back_as_the_integers_they_were(column):
    found, end = unpack_column(pack_column(column), 0, len(column))
    assert found == column
    assert end == len(pack_column(column))
    assert all(value is None or isinstance(value, int) for value in found)


@given(st.lists(NUMBERS, max_size=12))
@example([0.5, 2**53 + 1])
@example([float("inf"), -0.0, None])
def test_a_column_of_any_numbers_comes_back_equal(column):
    found, _ = unpack_column(pack_column(column), 0, len(column))
    assert found == column


def test_nan_is_not_known():
    column = [1.5, float("nan"), None]
    assert unpack_column(pack_column(column), 0, 3)[0] == [1.5, None, None]


@pytest.mark.parametrize(
    ("column", "size"),
    [
        ([None] * 9, 1),
        ([0] * 9, 10),
        ([255] * 9, 10),
        ([-129] * 9, 19),
        ([2**32 - 1] * 9, 37),
        ([2**40] * 9, 73),
    ],
)
def test_integers_take_the_narrowest_form(column, size):
    assert len(pack_column(column)) == size


def through(record):
    frame = Framer().frame(record)
    subject = load_subject(frame.subject.digest, frame.subject.body)
    return unframe(subject, frame.stamp, frame.codec, frame.payload)


@st.composite
def readings(draw):
    rows = draw(st.integers(0, 5))
    metrics = tuple(gauge(f"m{number}", "A number.") for number in range(draw(st.integers(0, 4))))
    shape = Shape("any", metrics, tuple(Row((("target", str(number)),)) for number in range(rows)))
    column = st.lists(NUMBERS, min_size=rows, max_size=rows)
    outcomes = draw(st.lists(st.sampled_from(Outcome), min_size=rows, max_size=rows))
    epochs = draw(st.one_of(st.just(()), st.lists(st.integers(0, 2**40), min_size=rows, max_size=rows)))
    return Reading(shape, stamp(), tuple(draw(column) for _ in metrics), tuple(outcomes), tuple(epochs))


@given(readings())
def test_any_reading_comes_back_as_it_was(reading):
    found = through(reading)
    assert [list(column) for column in found.columns] == [list(column) for column in reading.columns]
    assert (found.outcomes, found.epochs, found.stamp) == (reading.outcomes, reading.epochs, reading.stamp)


def test_a_shape_comes_back_with_everything_that_it_declares():
    metrics = (
        counter("ifInOctets", "Octets.", wrap_bits=32),
        gauge("rtt_seconds", "Time.", quantile="0.5"),
        info("ifAlias", "Text.", label="alias"),
        Metric("h_bucket", "Counts.", Kind.HISTOGRAM, Number.INTEGER, (("le", "+Inf"),)),
    )
    rows = (Row((("device", "\u00fc"),), (("ifIndex", "1"),), (("ifAlias", "to \U0001f600"),)),)
    shape = Shape("interface", metrics, rows, Retention.EVIDENCE)
    found = through(Reading(shape, stamp(), ([1], [0.5], [1], [2]), (Outcome.OK,))).shape
    assert (found.measurement, found.metrics, found.rows, found.retention) == (
        "interface", metrics, rows, Retention.EVIDENCE,
    )  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3), st.text(max_size=9))
def test_facts_and_events_come_back_as_they_were(values, text):
    key = (("device", text),)
    fact = Fact("inventory", key, values, stamp())
    event = Event("trap", key, text, stamp(), values, Retention.EVIDENCE)
    assert through(fact) == fact
    assert through(event) == event


@given(st.binary(max_size=40))
@example(b"\x00\xf0")
def test_bytes_that_are_no_frame_are_a_value_error(payload):
    reading = Reading(Shape("m", (gauge("a", "A."),), (Row(()),)), stamp(), ([1],), (Outcome.OK,))
    frame = Framer().frame(reading)
    for codec in (1, 2, 77):
        try:
            unframe(frame.subject, frame.stamp, codec, payload)
        except ValueError:
            continue


def test_every_outcome_has_its_place_in_the_format():
    shape = Shape("m", (), tuple(Row((("n", str(number)),)) for number in range(len(Outcome))))
    assert through(Reading(shape, stamp(), (), tuple(Outcome))).outcomes == tuple(Outcome)
