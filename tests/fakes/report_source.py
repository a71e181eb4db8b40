"""A source of measurements that are made up: a library's month with all that a report can speak of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import sin
from random import Random

from netmon.evidence.calendar import Days, local_time
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.material import Material
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.strip import Kind, Strip
from netmon.model import Fault, SlotState

FROM, TO = date(2026, 1, 1), date(2026, 5, 31)
ALL = Days(FROM, TO, "Europe/London")
UP, DOWN = Kind(SlotState.UP, Fault.NONE, degraded=False).code, Kind(SlotState.DOWN, Fault.LINE).code
OFF = Kind(SlotState.UNKNOWN, Fault.APPLIANCE).code
FILES = {
    "contracts": (
        "circuit,from,document,clause,site,supplier,supplier_ref,product,technology,down,up,minimum_down,"
        "availability,rtt,loss,fix,credits,cap,claim_within_days,monthly,managed,one_off,term_start,term_end,"
        "notice_days,maintenance_notice_days\n"
        "lib-1,2024-04-01,Order 17,4.2,lib,SupplierX,SX1,FTTP 550/75,fttp,550Mbit/s,75Mbit/s,275Mbit/s,99.9%,"
        '30ms,0.1%,1h,"below 99.9%: 5%; per hour over fix: one day",27.5% of quarter,30,95.00,12.00,0.00,'
        "2024-04-01,2026-09-30,90,10\n"
        "lib-1,2026-03-16,Variation 2,1,lib,SupplierX,SX1,FTTP 1000/200,fttp,1Gbit/s,200Mbit/s,500Mbit/s,"
        "99.95%,30ms,0.1%,5h,below 99.95%: 10%,,30,120.00,12.00,0.00,2024-04-01,2026-09-30,90,10\n"
    ),
    "sites": (
        "site,name,kind,uprn,timezone,service_hours,users,standard_down,per_user\n"
        'lib,Anytown Library,library,100012345678,Europe/London,"Mon-Fri 09:00-18:00; Sat 10:00-16:00",40,'
        "100Mbit/s,2Mbit/s\n"
    ),
    "closed": "from,to,reason,sites\n2026-03-27,2026-03-27,staff training,lib\n",
    "upgrades": (
        "site,circuit,new_circuit,wave,cutover,declared_on,primary,cost,controls,document\n"
        "lib,lib-1,,wave 2,2026-03-16,2026-02-01,loaded_rtt; saturation,1200.00,,Case 7\n"
        "lib,lib-1,lib-3,wave 3,2026-04-20,2026-02-01,rtt,,,Case 9\n"
    ),
    "exclusions": (
        "circuit,from,to,cause,announced,agreed_by,reference\n"
        "lib-1,2026-03-10T00:00Z,2026-03-10T01:00Z,planned,2026-02-20T09:00Z,A. Officer,CHG-12\n"
        "lib-1,2026-03-22T03:00Z,2026-03-22T04:00Z,planned,2026-03-20T03:00Z,A. Officer,CHG-19\n"
    ),
    "tickets": (
        "circuit,reference,raised,closed,pauses\n"
        "lib-1,INC4821,2026-03-04T10:15Z,2026-03-04T12:30Z,\n"
    ),
    "claims": (
        "circuit,period,claimed_on,claimed,received_on,received,reference\n"
        "lib-1,2026-01,2026-02-10,9.50,2026-03-02,9.50,CR-88\n"
    ),
}  # fmt: skip
OUTAGES = {"2026-03-04T10:00": 134, "2026-03-10T00:10": 30, "2026-03-20T14:30": 21, "2026-03-31T23:30": 90}


def inputs(**files):
    """The centre's files; one that is given replaces the usual one, None leaves it out."""
    return read_texts({name: text for name, text in (FILES | files).items() if text is not None})


def minute_of(text):
    when = date.fromisoformat(text[:10])
    return Days(when, when, "UTC").start_minute + int(text[11:13]) * 60 + int(text[14:])


def month_of_library() -> Material:
    """Five months of one circuit: faults, loads that follow the day, tests of every class."""
    random, start, length = Random(3), ALL.start_minute, ALL.end_minute - ALL.start_minute
    codes = bytearray([UP]) * length
    for first, minutes in OUTAGES.items():
        place = minute_of(first) - start
        codes[place : place + minutes] = bytes([DOWN]) * minutes
    place = minute_of("2026-03-12T05:00") - start
    codes[place : place + 260] = bytes([OFF]) * 260
    changed = minute_of("2026-03-16T00:00")
    down, up, middle, slow, loss = [], [], [], [], []
    for minute in range(start, start + length):
        clock = minute % 1440
        busy = 9 * 60 <= clock < 18 * 60
        level = (0.85 if minute < changed else 0.5) * (0.7 + 0.3 * sin(clock / 97)) if busy else 0.03
        use = min(max(level + random.gauss(0, 0.06), 0.001), 1.0)
        trip = 0.011 + 0.0005 * random.random() + (0.09 if use > 0.8 else 0.0)
        known = codes[minute - start] == UP
        for values, value in ((down, use), (up, use / 4), (middle, trip), (slow, trip * 1.6), (loss, 0.0)):
            values.append(round(value, 5) if known else None)
    curves = [Curve(start, values) for values in (down, up, middle, slow, loss)]
    return Material(
        "lib-1", ALL, Strip(start, bytes(codes)), *curves, tuple(_tests(random)), Fraction(9998, 10000)
    )


def _tests(random):
    for day, start, _ in ALL.edges():
        bought = {"down": 550e6 if day < date(2026, 3, 16) else 1000e6, "up": 75e6}
        for hour in (3, 9, 10, 12, 13, 15, 17):
            minute = start + hour * 60 + random.randrange(60)
            for direction, contracted in bought.items():
                lot = random.random()
                others = 0.3 if lot < 0.1 else 0.03 if lot < 0.3 else 1e-4
                shortfall = 0.3 * random.random() * (10 <= local_time(minute, ALL.zone).hour <= 15)
                yield SpeedTest(
                    minute, direction, "http", {"L2": contracted * (0.98 - shortfall)},
                    {} if lot < 0.02 else {"L2": contracted * others},
                    "limited by host_cpu: 97 %" if lot > 0.97 else "",
                )  # fmt: skip


class KeptSource(Source):
    """Circuits whose material is there already; of others nothing is known."""

    def __init__(self, *kept: Material, site: str = "lib") -> None:
        self._kept = {one.circuit: one for one in kept}
        self._site = site

    def lines(self, _days):
        return [Line(self._site, circuit) for circuit in sorted(self._kept)]

    def material(self, line, days):
        whole = self._kept.get(line.circuit)
        if whole is None:
            blank = Curve(days.start_minute, [None] * (days.end_minute - days.start_minute))
            strip = Strip(days.start_minute, b"").cut(days.start_minute, days.end_minute)
            return Material(line.circuit, days, strip, *[blank] * 5, (), None)
        first, last = days.start_minute, days.end_minute
        curves = {
            name: getattr(whole, name).cut(first, last)
            for name in ("down_use", "up_use", "rtt_p50", "rtt_p95", "loss")
        }
        tests = tuple(one for one in whole.tests if first <= one.minute < last)
        return replace(whole, days=days, strip=whole.strip.cut(first, last), tests=tests, **curves)

    def close(self):
        pass
