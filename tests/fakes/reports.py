"""Two finished reports: one of which everything is known, one of which almost nothing is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from netmon.evidence.attribution import Attribution
from netmon.evidence.before_after import Conclusion
from netmon.evidence.claim_ledger import Standing
from netmon.evidence.grade import Grade
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.model import (
    Change,
    CircuitPart,
    Header,
    Kind,
    Question,
    Reference,
    Revision,
    Sentence,
    SiteReport,
    Together,
)
from netmon.evidence.reports.money import CreditRow, Dates, Money, PriceRow
from netmon.evidence.reports.parts import (
    Availability,
    CauseRow,
    Claimable,
    Contract,
    EffectRow,
    ExclusionRow,
    OutageRow,
    Promise,
    Quality,
    Tally,
    UpgradePanel,
    Use,
)
from netmon.evidence.reports.series import (
    Charts,
    Dot,
    DotClass,
    HeatCell,
    Mark,
    RoundTrip,
    StripDay,
    StripRun,
    StripState,
    Week,
)
from netmon.evidence.verdicts import Verdict

LONDON = ZoneInfo("Europe/London")
FIRST, CHANGED, LAST = date(2026, 3, 1), date(2026, 3, 16), date(2026, 3, 31)


def _count(value, **grounds):
    return Figure(value, Unit.COUNT, **grounds)


def _rate(megabits, **grounds):
    bounds = {name: grounds.pop(name) * 1e6 for name in ("low", "high") if name in grounds}
    return Figure(megabits * 1e6, Unit.RATE, **bounds, **grounds)


def _minutes(value, **grounds):
    return Figure(value, Unit.MINUTES, **grounds)


def _share(value, **grounds):
    return Figure(value, Unit.SHARE, **grounds)


def _pounds(value, note=""):
    return Figure(value, Unit.POUNDS, note=note)


def _at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=LONDON)


def _serving(weekday, hour):
    return (weekday < 5 and 9 <= hour < 18) or (weekday == 5 and 10 <= hour < 16)


def _heat():
    random = Random(1)
    return tuple(
        HeatCell(
            weekday, hour,
            None if (weekday, hour) == (6, 3) else round(
                (0.35 + 0.06 * min(hour - 8, 8) if _serving(weekday, hour) else 0.04) + random.random() / 20,
                4,
            ),
            0 if (weekday, hour) == (6, 3) else 60 * (5 if weekday in (6, 0, 1) else 4),
            _serving(weekday, hour),
        )
        for weekday in range(7) for hour in range(24)
    )  # fmt: skip


def _dots():
    random = Random(2)
    found = []
    for day in range(1, 32):
        for hour in (3, 9, 10, 12, 14, 15, 17):
            minute = random.randrange(60)
            for direction, contracted in (("down", 550e6 if day < 16 else 1000e6), ("up", 110e6)):
                lot = random.random()
                kind = (
                    DotClass.INVALID if lot < 0.03 else DotClass.INCONCLUSIVE if lot < 0.08
                    else DotClass.CORRECTED if lot < 0.3 else DotClass.CLEAN
                )  # fmt: skip
                share = 0.97 - 0.25 * random.random() * (10 <= hour <= 15)
                if kind is DotClass.INCONCLUSIVE:
                    share = 0.6
                invalid = kind is DotClass.INVALID
                found.append(
                    Dot(
                        _at(day, hour, minute),
                        round(hour + minute / 60, 4),
                        direction,
                        "http",
                        kind,
                        None if invalid else round(contracted * share, -3),
                        "limited by host_cpu" if invalid else "",
                    )
                )  # fmt: skip
    return tuple(found)


def _strip():
    days = []
    for number in range(31):
        day = FIRST + timedelta(days=number)
        minutes = 1380 if day == date(2026, 3, 29) else 1440
        cuts = {
            3: ((0, 600, "up"), (600, 134, "down"), (734, 706, "up")),
            9: ((0, 60, "planned"), (60, 1380, "up")),
            11: ((0, 300, "up"), (300, 260, "unknown"), (560, 880, "up")),
            19: ((0, 870, "up"), (870, 21, "down"), (891, 549, "up")),
        }.get(number, ((0, minutes, "up"),))
        runs = tuple(StripRun(start, length, StripState(state)) for start, length, state in cuts)
        days.append(StripDay(day, minutes, runs))
    return tuple(days)


def _charts():
    return Charts(
        heat=_heat(),
        weeks=tuple(
            Week(day, share, days) for day, share, days in (
                (date(2026, 3, 1), None, 1), (date(2026, 3, 2), 0.71, 7), (date(2026, 3, 9), 0.74, 6),
                (date(2026, 3, 16), 0.52, 7), (date(2026, 3, 23), 0.55, 7), (date(2026, 3, 30), 0.57, 2),
            )
        ),
        dots=_dots(),
        marks=(
            Mark("down", "contracted", FIRST, date(2026, 3, 15), 550e6),
            Mark("down", "contracted", CHANGED, LAST, 1000e6),
            Mark("down", "minimum", FIRST, date(2026, 3, 15), 275e6),
            Mark("down", "minimum", CHANGED, LAST, 500e6),
            Mark("up", "contracted", FIRST, LAST, 110e6),
        ),
        round_trips=(
            RoundTrip(
                "idle",
                Figure(0.0114, Unit.SECONDS, n=31_200, note="minutes with less than 10 % of the line in use"),
                Figure(0.0181, Unit.SECONDS, n=31_200, note="minutes with less than 10 % of the line in use"),
            ),
            RoundTrip(
                "loaded",
                Figure(0.0412, Unit.SECONDS, n=1_904, note="minutes with 70 % or more of the line in use"),
                Figure(0.1263, Unit.SECONDS, n=1_904, note="minutes with 70 % or more of the line in use"),
            ),
        ),
        strip=_strip(),
    )  # fmt: skip


def _contracts():
    return (
        Contract(
            FIRST, date(2026, 3, 15), "Order 17", "Schedule 4.2", "SupplierX", "SX123456", "FTTP 550/110",
            "fttp", "L2",
        ),
        Contract(
            CHANGED, LAST, "Variation 2", "1", "SupplierX", "SX123456", "FTTP 1000/110", "fttp", "L2"
        ),
    )  # fmt: skip


def _promises():
    nine = "nine tests of ten reach 90 % of the contracted rate"
    minimum = "minimum guaranteed: nine tests of ten in the peak hours reach it"
    none = Figure(note="nothing was promised")
    return (
        Promise(
            "download", nine, FIRST, date(2026, 3, 15), _rate(495, note="90 % of 550 Mbit/s"),
            _rate(441.2, n=101, low=430.1, high=452.9), _rate(512.3, n=101, low=508.0, high=516.6),
            _share(0.812, n=101, low=0.722, high=0.883), Verdict.FAIL, "19 of 101 tests are below",
            claim_ready=False,
        ),
        Promise(
            "download", nine, CHANGED, LAST, _rate(900, note="90 % of 1 Gbit/s"),
            _rate(861.0, n=107, low=840.3, high=902.2), _rate(951.8, n=107, low=948.1, high=955.0),
            _share(0.887, n=107, low=0.811, high=0.94), Verdict.NOT_SHOWN,
            "12 of 107 tests are below, which may be chance", claim_ready=False,
        ),
        Promise(
            "minimum download", minimum, CHANGED, LAST, _rate(500), _rate(820.5, n=32), _rate(930.0, n=32),
            _share(1.0, n=32, low=0.891, high=1.0), Verdict.PASS, "0 of 32 tests are below",
            claim_ready=False,
        ),
        Promise(
            "upload", nine, CHANGED, LAST, _rate(99, note="90 % of 110 Mbit/s"), _rate(101.2, n=107),
            _rate(107.0, n=107), _share(0.981, n=107, low=0.934, high=0.998), Verdict.PASS,
            "2 of 107 tests are below", claim_ready=False,
        ),
        Promise(
            "availability", "99.95 % of the month", CHANGED, LAST, _share(0.9995), None, None,
            _share(0.999088, n=23_040, low=0.99809, high=0.999088, coverage=0.9989), Verdict.FAIL,
            "20 to 22 minutes of the supplier's, 11.5 are allowed", claim_ready=None,
        ),
        Promise(
            "round trip", "in nine minutes of ten", CHANGED, LAST, Figure(0.03, Unit.SECONDS),
            Figure(0.0234, Unit.SECONDS, n=22_700), Figure(0.0119, Unit.SECONDS, n=22_700),
            _share(0.951, n=22_700), Verdict.NOT_SHOWN, "the contract does not say how it is counted",
            claim_ready=None,
        ),
        Promise(
            "loss", "over all minutes", CHANGED, LAST, none, _share(0.0, n=22_700, high=0.0001),
            _share(0.0, n=22_700, high=0.0001), none, Verdict.NOT_SHOWN, "nothing was promised",
            claim_ready=None,
        ),
    )  # fmt: skip


def _availability():
    users = "40 people in service hours"
    return (
        Availability(
            FIRST, date(2026, 3, 15), _minutes(21_206), _minutes(134, low=133, high=395), _minutes(0),
            _minutes(260), _minutes(60), _share(0.99372, low=0.981759, high=0.993797, coverage=0.98796),
            _share(0.99377, note="the contract's own arithmetic: unknown counts as available"),
            _share(0.9806, n=6_900, coverage=0.9623), Figure(5_360, Unit.USER_MINUTES, note=users),
        ),
        Availability(
            CHANGED, LAST, _minutes(22_959), _minutes(21, low=20, high=22), _minutes(0), _minutes(0),
            _minutes(0), _share(0.999086, low=0.999086, high=0.999086, coverage=1.0), _share(0.999086),
            _share(0.9970, n=7_020, coverage=1.0), Figure(840, Unit.USER_MINUTES, note=users),
        ),
    )  # fmt: skip


def _outages():
    return (
        OutageRow(
            _at(4, 10), _minutes(134, low=133, high=134), Attribution.SUPPLIER, "INC4821", _minutes(119),
            _minutes(124), _minutes(94, note="stood still for 25 minutes: customer_access"), Claimable.YES,
            "the supplier's, outside of what is excluded", began_before=False, goes_on=False,
        ),
        OutageRow(
            _at(20, 14, 30), _minutes(21, low=20, high=21), Attribution.SUPPLIER, None,
            _minutes(None, note="no ticket was raised"), _minutes(None), _minutes(None), Claimable.YES,
            "counts for availability; without a ticket not for the fix time", began_before=False,
            goes_on=False,
        ),
        OutageRow(
            _at(10, 0), _minutes(60, low=59, high=60), Attribution.PLANNED, None, _minutes(None),
            _minutes(None), _minutes(None), Claimable.NO, "excluded", began_before=False, goes_on=False,
        ),
    )  # fmt: skip


def _upgrades():
    return (
        UpgradePanel(
            date(2026, 3, 16), "wave 2", "lib-1", "lib-1", "Business case 7", _pounds(1200.0), _count(4),
            ("museum-1", "depot-1"),
            (
                EffectRow(
                    "round trip under load, busy hour, p95", Conclusion.BETTER,
                    Figure(-0.471, Unit.CHANGE, n=40, low=-0.52, high=-0.41), Figure(-0.2, Unit.CHANGE),
                    reaches_it=True, p_value=0.0004, primary=True, controlled=True,
                ),
                EffectRow(
                    "saturated minutes a day", Conclusion.BETTER,
                    _minutes(-38.0, n=40, low=-51.0, high=-22.0), _minutes(-5.0), reaches_it=True,
                    p_value=0.003, primary=True, controlled=True,
                ),
                EffectRow(
                    "loss in service hours", Conclusion.NOT_SHOWN,
                    _share(0.0, n=40, low=-0.0001, high=0.0001), _share(-0.001), reaches_it=False,
                    p_value=None, primary=False, controlled=True,
                ),
            ),
            (),
        ),
        UpgradePanel(
            date(2026, 4, 12), None, "lib-1", "lib-3", "Business case 9", _pounds(None), _count(None), (), (),
            (
                "cutover in 12 days, baseline 9 of 28 days",
                "no controls: season and what the supplier changed everywhere are not taken off",
            ),
        ),
    )  # fmt: skip


def _money():
    each = Unit.POUNDS_PER_MEGABIT
    return Money(
        (
            PriceRow(
                FIRST, date(2026, 3, 15), _pounds(107.0), Figure(0.194545, each),
                Figure(0.242517, each, n=101), Figure(0.274, each), _pounds(2.675),
            ),
            PriceRow(
                CHANGED, LAST, _pounds(132.0), Figure(0.132, each), Figure(0.15331, each, n=107),
                Figure(0.24, each), _pounds(3.3),
            ),
        ),
        (
            CreditRow(
                "2026-01", Standing.RECEIVED, _pounds(9.5), _pounds(9.5), _pounds(9.5),
                Figure("2026-03-02", Unit.DATE), ("CR-88",), (),
            ),
            CreditRow(
                "2026-03", Standing.CLAIMABLE, _pounds(16.79), _pounds(None), _pounds(None),
                Figure("2026-04-30", Unit.DATE), (),
                (
                    "1 to 15 March: 99.3770 % is below 99.9 %: 5 % of the charge: £2.30 (Order 17, 4.2)",
                    "16 to 31 March: 99.9086 % is below 99.95 %: 10 % of it: £6.19 (Variation 2, 1)",
                ),
            ),
        ),
        Dates(
            Figure("2027-03-31", Unit.DATE), _count(0), Figure("2026-10-02", Unit.DATE),
            Figure("2026-12-31", Unit.DATE), Figure(267, Unit.DAYS), Urgency.GREEN,
        ),
    )  # fmt: skip


def _quality():
    return Quality(
        Grade.B, "coverage is 99.4 %; 208 tests are fewer than a claim asks on one contract",
        _share(0.9941, n=44_580), _share(0.9998),
        (Tally("appliance", _minutes(240)), Tally("nobody told", _minutes(20))),
        (
            Tally("clean", _count(301)), Tally("corrected", _count(92)), Tally("inconclusive", _count(23)),
            Tally("invalid", _count(18)),
        ),
        (
            Tally("limited by host_cpu", _count(14)),
            Tally("what else the line carried is not known", _count(4)),
        ),
        (
            ExclusionRow(
                _at(10, 0), _at(10, 1), "planned", _minutes(60), "", "A. Officer", "CHG-12"
            ),
            ExclusionRow(
                _at(22, 3), _at(22, 4), "planned", _minutes(0),
                "announced 2.0 days before, the contract asks 10", "A. Officer", "CHG-19",
            ),
        ),
    )  # fmt: skip


def _full_part():
    return CircuitPart(
        "lib-1", _contracts(), _promises(), _availability(),
        Use(
            _rate(621.4, n=8_912, coverage=0.9984), _rate(621.4), _rate(48.2),
            Figure(14, Unit.CLOCK_HOUR, n=22), _share(0.74, n=264), _rate(550.0, n=264), _share(0.58, n=22),
            _minutes(318, n=13_920), _share(0.022845, n=13_920), Figure(12_720, Unit.USER_MINUTES),
            _rate(785.7, note="by the busy hour; at least: saturation hides true demand"),
        ),
        _charts(), _outages(), _upgrades(), _money(),
        (
            CauseRow(
                3, "demand", "the line was full with the site's own traffic", _minutes(290), _share(0.61)
            ),
            CauseRow(4, "supplier", "the line or the supplier's network", _minutes(155), _share(0.33)),
            CauseRow(7, "not determined", "no rule applies", _minutes(28), _share(0.06)),
        ),
        _quality(),
    )  # fmt: skip


def full() -> SiteReport:
    """A library whose contract changed in the middle of the month, revised once."""
    words = {
        Question.BANDWIDTH: (Verdict.FAIL, "No: full in 2.3 % of service minutes (318 of 13,920)."),
        Question.DELIVERED: (
            Verdict.FAIL,
            "No: 81 % of 101 tests (72 to 88 %) reached 90 % of 550 Mbit/s down; nine of ten are promised.",
        ),
        Question.RELIABLE: (
            Verdict.FAIL, "No: 99.91 % from 16 March (known for 99.9 % of the time); 99.95 % is promised.",
        ),
        Question.ACTION: (
            None, "Claim the possible credit of £16.79 by 30 April 2026, subject to contract.",
        ),
    }  # fmt: skip
    return SiteReport(
        Header(
            Kind.SITE, "lib", "Anytown Library", "library", "100012345678", _count(40),
            "Mon-Fri 09:00-18:00; Sat 10:00-16:00", FIRST, LAST, "Europe/London", date(2026, 4, 8), Grade.B,
            "4533266f24c87cdb1510a9a5d1a75e2a56f4dd044473d3d6b0ffe2f1a5350f8e", 1, "netmon-edge 0.9.0",
        ),
        tuple(Sentence(question, "lib-1", *answer) for question, answer in words.items()),
        None,
        (_full_part(),),
        (
            Reference("measurements", "the store of the appliance"),
            Reference("contract of lib-1", "Order 17, Schedule 4.2; Variation 2, 1"),
            Reference("nine tests of ten reach 90 % of the contracted rate", "netmon"),
        ),
        Revision(2, (Change("lib-1 / claims / CR-88 / received", None, "9.5"),)),
    )  # fmt: skip


def nearly_empty() -> SiteReport:
    """A site without any contract, two days after it was switched on, with a second line never measured."""
    unknown_rate, unknown_share = Figure(None, Unit.RATE), Figure(None, Unit.SHARE)
    unknown_users = Figure(None, Unit.USER_MINUTES, note="how many people are there is not known")
    nobody = Use(
        unknown_rate, unknown_rate, unknown_rate, Figure(None, Unit.CLOCK_HOUR), unknown_share, unknown_rate,
        unknown_share, _minutes(None), unknown_share, unknown_users, unknown_rate,
    )  # fmt: skip
    first, last = date(2026, 3, 1), date(2026, 3, 2)

    def part(circuit, up, unknown):
        return CircuitPart(
            circuit, (), (),
            (
                Availability(
                    first, last, _minutes(up), _minutes(0, low=0, high=unknown), _minutes(0),
                    _minutes(unknown), _minutes(0),
                    Figure(
                        None, Unit.SHARE, n=up, low=up / 2880 if up else None, high=1.0 if up else None,
                        coverage=up / 2880, note="no percentage below 95 % coverage",
                    ),
                    unknown_share, unknown_share, unknown_users,
                ),
            ),
            nobody, Charts(), (), (), Money((), (), None), (),
            Quality(
                Grade.D, "coverage is below 70 %", _share(up / 2880, n=2880),
                _share(1.0) if up else unknown_share,
                (Tally("nobody told", _minutes(unknown)),), (), (), (),
            ),
        )  # fmt: skip

    says = (
        (Question.BANDWIDTH, "Not known: use was not measured."),
        (Question.DELIVERED, "Not known: no contract, and no tests."),
        (Question.RELIABLE, "Not shown: known for 26 % of the time."),
        (Question.ACTION, "Give the contract with --inputs, and let it run for a month."),
    )
    return SiteReport(
        Header(
            Kind.SITE, "site-7", None, None, None, _count(None), None, first, last, "UTC",
            date(2026, 3, 3), Grade.D, None, 1, "netmon-edge 0.9.0",
        ),
        tuple(
            Sentence(question, circuit, None if question is Question.ACTION else Verdict.NOT_SHOWN, words)
            for circuit in ("main", "backup") for question, words in says
        ),
        Together(
            _minutes(0), _minutes(2130),
            Figure(None, Unit.SHARE, n=750, low=0.26, high=1.0, coverage=0.26), unknown_share, unknown_users,
        ),
        (part("main", 750, 2130), part("backup", 0, 2880)),
        (Reference("measurements", "the store of the appliance"),),
    )  # fmt: skip
