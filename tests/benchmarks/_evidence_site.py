"""A site's year of minutes and speed tests through the real store, as one line of it has them.

Use follows the day and the week, and fills the line on some afternoons; round trips have a floor, noise and
the line's queue; outages last from two minutes to hours, the appliance is off now and then. Everything
follows from the seed.
"""

from __future__ import annotations

import math
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from netmon.model import Event, Fault, Labels, Outcome, Reading, Record, Retention, Row, Shape, Stamp, Value
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, FAULT_NUMBERS
from netmon.store.history_file import FILE_NAME, HistoryFile
from netmon.store.journal import Journal
from netmon.store.schema import load_stored_subject
from netmon.store.subjects import Subject, event_subject, shape_subject

DAY = 1440
DOWN, UP = 100e6, 20e6
_FAULT_INFO = "netmon_circuit_fault_info"
_TESTED = {
    9 * 60 + 17: "down", 9 * 60 + 18: "up", 13 * 60 + 2: "down", 13 * 60 + 3: "up",
    20 * 60: "down", 20 * 60 + 1: "up",
}  # fmt: skip
"""When a test begins, by the minute of the day."""


class SiteYear:
    """One line's minutes, one after the other."""

    def __init__(self, site: str, seed: int, start_minute: int, days: int) -> None:
        self._chance = random.Random(seed)
        self._site, self._start, self._minutes = site, start_minute, days * DAY
        self._shapes: dict[Fault, Shape] = {}
        self._floor_ns = self._chance.randrange(6_000_000, 25_000_000)
        self._load = self._chance.uniform(0.15, 0.75)
        self._boot, self._boot_minute = 1, start_minute
        self._bad: tuple[int, Fault | None] = (0, None)

    def records(self) -> Iterator[Record]:
        """Yield readings and tests in the order of time."""
        for minute in range(self._start, self._start + self._minutes):
            self._fate()
            left, fault = self._bad
            if left and fault is Fault.APPLIANCE:
                self._bad = (left - 1, fault) if left > 1 else (0, None)
                if left == 1:
                    self._boot, self._boot_minute = self._boot + 1, minute
                continue
            at = datetime.fromtimestamp(minute * 60, UTC)
            use = self._use(at)
            yield self._reading(minute, fault if left else None, use)
            direction = _TESTED.get(minute % DAY)
            if direction and not left:
                yield self._test(minute, direction, max(use))
            self._bad = (left - 1, fault) if left > 1 else (0, None)

    def _fate(self) -> None:
        """Let something begin: a long outage each month, short ones each week, the appliance off."""
        if self._bad[0]:
            return
        draw = self._chance.random()
        if draw < 1 / (30 * DAY):
            self._bad = (
                self._chance.randrange(20, 400),
                self._chance.choice((Fault.LINE, Fault.ISP, Fault.POWER)),
            )
        elif draw < 1 / (4 * DAY):
            self._bad = (
                self._chance.randrange(1, 9),
                self._chance.choice((Fault.LINE, Fault.CPE, Fault.UNKNOWN)),
            )
        elif draw < 1 / (4 * DAY) + 1 / (45 * DAY):
            self._bad = self._chance.randrange(3, 600), Fault.APPLIANCE

    def _use(self, at: datetime) -> tuple[float, float]:
        hour, draw = at.hour + at.minute / 60, self._chance.random
        busy = max(math.sin((hour - 7) / 13 * math.pi), 0) if 7 <= hour <= 20 else 0.0
        level = 0.01 + self._load * busy * (1.0 if at.weekday() < 5 else 0.35)
        down = min(level * (0.5 + draw()) + (draw() < 0.01) * draw(), 0.98)
        # Octets that a router counted, over as many seconds as there were between two polls.
        seconds = 60 + draw() / 50
        rates = down * DOWN, min(down * 0.4 + 0.1 * draw(), 0.97) * UP
        return int(rates[0] * 7.5) * 8 / seconds / DOWN, int(rates[1] * 7.5) * 8 / seconds / UP

    def _reading(self, minute: int, fault: Fault | None, use: tuple[float, float]) -> Reading:
        full = max(use)
        rtt_ns = self._floor_ns + int(self._chance.gammavariate(2, 350_000)) + int(max(full - 0.7, 0) * 2e8)
        late_ns = rtt_ns + int(self._chance.expovariate(1 / 3e6))
        weak = fault is None and (full > 0.95 or self._chance.random() < 0.001)
        where = fault or (Fault.LINE if weak else Fault.NONE)
        lost = 0 if self._chance.random() > 0.004 else self._chance.randrange(1, 4)
        if fault is None:
            cells: Sequence[Value] = (
                1, int(weak), 1, FAULT_NUMBERS[where], 1.0, *use, rtt_ns / 1e9, late_ns / 1e9, lost / 60,
                round(4.3 - lost / 20, 2), 0, 0, DOWN / 8, UP / 8,
            )  # fmt: skip
        else:
            state = 0 if fault is not Fault.UNKNOWN else 2
            cells = (
                state, None, 1, FAULT_NUMBERS[where], 1.0, *use, None, None, None if state else 1.0,
                None, None, 0, DOWN / 8, UP / 8,
            )  # fmt: skip
        return Reading(self._shape(where), self._stamp(minute), tuple((one,) for one in cells), (Outcome.OK,))

    def _shape(self, fault: Fault) -> Shape:
        if fault not in self._shapes:
            rows = (Row(_key(self._site), texts=((_FAULT_INFO, str(fault)),)),)
            self._shapes[fault] = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, rows, Retention.EVIDENCE)
        return self._shapes[fault]

    def _stamp(self, minute: int) -> Stamp:
        """Slots keep the seconds of the clock's own beginning: half a minute in, to the nanosecond."""
        began_ns = (minute - self._boot_minute) * 60 * 10**9 + 90 * 10**9
        return Stamp(f"boot-{self._boot}", began_ns, minute * 60_000 + 30_000)

    def _test(self, minute: int, direction: str, use: float) -> Event:
        """A test as the probe tells it: its rate, each tick of it, and what was looked at besides."""
        bought, draw = (DOWN if direction == "down" else UP), self._chance.random
        rate = bought * (0.97 - 0.25 * (draw() < 0.08) * draw()) * (1 - use * 0.2)
        ticks = [round(rate / 80 * n * (0.98 + 0.04 * draw())) for n in range(1, 101)]
        rates = {"L1": rate * 1.02, "L2": rate, "IP": rate * 0.98, "TCP": rate * 0.95}
        data = {
            "method": "http", "plan": {"at": minute * 60, "part": "busy"}, "verdict": "clean",
            "verdict_reason": "nothing else was on the line", "direction": direction,
            "server": "test.example.net", "refused": None, "seconds": 10.0, "peak": False,
            "spent_bytes": round(rate * 10 / 8), "stopped_by": "time", "counted_layer": "TCP",
            "bits_per_second": {k: round(v) for k, v in rates.items()},
            "cross_bits_per_second": {k: round(bought * use * 0.2) for k in rates},
            "curve": {"began_ns": minute, "seconds": [n / 10 for n in range(1, 101)], "payload_bytes": ticks},
            "tcp_info": {"columns": ["seconds", "rtt", "cwnd", "retransmits"],
                         "rows": [[n / 2, round(draw() / 50, 6), 40, 0] for n in range(20)]},
            "host": {"clock_synchronised": True, "busy_ratio": 0.2, "card": "eth0"}, "limited_by": "circuit",
            "limited_by_reason": "a busy sender and nothing else", "software": "netmon 1",
        }  # fmt: skip
        words = f"{direction} by http: {rate / 1e6:.2f} Mbit/s (IP)"
        return Event(BANDWIDTH_TEST, _key(self._site), words, self._stamp(minute), data, Retention.EVIDENCE)


