"""What goes into a block comes out of it, and whatever octets come instead are refused in an orderly way."""

import math
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.model import Outcome, Reading, Row, Shape, Stamp, counter, gauge
from netmon.store.block import Block, Columns, pack_block
from netmon.store.codec import pack_series, unpack_series, unpack_whole
from netmon.store.hours import pack_hours, summaries_of
from netmon.store.integers import inflate, pack_integers, pack_varint, unpack_integers, unpack_varint
from netmon.store.moments import Stretches, pack_moments, unpack_moments, unpack_stretches
from netmon.store.statistics import summary
from netmon.store.streams import Streams, pack_streams

WHOLE = st.integers(-(2**70), 2**70)
CELLS = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(0, 100))),
    st.lists(st.one_of(st.none(), WHOLE)),
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False))),
    st.lists(st.decimals(-1000, 1000, places=6).map(float)),
    st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False))),
    st.lists(st.integers(10**300, 10**301)),
)


@settings(max_examples=40)
@given(CELLS)
def test_a_series_comes_back_by_value_and_whole_numbers_stay_whole(values):
    found = list(unpack_series(pack_series(values), len(values)))
    assert found == values
    if all(type(value) is int for value in values):
        assert all(type(value) is int for value in found)


@settings(max_examples=60)
@given(CELLS)
def test_a_series_read_at_once_is_the_same(values):
    packed = pack_series(values)
    found = unpack_whole(packed, len(values))
    assert list(map(repr, found)) == list(map(repr, unpack_series(packed, len(values))))
    assert list(found[1:3]) == list(found)[1:3]


STEPS = st.lists(st.sampled_from([60_000] * 9 + [120_000, 60_001, 3_000_000, 0, 300_000]), max_size=80)


@settings(max_examples=150)
@given(st.integers(0, 2**50), STEPS, st.booleans())
def test_moments_read_at_once_are_the_same_and_gaps_cost_no_more_than_a_stretch(first, steps, exact):
    moments = list(accumulate((step // 60_000 * 60_000 if exact else step for step in steps), initial=first))
    packed = pack_moments(moments)
    found = unpack_stretches(packed, len(moments))
    assert list(found) == list(unpack_moments(packed, len(moments))) == moments
    assert [found[place] for place in range(-len(moments), len(moments))] == moments * 2
    for cut in (slice(0, 3), slice(2, None), slice(5, 40), slice(7, 7), slice(-4, -1)):
        assert list(found[cut]) == moments[cut]
    if isinstance(found, Stretches):
        assert list(found.moved(-7)) == [one - 7 for one in moments]


def test_a_day_of_minutes_with_two_gaps_is_three_ranges():
    moments = [30_000 + 60_000 * n for n in range(1440) if n not in (100, *range(500, 600))]
    found = unpack_stretches(pack_moments(moments), len(moments))
    assert isinstance(found, Stretches)
    assert [len(part) for part in found.parts] == [100, 399, 840]


def test_nan_is_not_known():
    assert list(unpack_series(pack_series([1.5, math.nan, 2.5]), 3)) == [1.5, None, 2.5]


@pytest.mark.parametrize("bits", [8, 16, 31, 32, 53, 63, 64, 65])
def test_counters_stay_exact_at_every_width(bits):
    values = [2**bits - 3 + n for n in range(6)]
    assert list(unpack_series(pack_series(values), 6)) == values


def test_what_repeats_takes_next_to_nothing():
    assert len(pack_series([1] * 10_000)) < 5
    assert len(pack_series([None] * 10_000)) == 1
    assert len(pack_series(range(5, 10_000, 5))) < 25


@settings(max_examples=40)
@given(st.lists(st.integers(-(2**62), 2**62)), st.sampled_from([(0,), (1,), (2,), (0, 1, 2)]))
def test_whole_numbers_come_back_from_differences_of_every_order(numbers, orders):
    try:
        packed = pack_integers(numbers, orders)
    except OverflowError:
        return
    assert list(unpack_integers(packed, len(numbers))) == numbers


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**6), max_size=200), st.integers(0, 2**50))
def test_moments_come_back(steps, first):
    moments = [first]
    for step in steps:
        moments.append(moments[-1] + step)
    assert list(unpack_moments(pack_moments(moments), len(moments))) == moments


def test_moments_on_a_grid_take_half_a_byte_of_lateness():
    moments = [10**9 + 10_000 * n + n * n % 7 for n in range(2000)]
    assert len(pack_moments(moments)) < 1000


