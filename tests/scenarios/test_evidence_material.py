"""A history becomes the same material in whatever order, and however often, it comes."""

from datetime import date
from fractions import Fraction
from random import Random

from fakes.evidence import inputs, runs

from netmon.evidence.availability import availability
from netmon.evidence.calendar import Days
from netmon.evidence.grade import Grade
from netmon.evidence.material import material
from netmon.evidence.quality import quality
from netmon.evidence.strip import STATES
from netmon.model import Event, Fault, Reading, Retention, Row, Shape, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS

DAYS = Days(date(2026, 3, 2), date(2026, 3, 2), "UTC")
ROWS = tuple(Row((("site", "s1"), ("circuit", name))) for name in ("c2", "c1"))
SHAPE = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, ROWS, Retention.EVIDENCE)


def reading(minute, offset_ms=30_000, **cells):
    told = {f"netmon_circuit_{name}": value for name, value in cells.items()}
    columns = tuple((None, None if m.labels else told.get(m.name)) for m in SHAPE.metrics)
    wall_ms = (DAYS.start_minute + minute) * 60_000 + offset_ms
    return Reading(SHAPE, Stamp("b", 0, wall_ms, synced=minute >= 60), columns, ("ok", "ok"))


def speed(minute, rate=9e7, circuit="c1", cross=0, spoiled="circuit"):
    data = {"direction": "down", "method": "http", "bits_per_second": {"L2": rate}, "limited_by": spoiled}
    data |= {"cross_bits_per_second": {"L2": cross}}
    stamp = Stamp("b", 0, (DAYS.start_minute + minute) * 60_000)
    return Event(
        "bandwidth_test", (("site", "s1"), ("circuit", circuit)), "", stamp, data, Retention.EVIDENCE
    )


READINGS = [
    reading(n, state=0 if 100 <= n < 130 else 1, fault=1, down_utilisation_ratio=n / 1440)
    for n in range(1200)
]
EVENTS = [speed(60), speed(400), speed(90, circuit="c2")]


def test_minutes_curves_and_tests_of_one_circuit():
    found = material(READINGS, EVENTS, "c1", DAYS)
    assert runs(found.strip.letters(STATES)) == "?60 u40 d30 u1070 ?240", "by a wrong clock nothing is known"
    assert found.down_use.values[720] == 0.5
    assert (found.down_use.values[1300], found.up_use.values[720], found.rtt_p50.values[5]) == (
        None,
        None,
        None,
    )
    assert found.use.values == found.down_use.values
    assert [one.minute - DAYS.start_minute for one in found.tests] == [60, 400]
    assert found.synced == Fraction(1140, 1200)
    assert material([], [], "c1", DAYS).synced is None
    assert material(READINGS, EVENTS, "nobody", DAYS).tests == ()


def test_the_statement_of_quality_says_what_is_missing_and_why():
    found = material(READINGS, [*EVENTS, speed(700, cross=None), speed(800, spoiled="host_cpu")], "c1", DAYS)
    terms = inputs("availability=99%").contracts.on("c1", DAYS.first)
    part = availability(found.strip, DAYS, terms, (), None)
    told = quality(found, part, enough=True)
    assert told.unknown_minutes == {Fault.APPLIANCE: 60, Fault.NONE: 240}
    assert (told.minutes, told.coverage, told.clock) == (1440, Fraction(1140, 1440), Fraction(19, 20))
    assert told.tests == {"down": 4}
    assert told.invalid_tests == {"limited by host_cpu": 1, "what else the line carried is not known": 1}
    assert (told.grade, told.exclusions) == (Grade.C, ())
    nothing = material([], [], "c1", DAYS)
    empty = quality(nothing, availability(nothing.strip, DAYS, None, (), None), enough=False)
    assert (empty.coverage, empty.clock, empty.grade) == (0, None, Grade.D)


def test_late_shuffled_stamped_anew_and_told_twice_it_is_the_same():
    random = Random(4)
    moved = [
        reading(
            n,
            random.randrange(60_000),
            state=0 if 100 <= n < 130 else 1,
            fault=1,
            down_utilisation_ratio=n / 1440,
        )
        for n in range(1200)
    ]
    random.shuffle(moved)
    again = [*moved, *READINGS[:300]]
    first, second = material(READINGS, EVENTS, "c1", DAYS), material(again, EVENTS[::-1] * 2, "c1", DAYS)
    assert (first.strip, first.down_use, first.tests) == (second.strip, second.down_use, second.tests)
