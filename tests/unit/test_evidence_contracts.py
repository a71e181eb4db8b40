"""Contracts by hand: tests against yardsticks, credits by six schemes, clocks, claims, dates, prices."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from fakes.evidence import MARCH, filled, inputs, strip, terms

from netmon.evidence.availability import availability, by_contract
from netmon.evidence.calendar import Days
from netmon.evidence.campaigns import bead, bnetza, e_rate, fcc_latency, normal, normal_kept
from netmon.evidence.claim_ledger import Possible, Standing, ledger, recovered, totals
from netmon.evidence.credit import credit
from netmon.evidence.delivered import delivered
from netmon.evidence.fault_clocks import fault_clocks
from netmon.evidence.grade import Grade, grade
from netmon.evidence.notice import Urgency, months_after, notice
from netmon.evidence.price import price
from netmon.evidence.speed_tests import Proof, SpeedTest, speed_test
from netmon.evidence.verdicts import Verdict
from netmon.evidence.yardsticks import YARDSTICKS, mba_80_80, threshold
from netmon.model import Event, Stamp

M = 1_000_000
TERMS = terms("down=100Mbit/s | up=20Mbit/s | minimum_down=50Mbit/s | rate_layer=L2")


def a_test(rate, cross=0.0, minute=MARCH.start_minute, spoiled="", direction="down", **more):
    return SpeedTest(
        minute,
        direction,
        "http",
        {"L2": rate * M},
        {} if cross is None else {"L2": cross * M},
        spoiled,
        **more,
    )


def test_the_edges_of_cross_traffic_are_those_of_whole_numbers():
    # 0.01 x 7 007 is 70.07000000000001 as a float, and 0.01 x 29 is 0.29: neither decides.
    for contracted in range(7_000_000, 7_020_000, 100):
        test = SpeedTest(0, "down", "http", {"L2": 1000.0}, {"L2": float(contracted // 100)})
        assert test.value("L2", float(contracted)) == 1000.0
        busy = replace(test, others={"L2": float(contracted // 10)})
        assert busy.proof("L2", float(contracted), 6_000_000.0) is Proof.FAIL


def test_a_fix_time_in_parts_of_an_hour_is_met_to_the_minute():
    # 4.35 hours are 261 minutes, though as a float they are a hair less.
    found = terms("fix=4.35h | fix_clock=detection | monthly=95.00 | credits=per missed fix: £50")
    for down, pounds in ((261, Decimal(0)), (262, Decimal(50))):
        part = availability(filled(f"u600 d{down}", MARCH), MARCH, found, (), None)
        assert credit(part, fault_clocks(part.outages, (), found), 31).pounds == pounds


def test_a_cap_in_parts_of_an_hour_is_whole_minutes():
    text = "circuit,from,to,cause,agreed_by,reference\nc1,2026-03-02T00:00Z,2026-03-02T06:00Z,planned,A,W1\n"
    found = inputs("maintenance_cap=4.35h", exclusions=text)
    part = availability(
        filled("u", MARCH), MARCH, found.contracts.on("c1", MARCH.first), found.exclusions, None
    )
    assert part.contract.excluded == 261


@pytest.mark.parametrize(
    ("rate", "cross", "proof", "value"),
    [
        pytest.param(95, 0, Proof.PASS, 95, id="clean and fast"),
        pytest.param(80, 1, Proof.FAIL, 80, id="a hundredth is clean: not added"),
        pytest.param(85, 8, Proof.PASS, 93, id="corrected: all that was carried"),
        pytest.param(70, 9, Proof.FAIL, 79, id="corrected and still below"),
        pytest.param(60, 20, Proof.INCONCLUSIVE, 80, id="others used more than a tenth"),
        pytest.param(60, 40, Proof.PASS, 100, id="whatever others used, it was carried"),
        pytest.param(95, None, None, None, id="what others used is not known"),
    ],
)
def test_cross_traffic_never_makes_a_failure(rate, cross, proof, value):
    test = a_test(rate, cross)
    assert test.proof("L2", 100 * M, 90 * M) is proof
    assert test.value("L2", 100 * M) == (None if value is None else value * M)


def event(**data):
    given = {"direction": "down", "method": "http", "refused": None, "cross_bits_per_second": {"L2": 0}}
    given |= {"bits_per_second": {"L2": 9e7, "IP": None}, "limited_by": "circuit", "peak": False}
    return Event("bandwidth_test", (), "", Stamp("b", 0, 120_500), given | data)


def test_a_test_is_read_from_its_event():
    test = speed_test(event())
    assert (test.minute, test.rate("L2"), test.rate("IP"), test.spoiled) == (2, 9e7, None, "")
    assert speed_test(replace(event(), kind="note")) is None
    assert "host_cpu" in speed_test(event(limited_by="host_cpu")).spoiled
    assert "peak" in speed_test(event(peak=True)).spoiled
    assert "clock" in speed_test(event(clock={"synchronised": False})).spoiled
    assert speed_test(event(cross_bits_per_second=None)).invalid("L2").startswith("what else")
    assert "layer IP" in speed_test(event()).invalid("IP")
    assert speed_test(event(bits_per_second=None)).bits_per_second == {}


def campaign(slow_of_six, days=20, slow=80.0, first=MARCH.start_minute):
    """Six tests a day; on each day so many of them are slow."""
    return [
        a_test(slow if n < slow_of_six[day % len(slow_of_six)] else 99.0, minute=first + day * 1440 + 600 + n)
        for day in range(days)
        for n in range(6)
    ]


def find(tests, name="delivered_90", contract=TERMS):
    return delivered(name, "down", tests, MARCH, contract)


def test_one_slow_test_a_day_is_a_breach_of_nine_in_ten():
    found = find(campaign([1]))
    assert (found.counted.tests, found.counted.fails, found.counted.days, found.breach_at) == (
        120,
        20,
        20,
        19,
    )
    assert found.verdict is Verdict.FAIL
    assert (found.counted.bad_days, found.claim_ready) == (20, True)
    assert found.counted.effective == 120
    assert found.share == pytest.approx(100 / 120)


def test_a_bad_day_alone_is_no_breach():
    bad = campaign([6, 6, 6, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    found = find(bad)
    assert (found.counted.fails, found.counted.effective) == (24, pytest.approx(20))
    assert found.verdict is Verdict.NOT_SHOWN, "24 failures of 120, but on four days only"


def test_a_breach_on_few_days_is_one_and_not_ready_for_a_claim():
    found = find(campaign([0, 3, 1, 2], days=24))
    assert (found.counted.fails, found.verdict, found.counted.bad_days) == (36, Verdict.FAIL, 18)
    assert found.claim_ready, "18 of 24 days: by chance once in ninety"
    assert not find(campaign([0, 3, 0, 2], days=24)).claim_ready, "twelve days of 24 are half"


def test_a_few_failures_are_chance_and_fewer_keep_the_promise():
    assert find(campaign([1, 0])).verdict is Verdict.NOT_SHOWN, "10 of 120 show neither"
    kept = find(campaign([1, 0, 0, 0, 0]))
    assert (kept.counted.fails, kept.verdict) == (4, Verdict.PASS)
    assert find(campaign([0], days=4)).why == "too few tests: 24, at least 29 are needed"


def test_inconclusive_and_invalid_tests_are_kept_apart():
    tests = [*campaign([0]), *(a_test(60, 20) for _ in range(9)), *(a_test(60, None) for _ in range(5))]
    found = find(tests)
    assert (found.counted.tests, found.counted.inconclusive, found.counted.invalid, found.counted.fails) == (
        120,
        9,
        5,
        0,
    )


def test_yardsticks_ask_for_their_own_rate_and_hours():
    rates = {name: threshold(yardstick, TERMS, "down") for name, yardstick in YARDSTICKS.items()}
    assert rates == {
        "minimum": 50e6, "delivered_90": 90e6, "fcc_80_80": 80e6, "ofcom_minimum": 50e6,
        "dfe_primary": 100e6, "dfe_secondary": 1e9, "uk_gigabit": 1e9, "uk_universal": 10e6,
        "bead_anchor": 1e9,
    }  # fmt: skip
    peak = terms("down=100Mbit/s | minimum_down=50Mbit/s | peak_hours=12:00-14:00")
    assert find(campaign([6]), "minimum", peak).counted.tests == 0, "they were at ten in the morning"
    assert threshold(YARDSTICKS["minimum"], TERMS, "up") is None
    found = delivered("minimum", "up", [], MARCH, TERMS)
    assert (found.verdict, found.why, found.share) == (Verdict.NOT_SHOWN, "nothing was promised", None)


def test_the_two_rules_called_80_80_differ():
    lines = [[100.0] * 10, [90.0] * 10, [80.0] * 10, [70.0] * 10, [10.0] * 10]
    assert mba_80_80(lines) == 70, "four of the five have it"
    assert mba_80_80([*lines, [95.0] * 8 + [5.0] * 2]) == 70
    assert mba_80_80([[50.0, 60.0, 70.0, 80.0, 90.0]]) == 60, "four of five times"
    assert mba_80_80([]) is None
    assert find(campaign([1], slow=79.0), "fcc_80_80").verdict is Verdict.NOT_SHOWN, "20 of 120 may be slow"


def test_the_german_campaign_of_three_days():
    slow = {1: [40.0] * 10, 2: [89.0] * 10, 3: [91.0] * 10}
    found = bnetza(slow, 100, 50)
    assert (found.enough, found.maximum_missed, found.minimum_missed) == (True, True, False)
    assert bnetza({**slow, 2: [49.0, 95.0] * 5}, 100, 50).minimum_missed
    assert not bnetza({1: [9.0] * 29}, 100, 50).enough
    assert bnetza(slow, None, None).maximum_missed is None
    # Normally available are 85: of 30 tests 10 are below, three would be one in ten.
    assert bnetza(slow, 100, 50, 85).normal_missed
    assert not bnetza({**slow, 1: [90.0] * 7 + [40.0] * 3}, 100, 50, 85).normal_missed, (
        "27 of 30 are nine in ten"
    )
    assert bnetza({}, 100, 50, 85).normal_missed is None


def test_what_is_normally_available_are_two_numbers():
    # 40 tests, 4 of them at 30 and 36 at 80: nine in ten have 80; of nineteen in twenty two may be slow.
    rates = [30.0] * 4 + [80.0] * 36
    assert (normal(rates, 0.9).speed, normal(rates, 0.95).speed) == (80, 30)
    assert normal_kept(rates, 80, 0.9)
    assert not normal_kept(rates, 80, 0.95)
    assert (normal([], 0.9).speed, normal_kept([], 80, 0.9)) == (None, None)


def test_the_american_challenge_takes_the_median_of_three_days():
    found = bead({1: [80.0], 2: [120.0], 3: [90.0, 95.0, 10.0]}, 100)
    assert (found.median, found.below, found.enough) == (90, True, True)
    assert not bead({1: [80.0], 2: [120.0], 3: [101.0]}, 100).below
    assert bead({1: [80.0], 2: [], 3: [90.0]}, 100).below is None, "two days are too few"
    assert bead({1: [80.0], 2: [85.0], 3: [90.0]}, None).below is None


def test_american_round_trips_and_lines_per_user():
    assert fcc_latency([0.1] * 95 + [0.2] * 5 + [None]).kept
    assert not fcc_latency([0.1] * 94 + [0.11] * 6).kept
    assert (fcc_latency([None]).share, fcc_latency([]).kept) == (None, None)
    assert (e_rate(250, long_term=False), e_rate(250, long_term=True)) == (25e6, 250e6)
    assert e_rate(None, long_term=True) is None


def test_each_yardstick_names_its_source_and_what_it_leaves_out():
    for name, one in YARDSTICKS.items():
        assert one.title, name
        assert one.source, name
        assert one.leaves_out or name in ("minimum", "delivered_90"), name


def test_verdicts_err_no_more_than_stated():
    random = Random(5)

    def run(share):
        tests = [
            a_test(80.0 if random.random() < share else 99.0, minute=MARCH.start_minute + d * 1440 + n)
            for d in range(20) for n in range(6)
        ]  # fmt: skip
        return find(tests).verdict

    true_at_target = [run(0.1) for _ in range(40)]
    assert true_at_target.count(Verdict.FAIL) <= 5
    assert true_at_target.count(Verdict.PASS) <= 5
    assert [run(0.25) for _ in range(10)].count(Verdict.FAIL) >= 8


# Six contracts. March 2026 in London has 44 580 minutes: a day has 23 hours.
def worth(contract, text, tickets="", before="0"):
    found = availability(filled(text, MARCH), MARCH, terms(contract), (), None)
    raised = inputs(tickets=tickets).tickets if tickets else ()
    clocks = fault_clocks(found.outages, raised, found.terms)
    return credit(found, clocks, 31, Decimal(before))


TIERS = "availability=99.9% | monthly=95 | credits=below 99.9%: 5%; below 99.5%: 10%; below 99%: 20%"
TICKET = "circuit,reference,raised,closed,pauses\nc1,T1,{raised},{closed},{pauses}\n"


def ticket(raised, closed="", pauses=""):
    return TICKET.format(raised=f"2026-03-01T{raised}Z", closed=closed, pauses=pauses)


def test_contract_1_the_lowest_tier_that_was_reached():
    # 300 of 44 580: 99.3271 %
    found = worth(TIERS, "d300")
    assert found.pounds == Decimal("9.50")
    assert found.workings[0].words == "availability 99.3271 % is below 99.5 %: 10 % of the charge"
    assert found.clause == "Order 1, 4"
    assert worth(TIERS, "d44").pounds == 0, "44 minutes: 99.9013 %"
    assert worth(TIERS, "d45").pounds == Decimal("4.75")


def test_contract_2_a_days_charge_for_each_hour_over_the_fix_time():
    contract = "monthly=310 | fix=5h | credits=per hour over fix: one day | cap=27.5% of quarter"
    # 20 h, ticket after half an hour: 19.5 h - 5 h, 15 hours begun; 310 x 12 / 365 = 10.1918
    found = worth(contract, "d1200", ticket("00:30"))
    assert (found.pounds, found.cap) == (Decimal("152.88"), Decimal("255.75"))
    assert worth(contract, "d1200", ticket("00:30"), before="200").pounds == Decimal("55.75")
    assert worth(contract, "d1200").pounds == 0, "nobody raised a ticket: the contract's clock never started"


def test_contract_3_tier_and_missed_fix_times_are_added():
    contract = (
        "availability=99.9% | monthly=200 | fix=4h | fix_clock=detection | combine=sum"
        " | credits=below 99.9%: 5%; per missed fix: £50"
    )
    # 650 minutes down: 98.54 %, so 10.00; of 300, 240 and 110 minutes one is over four hours
    found = worth(contract, "d300 u9 d240 u9 d110")
    assert [one.pounds for one in found.workings] == [Decimal("10.00"), Decimal("50.00")]
    assert found.pounds == Decimal("60.00")


def test_contract_4_percentage_points_in_proportion():
    # 0.999 - 44 280 / 44 580 = 0.572948 points, 2 % of 95 each: 1.0886
    found = worth("availability=99.9% | monthly=95 | credits=per point: 2%", "d300")
    assert found.pounds == Decimal("1.09")


def test_contract_5_the_clock_stands_while_the_supplier_waits():
    contract = "monthly=120 | fix=2h | clock_stops=customer_access | credits=per missed fix: 10%"
    waits = "; ".join(
        f"customer_access 2026-03-01T{t}Z" for t in ("01:00Z/2026-03-01T02:00", "01:40Z/2026-03-01T02:20")
    )
    # 200 minutes, ticket after 10: 190, less 80 (the overlap counts once): 110 are within two hours
    assert worth(contract, "d200", ticket("00:10", pauses=waits)).pounds == 0
    assert (
        worth(contract, "d200", ticket("00:10", pauses=waits.replace("customer_access", "lunch"))).pounds
        == 12
    )


def test_contract_6_pounds_per_hour_with_a_cap_of_the_month():
    contract = (
        "availability=99.9% | monthly=100 | fix=1h | fix_clock=detection | combine=sum | cap=£60 of month"
        " | credits=per hour over fix: £25; below 99.9%: 5%"
    )
    assert worth(contract, "d150").pounds == Decimal("55.00"), "90 minutes over: two hours begun, and 5.00"
    assert worth(contract, "d200").pounds == Decimal("60.00"), "75 and 5, capped"


def test_a_contract_without_credits_or_charge_has_none():
    assert worth("availability=99.9%", "d900") is None
    assert worth(TIERS, f"?{44_580}").pounds is None, "nothing is known: not nothing due"


def test_both_clocks_are_told():
    contract = terms("monthly=120 | fix=2h | credits=per missed fix: 10%")
    found = availability(filled("d200 p10 d40 u99 p50", MARCH), MARCH, contract, (), None)
    raised = inputs(tickets=ticket("00:10", "2026-03-01T05:00Z")).tickets
    (clock,) = fault_clocks(found.outages, raised, contract)
    assert (clock.by_detection, clock.by_ticket, clock.by_supplier) == (250, 240, 290)
    assert (clock.stopped, clock.counts) == (10, 230), "ten minutes of it were the site's own power"


def test_a_fault_over_midnight_has_one_fix_time():
    contract = terms("monthly=310 | fix=5h | fix_clock=detection | credits=per hour over fix: one day")
    first, second = (Days(date(2026, 3, d), date(2026, 3, d), "Europe/London") for d in (2, 3))
    whole = strip("u1200 d500 u1180", first.start_minute)
    found = [availability(whole, day, contract, (), None) for day in (first, second)]
    clocks = [fault_clocks(one.outages, (), contract) for one in found]
    assert [[clock.counts for clock in some] for some in clocks] == [[500], []]
    # 500 minutes are 8 h 20 min, four hours begun over five: four days of 310 x 12 / 365
    assert credit(found[0], clocks[0], 31).pounds == Decimal("40.77")


def test_a_month_with_two_contracts_pays_by_each_for_its_days():
    contracts = (
        "circuit,from,document,clause,availability,monthly,credits\n"
        "c1,2026-01-01,Order 1,4,99.9%,95,below 99.9%: 5%\n"
        "c1,2026-03-16,Variation 1,2,99.95%,120,below 99.95%: 10%\n"
    )
    text = f"d60 u{15 * 1440 - 60} d60"
    parts = by_contract(filled(text, MARCH), MARCH, inputs(contracts=contracts).contracts, "c1", (), None)
    found = [credit(part, (), 31) for part in parts]
    assert [one.pounds for one in found] == [
        Decimal("2.30"),
        Decimal("6.19"),
    ]  # 95 x 15/31 x 5 %, 120 x 16/31 x 10 %
    assert [one.clause for one in found] == ["Order 1, 4", "Variation 1, 2"]


CLAIMS = (
    "circuit,period,claimed_on,claimed,received_on,received,reference\n"
    "c1,2026-01,2026-02-10,9.50,2026-03-01,9.00,R1\n"
    "c1,2026-02,2026-03-02,4.75,,,R2\n"
    "c9,2025-06,2025-07-01,5.00,,,R3\n"
)


def test_the_ledger_says_where_each_month_stands():
    months = [
        Possible("c1", "2025-12", Decimal("4.75"), date(2025, 12, 31), 30),
        Possible("c1", "2026-01", Decimal("9.50"), date(2026, 1, 31), 30),
        Possible("c1", "2026-02", Decimal("4.75"), date(2026, 2, 28), 30),
        Possible("c1", "2026-03", Decimal("2.00"), date(2026, 3, 31), 30),
        Possible("c1", "2026-04", Decimal(0), date(2026, 4, 30), 30),
        Possible("c1", "2026-05", None, date(2026, 5, 31), 30),
        Possible("c1", "2026-06", Decimal("1.00"), date(2026, 6, 30), None),
    ]
    entries = ledger(months, inputs(claims=CLAIMS).claims, date(2026, 4, 30))
    assert [(one.period, one.standing) for one in entries if one.circuit == "c1"] == [
        ("2025-12", Standing.TIME_BARRED),
        ("2026-01", Standing.RECEIVED),
        ("2026-02", Standing.CLAIMED),
        ("2026-03", Standing.CLAIMABLE),  # the last day
        ("2026-04", Standing.NOTHING),
        ("2026-05", Standing.NOT_KNOWN),
        ("2026-06", Standing.CLAIMABLE),
    ]
    assert entries[-1].possible is None, "a claim for a month that was never judged"
    assert totals(entries)[Standing.RECEIVED] == Decimal("9.00")
    assert totals(entries)[Standing.CLAIMED] == Decimal("9.75")
    assert recovered(entries) == Fraction(9) / Fraction(22)
    assert recovered([]) is None


def test_notice_comes_before_the_end_and_the_decision_before_that():
    contract = "term_end=2027-03-31 | notice_days=90 | technology={} | auto_renews=yes | renew_months=12"
    found = notice(terms(contract.format("fttp")), date(2026, 6, 1))
    assert (found.deadline, found.decide_by) == (date(2026, 12, 31), date(2026, 10, 2))
    assert (found.urgency, found.days_left) == (Urgency.GREEN, 213)
    assert notice(terms(contract.format("leased")), date(2026, 6, 1)).decide_by == date(2026, 7, 4)
    assert notice(terms(contract.format("fttp")), date(2026, 7, 10)).urgency is Urgency.AMBER
    assert notice(terms(contract.format("fttp")), date(2027, 1, 10)).urgency is Urgency.RED
    renewed = notice(terms(contract.format("fttp")), date(2027, 4, 1))
    assert (renewed.ends, renewed.renewals, renewed.urgency) == (date(2028, 3, 31), 1, Urgency.GREEN)
    assert notice(terms("notice_days=90"), date(2026, 1, 1)).urgency is Urgency.NOT_KNOWN


def test_the_end_of_a_month_stays_one():
    assert months_after(date(2025, 2, 28), 36) == date(2028, 2, 29)
    assert months_after(date(2026, 1, 30), 1) == date(2026, 2, 28)
    assert months_after(date(2026, 3, 14), 12) == date(2027, 3, 14)


def test_a_megabit_has_three_prices():
    contract = terms(
        "down=550Mbit/s | monthly=95 | managed=12 | one_off=360 | term_start=2024-04-01 | term_end=2027-03-31"
    )
    found = price(contract, 400e6, 55e6)
    assert found.monthly == Decimal(117)
    assert found.contracted == pytest.approx(117 / 550)
    assert found.delivered == pytest.approx(0.2925)
    assert found.used == pytest.approx(117 / 55)
    unknown = price(terms("down=550Mbit/s | monthly=95 | one_off=0"), None, None)
    assert (unknown.monthly, unknown.contracted, unknown.delivered) == (None, None, None)


def test_grades():
    good = Fraction(99, 100)
    assert grade(good, good, enough=True) is Grade.A
    assert grade(good, None, enough=True) is Grade.B, "who does not know the clock cannot claim"
    assert grade(good, good, enough=False) is Grade.B
    assert grade(Fraction(8, 10), good, enough=True) is Grade.C
    assert grade(None, good, enough=True) is Grade.D
