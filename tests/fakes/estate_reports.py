"""A small estate for reports: three measured sites, a fourth in the files alone, and what is known of each.

`example()` is the finished report of March 2026.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from math import nan

from fakes.evidence import MARCH, UP, strip

from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.files import Inputs, read_texts
from netmon.evidence.material import Material
from netmon.evidence.numbers import nothing_known
from netmon.evidence.reports.estate import AskedEstate, estate_report
from netmon.evidence.reports.estate_model import EstateReport
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.strip import Strip

FIRST, LAST, AS_OF = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 20)
FILES = {
    "sites": """\
site,name,kind,service_hours,users,standard_down
lib,Anytown Library,library,Mon-Fri 09:00-17:00,40,
sch,Hill School,school,Mon-Fri 09:00-17:00,200,500Mbit/s
mus,Old Museum,museum,Mon-Fri 09:00-17:00,5,
""",
    "contracts": """\
circuit,from,document,clause,site,supplier,product,technology,down,up,rate_layer,availability,credits,\
claim_within_days,monthly,managed,one_off,term_start,term_end,notice_days
lib-1,2024-04-01,Order 17,4.2,lib,SupplierX,FTTP 100/20,fttp,100Mbit/s,20Mbit/s,L2,99.9%,\
"below 99.9%: 5%; below 99.5%: 10%",30,95.00,12.00,0.00,2024-04-01,2026-06-30,30
sch-1,2024-04-01,Order 18,4.2,sch,SupplierX,FTTP 100/20,fttp,100Mbit/s,20Mbit/s,L2,99.9%,\
"below 99.9%: 5%; below 99.5%: 10%",30,90.00,0.00,0.00,2024-04-01,2027-03-31,90
sch-2,2025-01-01,Order 30,2,sch,SupplierY,4G backup,4g,50Mbit/s,10Mbit/s,L2,,,,,0.00,0.00,,,
mus-1,2024-04-01,Order 19,4.2,mus,SupplierX,FTTP 100/20,fttp,100Mbit/s,20Mbit/s,L2,99.9%,,,\
80.00,0.00,0.00,2024-04-01,2026-12-31,90
""",
    "claims": """\
circuit,period,claimed_on,claimed,received_on,received,reference
sch-1,2026-03,2026-04-10,9.00,,,C-7
lib-1,2026-02,2026-03-05,4.75,2026-03-20,4.00,C-6
""",
}


_AROUND_MINUTES = 90 * 1440
"""Before and after March everything works."""


@dataclass(frozen=True)
class Plan:
    """How one circuit behaved: minutes from March on, use at its noon on weekdays, tests."""

    minutes: str = "u44580"
    noon: float | None = 0.2
    rate: float | None = None
    quiet: float | None = 0.2
    holes: Mapping[int, int] = field(default_factory=dict)
    """Minutes of March that nobody told of: from which one, how many."""
    calm_from: date = date.max
    """From this day on noon is as quiet as the rest."""


PLANS: Mapping[Line, Plan] = {
    # 11 March 10:00 to 12:00: 120 service minutes for 40 users.
    Line("lib", "lib-1"): Plan("u15000 d120 u29460", noon=0.95, rate=97e6),
    # 12 March 10:00 to 15:00, while the backup worked.
    Line("sch", "sch-1"): Plan("u16440 d300 u27840", noon=0.5, rate=80e6),
    Line("sch", "sch-2"): Plan(noon=0.1),
    Line("off", "off-1"): Plan("u17832 ?26748", noon=None, quiet=None),
}


class PlannedSource(Source):
    """Makes up what was measured, as planned."""

    def __init__(self, plans: Mapping[Line, Plan]) -> None:
        self.plans = dict(plans)
        self.closed = False

    def lines(self, days: Days) -> Sequence[Line]:  # noqa: ARG002 - its plans have no days
        """Return the planned circuits."""
        return sorted(self.plans)

    def material(self, line: Line, days: Days) -> Material:
        """Lay a plan out over some days."""
        plan = self.plans.get(line, Plan(noon=None, quiet=None))
        around = bytes([UP.code]) * _AROUND_MINUTES
        codes = around + strip(plan.minutes).codes + around
        whole = Strip(MARCH.start_minute - _AROUND_MINUTES, codes)
        if line not in self.plans:
            whole = Strip(days.start_minute, b"")
        whole = whole.cut(days.start_minute, days.end_minute)
        nothing = Curve(days.start_minute, nothing_known(len(whole.codes)))
        used = Curve(days.start_minute, _use(plan, days))
        trips = Curve(days.start_minute, array("d", [0.02]) * len(whole.codes))
        known = plan.quiet is not None
        tests = tuple(_tests(plan, days))
        return Material(
            line.circuit,
            days,
            _with_holes(whole, plan.holes),
            used if known else nothing,
            nothing,
            trips if known else nothing,
            trips if known else nothing,
            nothing,
            tests,
            Fraction(1),
        )

    def close(self) -> None:
        """Note it."""
        self.closed = True


def _use(plan: Plan, days: Days) -> array[float]:
    found = array("d")
    for day, start, end in days.edges():
        quiet, noon = (array("d", [nan if one is None else one]) for one in (plan.quiet, plan.noon))
        busy = day.weekday() < 5 and day < plan.calm_from
        found += quiet * 720 + (noon if busy else quiet) * 30 + quiet * (end - start - 750)
    return found


def _tests(plan: Plan, days: Days):
    for day, start, _ in days.edges():
        if plan.rate is not None and day.month == 3:
            for n in range(6):
                for way, share in (("down", 1.0), ("up", 0.2)):
                    rate = plan.rate * share * (1 - n / 1000)
                    yield SpeedTest(start + 500 + 70 * n, way, "http", {"L2": rate}, {"L2": 0.0})


def _with_holes(whole: Strip, holes: Mapping[int, int]) -> Strip:
    codes = bytearray(whole.codes)
    for first, length in holes.items():
        place = MARCH.start_minute + first - whole.start_minute
        codes[place : place + length] = strip(f"?{length}").codes
    return Strip(whole.start_minute, bytes(codes[: len(whole.codes)]))


def inputs(**files: str) -> Inputs:
    """The centre's files, some of them replaced; an empty text is a file that is not there."""
    return read_texts({name: text for name, text in (FILES | files).items() if text})


def report(
    plans: Mapping[Line, Plan] = PLANS, files: Inputs | None = None, processes: int = 1
) -> EstateReport:
    """The report of March 2026."""
    asked = AskedEstate(FIRST, LAST, AS_OF, "a simulated estate")
    return estate_report(
        partial(PlannedSource, plans), inputs() if files is None else files, asked, processes
    )


def example() -> EstateReport:
    """The finished report of the small estate."""
    return report()
