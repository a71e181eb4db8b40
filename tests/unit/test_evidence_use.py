"""Use by hand: the bill, busy hours, full minutes, the line that is needed, where it is narrow."""

from datetime import date

import pytest
from fakes.evidence import MARCH, strip
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.billing import billing, five_minutes
from netmon.evidence.bottleneck import Cause, Measured, bottleneck
from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve, larger, plot, values_told
from netmon.evidence.saturation import Required, against_capacity, required, saturation
from netmon.evidence.strip import Kind, Strip
from netmon.model import Fault, Reading, Row, Shape, SlotState, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS

START = MARCH.start_minute


def curve(*runs, start=START):
    """A curve of (value, how long) pairs."""
    return Curve(start, [value for value, n in runs for _ in range(n)])


def test_the_bill_of_a_month_of_thirty_days():
    down = curve((10.0, 41_040), (90.0, 2_160))  # 8 208 five minutes of 10, 432 of 90
    up = curve((5.0, 43_200))
    found = billing(down, up)
    assert (found.down, found.up, found.billed, found.samples, found.expected) == (10, 5, 10, 8640, 8640)
    assert billing(curve((10.0, 41_035), (90.0, 2_165)), up).down == 90, "433 do not fit under the cut"


def test_five_minutes_need_three():
    half = curve((None, 2), (6.0, 3), (None, 3), (9.0, 2))
    assert five_minutes(half) == [6.0, None]
    assert five_minutes(curve((1.0, 4), (5.0, 5), start=1)) == [5.0], "aligned to the clock"


def test_a_direction_that_is_not_known_leaves_no_bill():
    found = billing(curve((10.0, 100)), curve((None, 100)))
    assert (found.up, found.billed, found.samples) == (None, None, 0)


def day(load_at_ten, load_at_three):
    return [*[1.0] * 600, *[load_at_ten] * 60, *[1.0] * 240, *[load_at_three] * 60, *[1.0] * 480]


def test_the_two_busy_hours():
    days = Days(date(2026, 3, 2), date(2026, 3, 5), "Europe/London")
    loads = [*day(8.0, 5.0), *day(2.0, 7.0), *day(2.0, 6.0), *day(99.0, 99.0)]
    found = busy_hour(Curve(days.start_minute, loads), days, [date(2026, 3, d) for d in (2, 3, 4)])
    # 15:00 has 5, 7, 6: mean 6; 10:00 has 8, 2, 2: mean 4. The peaks are 8, 7, 6.
    assert (found.hour, found.mean, found.p95, found.daily_peak) == (15, 6, 7, 7)
    assert (found.peak_days, found.days) == (3, 3)


def test_the_daily_peak_does_not_keep_to_the_clock():
    days = Days(date(2026, 3, 2), date(2026, 3, 2), "Europe/London")
    load = Curve(days.start_minute, [*[0.0] * 630, *[6.0] * 60, *[0.0] * 750])
    found = busy_hour(load, days, [date(2026, 3, 2)])
    assert (found.daily_peak, found.hour, found.mean) == (6, 10, 3)


def test_the_busy_hour_moves_with_the_clock_on_the_wall():
    days = Days(date(2026, 3, 28), date(2026, 3, 30), "Europe/London")
    at_ten = {local for edge in days.edges() for local in range(edge[2] - 840, edge[2] - 780)}
    load = [9.0 if minute in at_ten else 1.0 for minute in range(days.start_minute, days.end_minute)]
    found = busy_hour(Curve(days.start_minute, load), days, list(days))
    assert (found.hour, found.mean) == (10, 9)


def test_nothing_known_is_no_busy_hour():
    days = Days(date(2026, 3, 2), date(2026, 3, 2), "Europe/London")
    found = busy_hour(curve((None, 1440), start=days.start_minute), days, list(days))
    assert (found.hour, found.mean, found.p95, found.daily_peak) == (None, None, None, None)
    sparse = Curve(days.start_minute, [9.0 if minute % 60 < 47 else None for minute in range(1440)])
    assert busy_hour(sparse, days, list(days)).hour is None, "47 of 60 minutes are too few"


def full(use, rtt=None, discards=None, serving=None, users=10):
    n = len(use.values)
    return saturation(use, rtt or curve((None, n)), discards, serving or b"\1" * n, users)


def test_full_is_nine_tenths_or_seven_and_a_queue():
    use = curve((0.95, 5), (0.75, 10), (0.5, 10), (None, 5))
    rtt = curve((0.02, 10), (0.09, 10), (0.5, 10))  # the hour's least is 20 ms: slow from 80
    found = full(use, rtt)
    assert (found.minutes, found.known, found.user_minutes) == (10, 25, 100)
    assert found.share == 0.4
    assert found.hides_demand


def test_discards_alone_show_a_full_line():
    found = full(curve((None, 10)), discards=curve((0.002, 3), (0.0, 7)))
    assert (found.minutes, found.known) == (3, 3)


def test_only_service_hours_count():
    found = full(curve((0.95, 10)), serving=b"\1" * 4 + b"\0" * 6)
    assert (found.minutes, found.known) == (4, 4)


