"""Whole months by hand, the working beside each figure; the second program finds the same from records."""

import csv
import json
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

import pytest
from fakes.evidence import KINDS, inputs
from fakes.evidence_pack import minute_record

from netmon.evidence.availability import availability
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.standalone.recompute import figures
from netmon.evidence.strip import Strip
from netmon.evidence.verdicts import Verdict
from probes.bandwidth.layers import Layer, full_packet

HEAD = "circuit,from,document,clause,"


@dataclass(frozen=True)
class Month:
    """A month of one line: up, but for stretches of (from, minutes, letter of a kind)."""

    year: int
    number: int
    contract: str
    stretches: tuple[tuple[str, int, str], ...]
    exclusions: str = ""
    tickets: str = ""

    @property
    def days(self) -> Days:
        return month(self.year, self.number, "Europe/London")

    @property
    def letters(self) -> str:
        """A letter for each minute, and for a day after the month's end."""
        days = self.days
        found = ["u"] * (days.end_minute - days.start_minute + 1440)
        for start, length, letter in self.stretches:
            first = int(datetime.fromisoformat(start).timestamp()) // 60 - days.start_minute
            found[first : first + length] = [letter] * length
        return "".join(found)

    def files(self) -> dict[str, str]:
        told = {"contracts": self.contract, "exclusions": self.exclusions, "tickets": self.tickets}
        return {name: text for name, text in told.items() if text}

    def claimed(self):
        """Return the figures of both programs, which are the same, stretch by stretch."""
        start = self.days.start_minute
        records = [minute_record(start + n, letter) for n, letter in enumerate(self.letters)]
        first = json.loads(json.dumps(claim(records, read_texts(self.files()), "c1", "s1", self.days)))
        tables = {name: list(csv.DictReader(text.splitlines())) for name, text in self.files().items()}
        second = figures(first, records, {"exclusions": [], "tickets": [], **tables})
        assert second == first
        return first["stretches"]


def counted(up, down, elsewhere=0, unknown=0, excluded=0):
    return {"up": up, "down": down, "elsewhere": elsewhere, "unknown": unknown, "excluded": excluded}


def test_october_has_an_hour_twice_and_both_count():
    # Sundays are 4, 11, 18 and 25; on the 25th 01:00 to 02:00 comes twice: 3 x 60 + 120 = 300 minutes.
    # Down from 01:30 of summer time, for two hours: 30 + 60 of them lie in these hours, 30 after.
    (found,) = Month(
        2026, 10,
        HEAD + "hours,availability,monthly,credits\nc1,2026-01-01,O,4,Sun 01:00-02:00,99%,100.00,"
        "below 99%: 20%\n",
        (("2026-10-25T00:30Z", 120, "d"),),
    ).claimed()  # fmt: skip
    assert found["minutes"] == counted(210, 90)
    assert (found["down_bounds"], found["verdict"]) == ([89, 91], "fail")
    # 210 of 300 are 70 %: a fifth of 100.00.
    assert found["credit"]["pence"] == 2000


def test_march_lacks_an_hour_and_nobody_pays_for_it():
    # Sundays are 1, 8, 15, 22 and 29; on the 29th 00:00 to 04:00 has three hours: 4 x 240 + 180 = 1 140.
    # 1 080 of 1 140 are 94.736842 %, 4.263158 points below 99; each is worth 2 % of 100.00: 8.5263.
    (found,) = Month(
        2026, 3,
        HEAD + "hours,availability,monthly,credits\nc1,2026-01-01,O,4,Sun 00:00-04:00,99%,100.00,"
        "per point: 2%\n",
        (("2026-03-29T00:30Z", 60, "d"),),
    ).claimed()  # fmt: skip
    assert found["minutes"] == counted(1080, 60)
    assert found["credit"]["workings"] == [["per point", 853]]


