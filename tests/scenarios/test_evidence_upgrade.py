"""A wave of upgrades from minutes and tests to what may be said of it."""

from dataclasses import replace
from datetime import date, timedelta
from math import exp
from random import Random

from netmon.evidence.before_after import Conclusion
from netmon.evidence.calendar import Days, mask
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.cells import hours
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.material import Material
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.strip import Strip
from netmon.evidence.upgrade import Compared, Watched, judge_upgrade, loaded_hour, outcomes

CUTOVER = date(2026, 5, 6)
DAYS = Days(CUTOVER - timedelta(days=32), CUTOVER + timedelta(days=32), "Europe/London")
INPUTS = read_texts(
    {
        "contracts": "circuit,from,document,clause,down\n"
        "c1,2024-01-01,O,1,50Mbit/s\nc9,2024-01-01,O,1,500Mbit/s\n",
        "sites": "site,service_hours,users\ns1,Mon-Fri 09:00-17:00,40\n",
        "closed": "from,to,reason\n2026-05-25,,bank holiday\n",
        "upgrades": "site,circuit,new_circuit,cutover,declared_on,primary,document,controls,cost\n"
        's1,c1,c9,2026-05-06,2026-03-01,"loaded_rtt, saturation, capacity",Paper 1,c2,4000.00\n',
    }
)
SITE, UPGRADE = INPUTS.sites["s1"], INPUTS.upgrades[0]
SERVING = mask(SITE.service_hours, DAYS)


def measured(circuit, seed, *, trip, busy, rate, peak=720):
    """A line whose round trip and use are higher around noon, and which remembers the day before."""
    random, day_state, trips, uses, tests = Random(seed), 0.0, [], [], []
    for day, start, end in DAYS.edges():
        day_state = 0.3 * day_state + random.gauss(0, 0.05)
        level = exp(day_state + 0.02 * day.weekday())
        for minute in range(start, end):
            noon = 1.0 if 720 <= (minute - start) < 780 else 0.5
            trips.append(trip * level * (1 + noon))
            full = 1.0 if peak <= (minute - start) < peak + 60 else 0.5
            uses.append(min(busy * full * level, 1.0))
        tests += [
            SpeedTest(
                start + 600 + 61 * n, "down", "http", {"L2": rate * random.uniform(0.95, 1)}, {"L2": 0.0}
            )
            for n in range(4)
        ]
    curve, use = Curve(DAYS.start_minute, trips), Curve(DAYS.start_minute, uses)
    nothing = Curve(DAYS.start_minute, [None] * len(trips))
    strip = Strip(DAYS.start_minute, b"")
    return Material(circuit, DAYS, strip, use, nothing, curve, curve, nothing, tuple(tests), None)


OLD = Watched(measured("c1", 1, trip=0.04, busy=0.97, rate=4e7), SITE)
NEW = Watched(measured("c9", 2, trip=0.01, busy=0.2, rate=4.5e8), SITE)
CONTROL = Watched(measured("c2", 3, trip=0.04, busy=0.97, rate=4e7), SITE)


def test_outcomes_are_those_that_were_measured():
    found = outcomes(OLD, INPUTS.contracts, loaded_hour(OLD))
    assert sorted(found) == ["capacity", "loaded_rtt", "rtt", "saturation"]
    monday = date(2026, 5, 4)
    assert set(found["rtt"][monday]) == set(range(9, 17))
    assert set(found["loaded_rtt"][monday]) == {12}
    assert date(2026, 5, 3) not in found["rtt"], "a Sunday"
    assert "capacity" not in outcomes(CONTROL, INPUTS.contracts, 12), (
        "it has no contract: no layer to compare in"
    )


def test_an_upgrade_that_worked_is_told_with_its_controls():
    compared = Compared(OLD, NEW, (CONTROL,))
    found = judge_upgrade(UPGRADE, compared, INPUTS.contracts, INPUTS.closed, date(2026, 6, 8), draws=100)
    effects = {one.outcome: one for one in found.effects}
    assert found.warnings == ()
    loaded = effects["loaded_rtt"]
    assert (loaded.conclusion, loaded.primary, loaded.controlled) == (Conclusion.BETTER, True, True)
    assert -0.85 < loaded.low < loaded.change < loaded.high < -0.65
    assert (loaded.days_before, loaded.days_after) == (20, 19), "a bank holiday is left out"
    assert effects["saturation"].conclusion is Conclusion.BETTER
    assert effects["capacity"].conclusion is Conclusion.BETTER
    assert not effects["capacity"].controlled
    assert not effects["rtt"].primary


def test_lines_are_compared_in_one_busy_hour_and_in_one_of_service():
    # The new line is busiest at 10, the control at 15, and the old one with backups at night.
    after = Watched(measured("c9", 2, trip=0.01, busy=0.2, rate=4.5e8, peak=600), SITE)
    control = Watched(measured("c2", 3, trip=0.04, busy=0.9, rate=4e7, peak=900), SITE)
    use = [
        1.0 if (minute % 1440) // 60 == 1 else one
        for minute, one in enumerate(OLD.material.use.values, DAYS.start_minute)
    ]
    before = replace(OLD, material=replace(OLD.material, down_use=Curve(DAYS.start_minute, use)))
    assert loaded_hour(before) == 12
    rare = SITE.model_copy(update={"service_hours": hours("Tue,Thu 09:00-17:00")})
    assert loaded_hour(replace(before, site=rare)) == 12
    compared = Compared(before, after, (control,))
    found = judge_upgrade(UPGRADE, compared, INPUTS.contracts, INPUTS.closed, date(2026, 6, 8), draws=100)
    loaded = next(one for one in found.effects if one.outcome == "loaded_rtt")
    assert (loaded.conclusion, loaded.controlled, loaded.days_before) == (Conclusion.BETTER, True, 20)


def test_a_line_that_stayed_as_it_was_shows_nothing():
    compared = Compared(OLD, OLD, (CONTROL,))
    found = judge_upgrade(UPGRADE, compared, INPUTS.contracts, INPUTS.closed, date(2026, 6, 8), draws=100)
    assert {one.conclusion for one in found.effects} <= {Conclusion.NOT_SHOWN, Conclusion.NOT_CONCLUSIVE}


def test_before_the_cutover_there_are_only_warnings():
    early = Days(date(2026, 4, 12), date(2026, 4, 20), "Europe/London")
    bare = Curve(early.start_minute, [0.02] * (early.end_minute - early.start_minute))
    none = Curve(early.start_minute, [None] * len(bare.values))
    young = Watched(
        Material("c1", early, Strip(early.start_minute, b""), none, none, bare, bare, none, (), None), SITE
    )
    found = judge_upgrade(UPGRADE, Compared(young, young), INPUTS.contracts, (), date(2026, 4, 24), draws=10)
    assert found.warnings == ("cutover in 12 days, baseline 9 of 28 days",)
    assert {one.conclusion for one in found.effects} == {Conclusion.TOO_LITTLE}
