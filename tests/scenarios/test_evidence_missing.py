"""Missing is missing: whatever is taken away, no figure becomes 0 for it, and no verdict is won by it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.availability import availability
from netmon.evidence.before_after import History, before_after
from netmon.evidence.billing import billing
from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import Days, mask
from netmon.evidence.credit import credit
from netmon.evidence.curve import Curve
from netmon.evidence.delivered import delivered
from netmon.evidence.fault_clocks import fault_clocks
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.matched import sides
from netmon.evidence.notice import notice
from netmon.evidence.price import price
from netmon.evidence.saturation import required, saturation
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.strip import NOBODY_TOLD, Kind, Strip
from netmon.evidence.verdicts import Verdict
from netmon.model import Fault, SlotState

DAYS = Days(date(2026, 3, 2), date(2026, 3, 5), "Europe/London")
LENGTH = DAYS.end_minute - DAYS.start_minute
CONTRACT = {
    "circuit": "c1", "from": "2024-01-01", "document": "Order 1", "clause": "4", "down": "100Mbit/s",
    "up": "20Mbit/s", "minimum_down": "50Mbit/s", "availability": "99%", "fix": "1h",
    "credits": "below 99%: 5%; per hour over fix: £3; per missed fix: 2%; per point: 1%",
    "fix_clock": "detection", "combine": "sum", "cap": "90% of month",
    "monthly": "95.00", "managed": "12.00", "one_off": "360.00",
    "term_start": "2024-04-01", "term_end": "2027-03-31", "notice_days": "90", "claim_within_days": "30",
}  # fmt: skip
SITE = {
    "site": "s1", "service_hours": "Mon-Fri 09:00-17:00", "users": "40", "standard_down": "30Mbit/s",
    "per_user": "1Mbit/s",
}  # fmt: skip
NEEDED = {"circuit", "from", "document", "clause", "site", "fix_clock", "combine"}
NEEDS = {"fix": {"credits"}, "monthly": {"credits"}, "availability": {"credits"}}
"""What cannot stay when a cell goes: the file would be refused."""
HOLES = sorted((CONTRACT.keys() | SITE.keys()) - NEEDED)
DOWN, UP = Kind(SlotState.DOWN, Fault.LINE).code, Kind(SlotState.UP, Fault.NONE, degraded=False).code
MINUTES = bytes([UP] * 600 + [DOWN] * 150 + [UP] * 700 + [DOWN] * 45) + bytes([UP]) * (LENGTH - 1495)
LOADS = [0.3 + 0.68 * (minute % 1440 > 600) * (minute % 97) / 96 for minute in range(LENGTH)]
TRIPS = [0.02 + 0.0001 * (minute % 7) for minute in range(LENGTH)]
TESTS = [
    SpeedTest(
        DAYS.start_minute + 60 * n, "down", "http", {"L2": (80.0 if n % 2 else 95.0) * 1e6}, {"L2": 1e3}
    )
    for n in range(60)
]


def contract(cells):
    kept = {name: value for name, value in cells.items() if value}
    return f"{','.join(kept)}\n" + ",".join(f'"{value}"' for value in kept.values()) + "\n"


def figures(holes=(), codes=MINUTES, loads=LOADS, trips=TRIPS, tests=TESTS):
    """Every figure that a report prints of these days."""
    gone = set(holes).union(*(NEEDS.get(hole, set()) for hole in holes))
    told = {name: value for name, value in CONTRACT.items() if name not in gone}
    site_told = {name: value for name, value in SITE.items() if name not in gone}
    inputs = read_texts({"contracts": contract(told), "sites": contract(site_told)})
    terms, site = inputs.contracts.on("c1", DAYS.first), inputs.sites["s1"]
    found = availability(Strip(DAYS.start_minute, codes), DAYS, terms, (), site)
    due = credit(found, fault_clocks(found.outages, (), terms), 31)
    down = Curve(DAYS.start_minute, loads).scaled(terms.down)
    up = Curve(DAYS.start_minute, loads).scaled(terms.up)
    hour = busy_hour(down, DAYS, list(DAYS))
    serving = mask(site.service_hours, DAYS)
    full = saturation(
        Curve(DAYS.start_minute, loads), Curve(DAYS.start_minute, trips), None, serving, site.users
    )
    need = required(site.standard_down, hour.p95, site.users, site.per_user, full)
    speed, least = (delivered(name, "down", tests, DAYS, terms) for name in ("delivered_90", "minimum"))
    cost, dates = price(terms, speed.percentile, hour.p95), notice(terms, date(2026, 6, 1))
    bill = billing(down, up)
    return {
        "measured": found.contract.measured, "worst": found.contract.worst, "best": found.contract.best,
        "contract": found.contract.contract, "target": found.target, "lost": found.user_minutes_lost,
        "verdict": found.verdict, "credit": due.pounds if due else None, "cap": due.cap if due else None,
        "billed": bill.billed, "billed down": bill.down, "busy hour": hour.mean, "busy p95": hour.p95,
        "peak": hour.daily_peak, "saturated": full.share, "full user minutes": full.user_minutes,
        "needed": need.bits_per_second, "at least": need.at_least, "share": speed.share,
        "threshold": speed.threshold, "percentile": speed.percentile, "speed": speed.verdict,
        "minimum": least.threshold, "minimum verdict": least.verdict, "monthly": cost.monthly,
        "contracted": cost.contracted, "delivered": cost.delivered, "used": cost.used,
        "deadline": dates.deadline, "days left": dates.days_left,
    }  # fmt: skip


WHOLE = figures()


def test_the_whole_has_every_figure():
    assert [name for name, value in WHOLE.items() if value is None or value == 0] == []
    assert (WHOLE["verdict"], WHOLE["speed"], WHOLE["minimum verdict"]) == (
        Verdict.FAIL, Verdict.FAIL, Verdict.PASS,
    )  # fmt: skip


def is_nothing(value):
    return isinstance(value, int | float | Decimal | Fraction) and not isinstance(value, bool) and value == 0


def never_nothing(found):
    for name, value in found.items():
        assert not is_nothing(value), f"{name} became 0"


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(HOLES), max_size=8))
def test_a_cell_that_is_empty_never_becomes_nothing(holes):
    found = figures(holes)
    never_nothing(found)
    for name in ("verdict", "speed", "minimum verdict"):
        assert found[name] in (WHOLE[name], Verdict.NOT_SHOWN), f"{name} was won by a hole"
    for name, value in found.items():
        # Money and dates are as they were or not known: only the largest of several needs may be another.
        if name in (
            "credit",
            "monthly",
            "contracted",
            "delivered",
            "used",
            "deadline",
            "billed",
            "threshold",
        ):
            assert value in (None, WHOLE[name]) or (name == "credit" and "cap" in holes), name


def holed(values, holes):
    found = list(values)
    for start, length in holes:
        found[start : start + length] = [None] * len(found[start : start + length])
    return found


STRETCHES = st.lists(st.tuples(st.integers(0, LENGTH), st.integers(1, 2500)), max_size=6)


@settings(max_examples=25, deadline=None)
@given(STRETCHES, STRETCHES, st.sets(st.integers(0, 59)))
def test_minutes_and_tests_that_are_missing_never_become_nothing(minutes, loads, tests):
    blank = NOBODY_TOLD.code
    codes = bytes(blank if one is None else one for one in holed(MINUTES, minutes))
    kept = [test for n, test in enumerate(TESTS) if n not in tests]
    found = figures((), codes, holed(LOADS, loads), holed(TRIPS, loads), kept)
    assert found["verdict"] in (WHOLE["verdict"], Verdict.NOT_SHOWN), "unknown minutes decide nothing"
    for name in ("billed", "busy hour", "busy p95", "peak", "percentile", "delivered", "used", "needed"):
        assert not is_nothing(found[name]), f"{name} became 0"
    if not any(value is not None for value in holed(LOADS, loads)):
        assert (found["billed"], found["busy hour"], found["saturated"], found["used"]) == (None,) * 4


RUNS = st.lists(st.tuples(st.sampled_from((DOWN, UP, UP, NOBODY_TOLD.code)), st.integers(1, 40)), min_size=1)


@settings(max_examples=60, deadline=None)
@given(RUNS, st.lists(st.tuples(st.integers(0, 1440), st.integers(1, 60)), min_size=1, max_size=4))
def test_no_verdict_on_availability_is_won_by_forgetting(runs, holes):
    terms = read_texts({"contracts": contract(CONTRACT)}).contracts.on("c1", DAYS.first)
    day = Days(DAYS.first, DAYS.first, DAYS.timezone)
    whole = b"".join(bytes([code]) * n for code, n in runs)[:1440].ljust(1440, bytes([UP]))
    less = bytes(NOBODY_TOLD.code if one is None else one for one in holed(whole, holes))
    before, after = (
        availability(Strip(day.start_minute, one), day, terms, (), None) for one in (whole, less)
    )
    assert after.verdict in (before.verdict, Verdict.NOT_SHOWN)
    assert after.down_bounds[0] <= before.down_bounds[0] <= before.down_bounds[1] <= after.down_bounds[1]
    assert after.contract.down <= before.contract.down


def test_without_a_contract_there_is_no_money_and_no_promise():
    strip = Strip(DAYS.start_minute, MINUTES)
    found = availability(strip, DAYS, None, (), None)
    assert credit(found, (), 31) is None
    assert (found.target, found.verdict, found.user_minutes_lost) == (None, Verdict.NOT_SHOWN, None)
    speed = delivered("delivered_90", "down", TESTS, DAYS, None)
    assert (speed.threshold, speed.share, speed.verdict) == (None, None, Verdict.NOT_SHOWN)


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 62), max_size=40))
def test_days_that_are_missing_make_no_effect(gone):
    cutover = date(2026, 5, 6)
    both = sides(cutover, cutover + timedelta(days=31), cutover - timedelta(days=31))
    days = [day for n, day in enumerate([*both.before, *both.after]) if n not in gone]
    values = {day: {hour: 0.08 + 0.001 * (hour % 3) for hour in range(9, 18)} for day in days}
    (effect,) = before_after({"rtt": History(values)}, both, ("rtt",), lambda _: True, draws=20)
    assert effect.change is None or abs(effect.change) < 1e-9
    assert effect.conclusion.value in ("no change shown", "too little history")


def test_a_test_without_a_rate_counts_nowhere():
    bare = [replace(test, bits_per_second={}) for test in TESTS]
    found = delivered("delivered_90", "down", bare, DAYS, None)
    assert (found.counted.tests, found.counted.invalid, found.share, found.percentile) == (0, 60, None, None)