def test_the_leap_day_of_2028_is_paid_for_and_an_outage_over_its_midnight_is_one():
    # 29 days are 41 760 minutes. Down from 18:00 of the 29th for seven hours: 360 of them are February's.
    # 41 400 of 41 760 are 99.1379 %, below 99.5: a tenth of 290.00 is 29.00.
    # Seven hours are two over five: 2 x 290 x 12 / 365 = 19.0685. Both together: 48.07.
    (found,) = Month(
        2028, 2,
        HEAD + "availability,monthly,fix,fix_clock,combine,credits\n"
        "c1,2026-01-01,O,4,99.5%,290.00,5h,detection,sum,below 99.5%: 10%; per hour over fix: one day\n",
        (("2028-02-29T18:00Z", 420, "d"),),
    ).claimed()  # fmt: skip
    start = int(datetime.fromisoformat("2028-02-29T18:00Z").timestamp()) // 60
    assert found["minutes"] == counted(41_400, 360)
    assert found["outages"] == [[start, start + 420, 420, "supplier"]]
    assert found["clocks"] == [[start, None, 420, None, 420]]
    assert found["credit"] == {
        "pence": 4807, "cap_pence": None,
        "workings": [["availability tier", 2900], ["per hour over fix", 1907]],
    }  # fmt: skip


UNKNOWN = Month(
    2026, 6,
    HEAD + "availability,monthly,credits\nc1,2026-01-01,O,4,99.9%,95.00,below 99.9%: 5%; below 99.5%: 10%\n",
    (("2026-06-02T00:00Z", 4320, "?"), ("2026-06-10T00:00Z", 50, "d"), ("2026-06-10T02:00Z", 10, "n")),
)  # fmt: skip


def test_three_days_that_nobody_saw_cost_the_supplier_nothing_and_win_it_nothing():
    # 43 200 minutes: 4 320 not seen, 50 the supplier's, 10 down with nobody proven to answer for them.
    # The contract's arithmetic takes what is not known for up: 43 150 of 43 200 are 99.8843 %, so 4.75.
    (found,) = UNKNOWN.claimed()
    assert found["minutes"] == counted(38_820, 50, unknown=4330)
    # At least 49 (an edge of a minute); at most 4 320 + 50 + 10 and an edge for each of three runs.
    assert found["down_bounds"] == [49, 4383]
    assert (found["verdict"], found["credit"]["pence"]) == ("fail", 475)


def test_with_three_days_unseen_no_percentage_is_printed():
    days = UNKNOWN.days
    strip = Strip(days.start_minute, bytes(KINDS[letter].code for letter in UNKNOWN.letters))
    contracts = inputs(contracts=UNKNOWN.contract).contracts
    account = availability(strip, days, contracts.on("c1", days.first), (), None).contract
    assert account.measured == Fraction(38_820, 38_870)
    assert account.worst == Fraction(38_820, 43_200)
    assert account.best == Fraction(43_150, 43_200)
    assert account.coverage == Fraction(38_870, 43_200)
    assert not account.printable, "90.0 % were seen, 95 are asked"


EXCLUSIONS = """\
circuit,from,to,cause,announced,agreed_by,reference
c1,2026-04-10T00:00Z,2026-04-10T00:40Z,customer,,A. Person,X1
c1,2026-04-10T00:20Z,2026-04-10T01:30Z,planned,2026-03-01T09:00Z,A. Person,W1
c1,2026-04-10T01:20Z,2026-04-10T02:00Z,planned,2026-03-01T09:00Z,A. Person,W2
c1,2026-04-10T02:00Z,2026-04-10T03:00Z,planned,2026-04-09T09:00Z,A. Person,W3
"""
TICKETS = "circuit,reference,raised,closed,pauses\nc1,T1,2026-04-10T00:30Z,2026-04-10T07:00Z,{}\n"
PAUSE = (
    "customer_access 2026-04-10T03:00Z/2026-04-10T03:40Z; customer_access 2026-04-10T03:20Z/2026-04-10T04:00Z"
)


