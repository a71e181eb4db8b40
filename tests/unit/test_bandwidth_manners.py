"""Whether a test may run: whose line, the hours, thrift, the purse."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from netmon import sdk
from netmon.hours import local_time
from probes.bandwidth.manners import Decision, Wish, too_busy, why_not
from probes.bandwidth.settings import Kind

LINE = sdk.Circuit("line")
LTE = sdk.Circuit("lte", metered=True)
BACKUP = sdk.Circuit("dsl", backup_of="line")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WISH = Wish(Kind.NDT7, LINE, 1, 300, None, NOON)
QUIET = replace(LINE, quiet_hours=sdk.parse_hours(["Mon-Fri 09:00-12:30"]))
KEEPS = replace(LINE, reserve_bytes=100)

CASES = {
    "a line without a cap": (WISH, None),
    "just enough": (replace(WISH, left_bytes=300), None),
    "a byte too little": (replace(WISH, left_bytes=299), Decision.CAP),
    "enough, but for what is kept back": (replace(WISH, circuit=KEEPS, left_bytes=399), Decision.CAP),
    "enough with what is kept back": (replace(WISH, circuit=KEEPS, left_bytes=400), None),
    "who may use what is kept back": (replace(WISH, circuit=KEEPS, left_bytes=300, all_of_cap=True), None),
    "a metered line": (replace(WISH, circuit=LTE), Decision.METERED),
    "a metered line, thrifty": (replace(WISH, circuit=LTE, method=Kind.TRAINS), None),
    "a metered line, only looked at": (replace(WISH, circuit=LTE, method=Kind.PASSIVE, left_bytes=0), None),
    "a backup line": (replace(WISH, circuit=BACKUP), Decision.BACKUP),
    "a backup line, thrifty": (replace(WISH, circuit=BACKUP, method=Kind.TRAINS), None),
    "nobody knows whose bytes": (replace(WISH, circuit=None, circuits=2), Decision.NO_CIRCUIT),
    "a machine without circuits": (replace(WISH, circuit=None, circuits=0), None),
    "nobody knows which port": (replace(WISH, circuit=None, method=Kind.PASSIVE), Decision.NO_CIRCUIT),
    "quiet hours": (replace(WISH, circuit=QUIET), Decision.QUIET_HOURS),
    "quiet hours, thrifty": (replace(WISH, circuit=QUIET, method=Kind.TRAINS), Decision.QUIET_HOURS),
    "quiet hours that begin while it runs": (
        replace(WISH, circuit=QUIET, local=NOON.replace(hour=8, minute=59), seconds=61.0),
        Decision.QUIET_HOURS,
    ),
    "quiet hours that begin when it is over": (
        replace(WISH, circuit=QUIET, local=NOON.replace(hour=8, minute=58), seconds=120.0),
        None,
    ),
    "a burst that fills the buffer of a metered line": (
        replace(WISH, circuit=LTE, method=Kind.TRAINS, fills=True),
        Decision.METERED,
    ),
    "a burst that fills the buffer of a backup line": (
        replace(WISH, circuit=BACKUP, method=Kind.TRAINS, fills=True),
        Decision.BACKUP,
    ),
    "quiet hours, only looked at": (replace(WISH, circuit=QUIET, method=Kind.PASSIVE), None),
}


@pytest.mark.parametrize(("wish", "why"), CASES.values(), ids=CASES)
def test_a_test_that_must_not_run_is_refused_with_a_reason(wish, why):
    found = why_not(wish)
    assert (found.why if found else None) is why
    assert found is None or found.words


NIGHT = replace(LINE, quiet_hours=sdk.parse_hours(["00:30-01:30"]))
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [
        ("2026-03-28T00:29", False),
        ("2026-03-28T00:30", True),
        ("2026-03-28T01:30", False),
        # The clocks go from 01:00 to 02:00: half an hour of quiet is left.
        ("2026-03-29T00:30", True),
        ("2026-03-29T00:59", True),
        ("2026-03-29T01:00", False),
        # The hour from 01:00 to 02:00 comes twice: so does its quiet half.
        ("2026-10-24T23:30", True),
        ("2026-10-25T00:29", True),
        ("2026-10-25T00:30", False),
        ("2026-10-25T01:00", True),
        ("2026-10-25T01:29", True),
        ("2026-10-25T01:30", False),
    ],
)
def test_quiet_hours_are_the_sites_own_also_when_its_clocks_are_set(utc, quiet):
    moment = datetime.fromisoformat(f"{utc}+00:00")
    local = local_time(round(moment.timestamp() * 1e9), "Europe/London")
    found = why_not(replace(WISH, circuit=NIGHT, local=local))
    assert (found is not None) is quiet


@pytest.mark.parametrize(
    ("used", "contracted", "most", "busy"),
    [
        (81e6, 100_000_000, 0.8, True),
        (79e6, 100_000_000, 0.8, False),
        (None, 100_000_000, 0.8, False),
        (81e6, None, 0.8, False),
        (99e6, 100_000_000, 0.0, False),
    ],
)
def test_a_line_that_people_fill_is_left_alone(used, contracted, most, busy):
    found = too_busy(used, contracted, most)
    assert (found is not None) is busy
    assert found is None or found.why is Decision.LINE_BUSY