@settings(max_examples=40)
@given(st.integers(-(2**256) + 1, 2**256 - 1))
def test_a_number_of_any_size_comes_back(number):
    packed = pack_varint(number)
    assert unpack_varint(packed, 0) == (number, len(packed))


DECODERS = [
    lambda data, count: list(unpack_series(data, count)),
    lambda data, count: list(unpack_integers(data, count)),
    lambda data, count: list(unpack_moments(data, count)),
    inflate,
]


@settings(max_examples=100)
@given(st.sampled_from(DECODERS), st.binary(max_size=60), st.integers(0, 300), st.integers(0, 8))
def test_hostile_octets_are_refused_or_have_the_right_length(decode, data, count, code):
    # The first octet chooses the codec: most random ones are none.
    for octets in (data, bytes((code,)) + data, bytes((code | 0x80,)) + data):
        try:
            found = decode(octets, count)
        except ValueError:
            continue
        assert len(found) == count


def test_a_stream_that_unpacks_to_gigabytes_is_refused_at_its_length():
    import zlib

    bomb = zlib.compress(bytes(10**7), 9, -15)
    with pytest.raises(ValueError, match="length"):
        inflate(bomb, 1000)


SHAPE = Shape("mix", (counter("a", "A."), gauge("b", "B.")), (Row((("n", "0"),)), Row((("n", "1"),))))
OUTCOMES = st.tuples(*[st.sampled_from(list(Outcome))] * 2)
TABLES = st.lists(
    st.tuples(
        st.tuples(
            *[st.tuples(st.one_of(st.none(), st.integers(0, 2**64)), st.one_of(st.none(), st.integers(0, 9)))]
            * 2
        ),
        OUTCOMES,
        st.one_of(st.just(()), st.tuples(st.integers(0, 5), st.integers(0, 5))),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40)
@given(TABLES)
def test_a_block_gives_back_the_readings_it_was_made_of(tables):
    positions = [3 * at + 1 for at in range(len(tables))]
    packed = pack_block(
        positions,
        positions,
        Columns([(sum(columns, ()), outcomes, epochs) for columns, outcomes, epochs in tables]),
    )
    streams = Streams(
        lambda offset, size: packed.octets[offset : offset + size], 0, packed.head_bytes, packed.crc
    )
    block = Block(SHAPE, streams, len(tables))
    assert list(block.positions()) == list(block.moments_ms()) == positions
    some = any(epochs for _, _, epochs in tables)
    expected = [(columns, outcomes, epochs or (0, 0) if some else ()) for columns, outcomes, epochs in tables]
    assert list(block.rows()) == expected
    for columns, outcomes, epochs in block.rows():
        Reading(SHAPE, Stamp("b", 1, 1), columns, outcomes, epochs)


@settings(max_examples=40)
@given(st.data())
def test_a_flipped_bit_of_a_block_is_seen(data):
    packed = pack_streams([b"first", b"", b"a longer third stream"])
    bit = data.draw(st.integers(0, len(packed.octets) * 8 - 1))
    octets = bytearray(packed.octets)
    octets[bit // 8] ^= 1 << bit % 8

    def read(offset, size):
        return bytes(octets[offset : offset + size])

    try:
        streams = Streams(read, 0, packed.head_bytes, packed.crc)
    except ValueError:
        return
    assert streams.damaged() == 1


def test_hours_keep_values_exactly_and_rates_to_four_digits():
    values = [[0.008123, 0.009, 0.5], [], [1e-7 * n for n in range(1, 60)]]
    sealed = [[summary(list(one)) for one in values]] * 2
    rates = [[summary([x * 1e6 for x in one], 12345 if one else None) for one in values]] * 2
    packed = pack_hours([10, 11, 14], [*rates, *sealed], SHAPE)
    streams = Streams(
        lambda offset, size: packed.octets[offset : offset + size], 0, packed.head_bytes, packed.crc
    )
    exact = summaries_of(streams, SHAPE, 1, 1, 3)
    assert [one[:6] for one in exact] == [one[:6] for one in sealed[0]]
    rough = summaries_of(streams, SHAPE, 0, 0, 3)
    assert [one[0] for one in rough] == [3, 0, 59]
    assert [one[7] for one in rough] == [12345, None, 12345]
    assert rough[2][1:7] == pytest.approx(rates[0][2][1:7], rel=2e-4)
