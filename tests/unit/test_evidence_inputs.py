"""The centre's files: what they mean, and every mistake of all of them at once."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.errors import ConfigError
from netmon.evidence.inputs.book import read_contracts
from netmon.evidence.inputs.cells import ALWAYS
from netmon.evidence.inputs.files import read_folder, read_texts
from netmon.evidence.inputs.schemes import Amount, Basis, CapPeriod, Tier, parse_cap, parse_schemes
from netmon.evidence.inputs.table import read_table
from netmon.evidence.inputs.terms import Terms

CONTRACTS = """\
circuit,from,to,document,clause,down,up,availability,monthly,credits,combine,cap
lib-1,2026-01-01,,Order 17,4.2,100Mbit/s,20Mbit/s,99.9%,95.00,below 99.9%: 5%; below 99.5%: 10%,max,
lib-1,2026-03-16,,Variation 2,1,550Mbit/s,75Mbit/s,99.95%,£120.00,below 99.95%: 10%,max,50% of month
lib-2,2026-01-01,2026-02-28,Order 18,4.2,,,,,,,
"""


def contracts(text=CONTRACTS):
    return read_texts({"contracts": text}).contracts


def test_each_day_has_the_terms_that_held_on_it():
    book = contracts()
    assert book.on("lib-1", date(2026, 3, 15)).down == 100_000_000
    assert book.on("lib-1", date(2026, 3, 16)).down == 550_000_000
    assert book.on("lib-1", date(2025, 12, 31)) is None
    assert book.on("lib-2", date(2026, 3, 1)) is None, "it ended with February"


def test_a_month_is_cut_where_the_terms_change():
    found = list(contracts().stretches("lib-1", date(2026, 3, 1), date(2026, 3, 31)))
    assert [(s.first.day, s.last.day, s.terms.document) for s in found] == [
        (1, 15, "Order 17"), (16, 31, "Variation 2"),
    ]  # fmt: skip


def test_days_without_a_contract_are_a_stretch_of_their_own():
    found = list(contracts().stretches("lib-2", date(2026, 2, 1), date(2026, 3, 31)))
    assert [(s.first, s.terms is None) for s in found] == [
        (date(2026, 2, 1), False), (date(2026, 3, 1), True),
    ]  # fmt: skip


def test_an_empty_cell_is_not_known_and_never_nothing():
    terms = contracts().on("lib-2", date(2026, 1, 1))
    assert (terms.down, terms.availability, terms.monthly, terms.claim_within_days) == (None,) * 4
    assert terms.hours == ALWAYS


def test_percentages_and_money_stay_exactly_as_written():
    terms = contracts().on("lib-1", date(2026, 1, 1))
    assert terms.availability == Decimal("99.9")
    assert terms.monthly == Decimal("95.00")


def test_credits_are_read_from_their_own_words():
    found = parse_schemes("below 99.5%: 10%; below 99.9%: £5; per hour over fix: one day; per point: 2%")
    assert found.tiers == (
        Tier(Decimal("99.9"), Amount(Basis.POUNDS, Decimal(5))),
        Tier(Decimal("99.5"), Amount(Basis.SHARE, Decimal(10))),
    )
    assert found.per_hour_over_fix == Amount(Basis.DAYS, Decimal(1))
    assert found.per_point == Amount(Basis.SHARE, Decimal(2))
    assert parse_cap("27.5% of quarter").period is CapPeriod.QUARTER


@pytest.mark.parametrize(
    "text",
    ["", "5%", "below: 5%", "below 99.9%: five", "per hour: 1%", "below 101%: 5%", "per point: 1 year"],
)
def test_credits_that_are_no_scheme_are_refused_in_words(text):
    with pytest.raises(ValueError, match="such as"):
        parse_schemes(text)


WRONG = {
    "contracts": """\