@pytest.mark.parametrize(
    ("pauses", "counts", "pence"),
    [
        # From the ticket at 00:30 to 06:40 are 370 minutes, less the 70 excluded since and 60 of waiting (the
        # overlap counts once): 240 are four hours, and not over four hours.
        pytest.param(PAUSE, 240, 0, id="the supplier waited for an hour"),
        # Without the waiting 300, over four hours: 50.00, of which the cap leaves 40.00.
        pytest.param("", 300, 4000, id="it did not"),
        # A quarter of an hour that was waited within the exclusion stands once.
        pytest.param("customer_access 2026-04-10T01:15Z/2026-04-10T01:30Z", 300, 4000, id="it had to anyhow"),
    ],
)  # fmt: skip
def test_exclusions_that_overlap_a_cap_and_the_ticket_s_clock(pauses, counts, pence):
    # Down from 00:00 to 06:40, 400 minutes. Excluded are 40 (X1), then of W1 the 50 that X1 leaves; of W2
    # the 30 that W1 leaves, but the cap of 60 has 10 left; W3 was announced a day before: none. 100 in all.
    (found,) = Month(
        2026, 4,
        HEAD + "availability,monthly,fix,clock_stops,cap,credits,maintenance_notice_days,maintenance_cap\n"
        "c1,2026-01-01,O,4,99.9%,95.00,4h,customer_access,£40 of month,per missed fix: £50,10,60m\n",
        (("2026-04-10T00:00Z", 400, "d"),),
        EXCLUSIONS,
        TICKETS.format(pauses),
    ).claimed()  # fmt: skip
    start = int(datetime.fromisoformat("2026-04-10T00:00Z").timestamp()) // 60
    assert found["minutes"] == counted(42_800, 300, excluded=100)
    assert found["outages"] == [[start, start + 400, 400, "supplier"]]
    assert found["clocks"] == [[start, "T1", 400, 370, counts]]
    assert (found["credit"]["pence"], found["credit"]["cap_pence"]) == (pence, 4000)


def test_what_is_excluded_after_midnight_stops_the_clock_of_a_fault_of_the_month_before():
    # Down from 23:00 of the 31st of March for five hours, of which both sides agreed not to count four.
    # Without them the fault took an hour, within the two of the contract: nothing is due.
    march = Month(
        2026, 3,
        HEAD + "monthly,fix,fix_clock,credits,maintenance_cap\n"
        "c1,2026-01-01,O,4,95.00,2h,detection,per missed fix: £50,10m\n",
        (("2026-03-31T22:00Z", 300, "d"),),
        "circuit,from,to,cause,agreed_by,reference\n"
        "c1,2026-03-31T23:00Z,2026-04-01T03:00Z,force_majeure,A. Person,X1\n",
    )  # fmt: skip
    (found,) = march.claimed()
    start = march.days.end_minute - 60
    assert found["outages"] == [[start, start + 300, 300, "planned"]]
    assert (found["clocks"], found["credit"]["pence"]) == ([], 0)
    (found,) = replace(march, stretches=(("2026-03-31T16:00Z", 660, "d"),)).claimed()
    assert [one[-1] for one in found["clocks"]] == [420]


