"""32-bit counters made of 64-bit ones."""

from fakes import records

from netmon.metrics.low_counters import with_low_counters
from netmon.model import Outcome, Reading, Row, Shape, counter, state


def ports(metrics, *columns):
    rows = tuple(
        Row((("device", "sw"), ("ifName", f"p{n}")), (("ifIndex", str(n)),))
        for n in range(1, len(columns[0]) + 1)
    )
    shape = Shape("interface", metrics, rows)
    return Reading(shape, records.stamp(0), columns, (Outcome.OK,) * len(rows))


def columns(reading):
    return {m.name: list(c) for m, c in zip(reading.shape.metrics, reading.columns, strict=True)}


def test_they_are_the_low_halves_and_non_unicast_is_the_sum_of_two():
    names = ("ifHCInOctets", "ifHCInMulticastPkts", "ifHCInBroadcastPkts")
    found = columns(
        with_low_counters(
            ports(tuple(counter(n, "C.") for n in names), [2**32 + 7, None], [2**32 - 1, 1], [3, None])
        )
    )
    assert found["ifInOctets"] == [7, None]
    assert found["ifInNUcastPkts"] == [2, None]
    assert found["ifInMulticastPkts"] == [2**32 - 1, 1]
    assert found["ifIndex"] == [1, 2]
    assert "ifOutOctets" not in found


def test_what_a_slow_port_counts_itself_stays():
    metrics = (counter("ifHCInOctets", "C."), counter("ifInOctets", "C.", wrap_bits=32))
    assert columns(with_low_counters(ports(metrics, [2**33 + 1, None], [None, 5])))["ifInOctets"] == [1, 5]


def test_other_readings_are_left_alone():
    other = records.reading(records.shape("tcp", (state("up", "U."),)), 0, [1])
    assert with_low_counters(other) is other