circuit,from,document,clause,down,availability,credits,monthly,hours
lib-1,2026-01-01,Order,4,100mbps,99.9%,below 99.9%: 5%,,24x7
lib 2,01/02/2026,Order,,100Mbit/s,199%,,,Mon 9-5
lib-1,2026-01-01,Order,4,,,,,
lib-3,2026-01-01,"Order, 2",4,,,
""",
    "sites": "site,timezone,user\na,Europe/Londn,5\n",
    "upgrades": "site,circuit,cutover,declared_on,primary,document\na,lib-1,2026-05-01,2026-06-01,rttt,P 4\n",
    "tickets": "circuit,reference,raised\nlib-1,T1,2026-03-01T10:00\n",
}


def test_every_mistake_of_every_file_comes_at_once_with_line_and_remedy():
    with pytest.raises(ConfigError) as caught:
        read_texts(WRONG)
    told = "\n".join(map(str, caught.value.mistakes))
    for expected in (
        "contracts.csv: line 2, column \"down\": 'mbps' is not a unit here",
        "did you mean 'Mbit/s'",
        'contracts.csv: line 3, column "circuit":',
        "contracts.csv: line 3, column \"from\": '01/02/2026' is not a day such as 2026-04-01",
        'contracts.csv: line 3, column "clause": is missing; place in it',
        "contracts.csv: line 3, column \"availability\": '199%' is not a percentage",
        'contracts.csv: line 3, column "hours":',
        "contracts.csv: line 5: has 7 cells, the first line names 9 columns",
        'sites.csv: line 1: unknown column "user"; did you mean "users"?',
        'upgrades.csv: line 2, column "primary": unknown outcome "rttt"; did you mean "rtt"?',
        'tickets.csv: line 2, column "raised":',
    ):
        assert expected in told, told


def test_money_that_credits_need_is_missed_in_words():
    text = CONTRACTS.replace("95.00", "").replace(
        "lib-2,2026-01-01,2026-02-28", "lib-2,2026-03-01,2026-02-28"
    )
    with pytest.raises(ConfigError) as caught:
        contracts(text)
    assert [str(m) for m in caught.value.mistakes] == [
        'contracts.csv: line 2, column "monthly": is missing: credits are shares of it; such as 95.00',
        'contracts.csv: line 4, column "to": is before from; the last day comes after the first',
    ]


def test_two_terms_for_one_day_are_a_mistake():
    both = read_contracts("c.csv", CONTRACTS + "lib-1,2026-03-16,,Order 99,1,,,,,,,\n")
    assert "lib-1 has other terms from the same day on line 3" in str(both.mistakes[0])
    late = read_contracts("c.csv", CONTRACTS + "lib-2,2026-02-20,,Order 99,1,,,,,,,\n")
    assert "still has the terms of line 4" in str(late.mistakes[0])


def test_a_circuit_that_has_no_contract_is_a_typing_error_elsewhere():
    tickets = "circuit,reference,raised\nlib-l,T1,2026-03-01T10:00Z\n"
    with pytest.raises(ConfigError, match='unknown circuit "lib-l"; did you mean "lib-'):
        read_texts({"contracts": CONTRACTS, "tickets": tickets})


def test_a_folder_may_lack_files_and_what_a_spreadsheet_saves_is_read(tmp_path):
    (tmp_path / "contracts.csv").write_bytes(b"\xef\xbb\xbf" + CONTRACTS.replace("\n", "\r\n").encode())
    assert read_folder(tmp_path).contracts.circuits == ("lib-1", "lib-2")
    (tmp_path / "claims.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"claims.csv: file: cannot be read"):
        read_folder(tmp_path)


@settings(max_examples=40)
@given(st.text(max_size=300))
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(text):
    table = read_table("x.csv", text, Terms)
    assert table.mistakes or not table.lines


def test_a_claim_or_an_upgrade_that_is_pasted_twice_does_not_count_twice():
    claim = "lib-1,2026-02,2026-03-04,10.00,CL-1\n"
    upgrade = "lib,lib-1,2026-03-16,2026-01-05,rtt,Plan 3\n"
    files = {
        "contracts": CONTRACTS,
        "claims": "circuit,period,claimed_on,claimed,reference\n" + 2 * claim,
        "upgrades": "site,circuit,cutover,declared_on,primary,document\n" + 2 * upgrade,
    }
    with pytest.raises(ConfigError) as error:
        read_texts(files)
    assert [(one.file, one.problem) for one in error.value.mistakes] == [
        ("claims.csv", "CL-1 of lib-1 for 2026-02 is on line 2 already"),
        ("upgrades.csv", "lib-1 on 2026-03-16 is on line 2 already"),
    ]


@pytest.mark.parametrize(
    "spelling", ["20260316", "2026-W12-1", "2026-3-16", "2026-02-29", "2026-03-16T00:00Z"]
)
def test_a_day_has_one_spelling(spelling):
    with pytest.raises(ConfigError, match="is not a day such as 2026-04-01"):
        contracts(CONTRACTS.replace("2026-03-16", spelling))


def test_a_ticket_is_not_closed_before_it_is_raised_nor_more_guaranteed_than_bought():
    files = {
        "contracts": "circuit,from,document,clause,down,minimum_down\nc1,2026-01-01,O,1,100Mbit/s,1Gbit/s\n",
        "tickets": "circuit,reference,raised,closed\nc1,T1,2026-03-01T09:00Z,2026-03-01T08:00Z\n",
    }
    with pytest.raises(ConfigError) as error:
        read_texts(files)
    assert [(one.path, one.problem) for one in error.value.mistakes] == [
        ('line 2, column "minimum_down"', "is above the contracted rate"),
        ('line 2, column "closed"', "is before raised"),
    ]