def write(folder: Path, site: str, seed: int, start_minute: int, days: int) -> None:
    """Commit and seal day after day, as the daemon does."""
    journal = Journal(HistoryFile(folder), 16 * 2**20)
    day: list[Record] = []

    def commit() -> None:
        journal.commit(lambda: day, {})
        day.clear()

    for record in SiteYear(site, seed, start_minute, days).records():
        day.append(record)
        if len(day) >= DAY:
            commit()
            _seal(journal)
    commit()
    _seal(journal, everything=True)
    journal.close()


def copy(folder: Path, to: Path, site: str) -> None:
    """Copy a site's folder as another site's: its files as they are, its name where the tables have it."""
    shutil.copytree(folder, to)
    connection = sqlite3.connect(to / FILE_NAME)
    for (number,) in connection.execute("SELECT id FROM subjects").fetchall():
        subject = load_stored_subject(connection, number)
        assert subject is not None
        new = _renamed(subject, site)
        for table in ("subjects", "subjects_copy"):
            connection.execute(
                f"UPDATE {table} SET digest = ?, body = ? WHERE id = ?", (new.digest, new.body, number)
            )
    connection.commit()
    connection.close()


def _renamed(subject: Subject, site: str) -> Subject:
    if subject.shape is None:
        return event_subject(subject.name, _key(site), subject.retention)
    rows = tuple(replace(row, key=_key(site)) for row in subject.shape.rows)
    return shape_subject(Shape(subject.name, subject.shape.metrics, rows, subject.retention))


def _key(site: str) -> Labels:
    return (("site", site), ("circuit", f"{site}-1"))


def _seal(journal: Journal, *, everything: bool = False) -> None:
    steps = journal.seal(everything=everything)
    while journal.step(steps) is not None:
        pass