def test_a_change_of_contract_in_the_middle_of_a_month_and_of_an_outage():
    # Down from 23:30 of the 15th for 90 minutes; the variation holds from the 16th.
    # 1 to 15: 21 600 minutes, 30 down, 99.8611 %: 95 x 15/31 x 5 % = 2.2984.
    # 16 to 31: 16 days less an hour, 22 980 minutes, 60 down, 99.7389 %: 120 x 16/31 x 10 % = 6.1935.
    # The outage is of the stretch in which it began: the variation's fix time knows nothing of it.
    early, late = Month(
        2026, 3,
        HEAD + "availability,monthly,fix,fix_clock,combine,credits\n"
        "c1,2026-01-01,Order 1,4,99.9%,95.00,,,,below 99.9%: 5%\n"
        "c1,2026-03-16,Variation 1,2,99.95%,120.00,1h,detection,sum,below 99.95%: 10%; per missed fix: £20\n",
        (("2026-03-15T23:30Z", 90, "d"),),
    ).claimed()  # fmt: skip
    assert (early["last"], late["first"]) == ("2026-03-15", "2026-03-16")
    assert (early["minutes"], late["minutes"]) == (counted(21_570, 30), counted(22_920, 60))
    assert ([one[2] for one in early["outages"]], late["clocks"]) == ([90], [])
    assert (early["credit"]["pence"], late["credit"]["pence"]) == (230, 619)
    assert (early["cited"], late["cited"]) == ("Order 1, 4", "Variation 1, 2")
    assert (early["verdict"], late["verdict"]) == ("fail", "fail")


def test_an_exclusion_of_eight_thousand_years_is_counted_in_no_time():
    (found,) = Month(
        2026, 3,
        HEAD + "availability\nc1,2026-01-01,O,4,99.9%\n",
        (),
        "circuit,from,to,cause,agreed_by,reference\n"
        "c1,2026-03-30T23:00Z,9999-12-31T00:00Z,customer,A. Person,X1\n",
    ).claimed()  # fmt: skip
    assert found["minutes"]["excluded"] == 1440


def test_two_contracts_of_one_month_share_its_cap():
    # Down for two days in each half: 10 % of 15/31 and of 16/31 of 310.00 are 15.00 and 16.00, of which the
    # cap of 20.00 leaves 15.00 and 5.00.
    early, late = Month(
        2026, 1,
        HEAD + "availability,monthly,cap,credits\n"
        "c1,2026-01-01,Order 1,4,99.9%,310.00,£20 of month,below 99.9%: 10%\n"
        "c1,2026-01-16,Variation 1,2,99.9%,310.00,£20 of month,below 99.9%: 10%\n",
        (("2026-01-03T00:00Z", 2880, "d"), ("2026-01-20T00:00Z", 2880, "d")),
    ).claimed()  # fmt: skip
    assert [(one["credit"]["pence"], one["credit"]["cap_pence"]) for one in (early, late)] == [
        (1500, 2000), (500, 500),
    ]  # fmt: skip


def test_a_second_line_saves_the_people_and_not_the_supplier():
    # On Monday the 2nd the first line is down from 10:00 to 12:00, and the second from 11:30 to 11:50: people
    # were without for 20 minutes, 40 of them: 800. The first line's contract has all 120.
    days = month(2026, 3, "Europe/London")
    site = inputs(sites="site,service_hours,users\ns1,Mon-Fri 09:00-17:00,40\n").sites["s1"]
    terms = inputs("availability=99.9%").contracts.on("c1", days.first)

    def line(*stretches):
        letters = Month(2026, 3, "", stretches).letters
        return Strip(days.start_minute, bytes(KINDS[letter].code for letter in letters))

    first = line(("2026-03-02T10:00Z", 120, "d"))
    whole = line(("2026-03-02T11:30Z", 20, "d"))
    found = availability(first, days, terms, (), site)
    assert (found.contract.down, found.verdict, found.user_minutes_lost) == (120, Verdict.FAIL, 4800)
    assert availability(whole, days, terms, (), site).user_minutes_lost == 800


@pytest.mark.parametrize(
    ("layer", "share"), [(Layer.IP, 0.9753), (Layer.TCP, 0.9415), (Layer.L2, 0.9870)], ids=str
)
def test_a_perfect_gigabit_is_941_megabits_of_payload(layer, share):
    # 1 500 bytes of IP are 1 538 on the wire and 1 518 as counted by SNMP; TCP leaves 1 448 of them.
    assert full_packet(4).convert(1e9, Layer.L1, layer) == pytest.approx(share * 1e9, rel=1e-4)