def test_what_is_not_known_is_not_an_empty_line():
    found = full(curve((None, 10)))
    assert (found.minutes, found.share, found.hides_demand, found.user_minutes) == (0, None, None, None)
    assert full(curve((0.95, 10)), users=None).user_minutes is None


def test_a_line_that_gives_less_is_full_sooner():
    use = curve((0.5, 3))
    assert against_capacity(use, 100e6, 50e6).values == [1.0] * 3
    assert against_capacity(use, 100e6, 120e6) is use
    assert against_capacity(use, None, 50e6) is use


def test_the_line_that_is_needed():
    calm = full(curve((0.1, 1000)))
    assert required(30e6, 35e6, 40, 1e6, calm) == Required(pytest.approx(50e6), "busy hour", at_least=False)
    assert required(100e6, 35e6, 40, 1e6, calm).by == "standard"
    assert required(None, 35e6, 80, 1e6, calm).by == "users"
    crowded = full(curve((0.95, 11), (0.1, 989)))
    assert required(30e6, 35e6, 40, 1e6, crowded).at_least, "over a hundredth saturated: demand is hidden"
    assert not required(30e6, 35e6, 40, 1e6, full(curve((0.95, 10), (0.1, 990)))).at_least
    assert required(None, None, None, 1e6, calm) == Required(None, "", at_least=True)
    assert required(30e6, None, None, None, full(curve((None, 9)))).at_least


def on(n):
    return b"\1" * n


def test_the_first_rule_that_applies_decides():
    minutes = strip("u5 w5 w5 c5 d5 n5 ?5")
    use = Curve(START, [0.95] * 2 + [0.1] * 8 + [0.95] * 5 + [None] * 20)
    gateway = Curve(START, [*[0.001] * 5, 0.02, *[0.001] * 29])
    found = bottleneck(minutes, on(35), Measured(use=use, gateway_rtt=gateway))
    assert dict(found.minutes) == {
        Cause.INSTRUMENT: 0,
        Cause.LAN: 1 + 5,  # a slow gateway in the first bad minute, and the router
        Cause.DEMAND: 2 + 5,  # full minutes, whether felt or not
        Cause.SUPPLIER: 4 + 5,
        Cause.WIFI: 0,
        Cause.FAR: 0,
        Cause.NOT_DETERMINED: 5,
    }
    assert (found.bad, found.known) == (27, 30)
    assert (found.main, found.rule(Cause.SUPPLIER)) == (Cause.SUPPLIER, 4)
    assert found.share(Cause.DEMAND) == pytest.approx(7 / 27)


def kinds(*faults):
    return Strip(START, bytes(Kind(SlotState.UP, fault, degraded=False).code for fault in faults))


def test_a_line_that_works_by_another_one_is_no_bottleneck_and_a_service_is():
    found = bottleneck(kinds(Fault.LINE, Fault.NONE, Fault.SERVICE, Fault.WIFI), on(4), Measured())
    assert [(cause, n) for cause, n in found.minutes if n] == [(Cause.WIFI, 1), (Cause.FAR, 1)]


def test_without_bad_minutes_nothing_is_narrow():
    found = bottleneck(strip("u10 ?5"), on(15), Measured())
    assert (found.bad, found.main, found.share(Cause.LAN)) == (0, None, None)


def test_the_instrument_goes_first():
    found = bottleneck(strip("w4"), on(4), Measured(instrument=b"\1\1\0\0", slow_tests=b"\1" * 4))
    assert found.minutes[0] == (Cause.INSTRUMENT, 2)
    assert found.main is Cause.INSTRUMENT


def test_values_are_laid_out_whatever_their_order():
    told = [(12, 3.0), (10, 1.0), (12, 2.0), (99, 9.0)]
    assert plot(told, 10, 14) == plot(told[::-1], 10, 14) == Curve(10, [1.0, None, 3.0, None])
    assert larger(Curve(0, [1.0, None, 2.0]), Curve(0, [None, None, 3.0])).values == [1.0, None, 3.0]


def test_values_are_read_from_rows_of_one_circuit():
    rows = tuple(Row((("site", "s1"), ("circuit", name))) for name in ("c1", "c2"))
    shape = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, rows)
    columns = tuple((0.5, 0.7) if m.name.endswith("rtt_seconds") else (None, None) for m in shape.metrics)
    reading = Reading(shape, Stamp("b", 0, 600_000), columns, ("ok", "ok"))
    assert list(values_told([reading], "c2", "netmon_circuit_rtt_seconds", "p95")) == [(10, 0.7)]
    assert list(values_told([reading], "c1", "netmon_circuit_loss_ratio")) == []


HOLES = st.lists(st.one_of(st.none(), st.floats(0, 2)), min_size=1, max_size=120)


@settings(max_examples=30)
@given(HOLES, st.integers(0, 50), st.integers(0, 60))
def test_a_cut_keeps_each_value_at_its_minute(values, skip, length):
    whole = Curve(100, values)
    part = whole.cut(80 + skip, 80 + skip + length)
    assert len(part.values) == length
    for place, value in enumerate(part.values):
        minute = 80 + skip + place
        assert value == (values[minute - 100] if 100 <= minute < whole.end_minute else None)
