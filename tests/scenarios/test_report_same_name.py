"""Two sites that call their line the same: a contract that names its site holds at no other one."""

from dataclasses import replace
from datetime import date

import pytest
from fakes.evidence import inputs
from fakes.report_source import DOWN, UP, minute_of

from netmon.errors import UsageError
from netmon.evidence.calendar import month
from netmon.evidence.curve import Curve
from netmon.evidence.inputs.files import read_folder
from netmon.evidence.material import Material
from netmon.evidence.reports.estate import AskedEstate, estate_report
from netmon.evidence.reports.estate_gaps import gaps
from netmon.evidence.reports.model import Kind
from netmon.evidence.reports.site import Asked, site_report
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.strip import Strip
from netmon.evidence.verdicts import Verdict

MARCH, AS_OF = month(2026, 3, "Europe/London"), date(2026, 4, 10)
CONTRACT = (
    "circuit=wan|site=off|supplier=SupplierZ|down=100Mbit/s|up=100Mbit/s|availability=99.9%"
    "|credits=below 99.9%: 10%|monthly=310.00|managed=0.00|one_off=0.00"
    "|term_start=2024-04-01|term_end=2027-03-31"
)


class TwoSites(Source):
    """Both were down for ten hours of March."""

    def lines(self, _days):
        return [Line("off", "wan"), Line("sch", "wan")]

    def material(self, line, days):
        length = days.end_minute - days.start_minute
        codes = bytearray([UP]) * length
        place = minute_of("2026-03-10T08:00") - days.start_minute
        codes[place : place + 600] = bytes([DOWN]) * 600
        blank = Curve(days.start_minute, [None] * length)
        return Material(line.circuit, days, Strip(days.start_minute, bytes(codes)), *[blank] * 5, (), None)

    def close(self):
        pass


@pytest.fixture
def files():
    return inputs(CONTRACT)


@pytest.fixture
def estate(files):
    return estate_report(TwoSites, files, AskedEstate(MARCH.first, MARCH.last, AS_OF, "made up"), 1)


def _part(files, site):
    asked = Asked(Kind.SITE, (Line(site, "wan"),), MARCH, AS_OF, "made up")
    return site_report(TwoSites(), files, asked).circuits[0]


def test_a_site_is_judged_by_its_own_contract_alone(files):
    own, other = (_part(files, site) for site in ("off", "sch"))
    kept = {row.name: row.verdict for row in own.promises}
    assert kept["availability"] is Verdict.FAIL
    assert [one.possible.value for one in own.money.credits] == [31.0]
    assert other.contracts == other.money.credits == other.money.prices == ()
    assert {row.verdict for row in other.promises} == {Verdict.NOT_SHOWN}


def test_terms_that_name_no_site_hold_wherever_the_circuit_is():
    files = inputs(CONTRACT.replace("|site=off", ""))
    assert [len(_part(files, site).contracts) for site in ("off", "sch")] == [1, 1]


def test_the_estate_pays_claims_and_blames_once(estate):
    rows = {row.site: row for row in estate.sites}
    assert (rows["off"].monthly.value, rows["sch"].monthly.value) == (310.0, None)
    assert (rows["off"].available, rows["sch"].available) == (Verdict.FAIL, None)
    assert rows["sch"].ends.value is None
    assert not any(words.startswith("claim") for words in (rows["sch"].action, *rows["sch"].also))
    assert [(row.supplier, row.circuits.value) for row in estate.league] == [
        ("SupplierZ", 1), ("no supplier named", 1),
    ]  # fmt: skip
    assert [(gap.name, gap.words) for gap in estate.gaps if gap.thing == "circuit"] == [
        ("wan", "measured at 2 sites, and judged at 1: give each its own id")
    ]


def test_what_was_written_of_the_other_line_is_left_out(files):
    claimed = replace(files, claims=(_named("wan"), _named("lib-1")))
    claimed = replace(claimed, tickets=(_named("wan"),), exclusions=(_named("wan"),))
    found = claimed.at("sch", "wan")
    assert ([one.circuit for one in found.claims], found.tickets, found.exclusions) == (["lib-1"], (), ())
    assert claimed.at("off", "wan").claims == claimed.claims


def _named(circuit):
    return type("Row", (), {"circuit": circuit})


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="is no folder"):
        read_folder(tmp_path / "centr")


def test_an_upgrade_is_of_its_own_site_and_controls_keep_their_contracts():
    upgrades = (
        "site,circuit,cutover,declared_on,primary,controls,document\n"
        "off,wan,2026-03-15,2026-02-01,rtt,lib-1,Case 7\n"
    )
    files = inputs(CONTRACT, upgrades=upgrades)
    assert [len(_part(files, site).upgrades) for site in ("off", "sch")] == [1, 0]
    # Another circuit's terms stay, whatever site they name: it may be a control.
    assert files.at("sch", "lib-1").contracts.on("wan", MARCH.first) is not None
    assert files.at("sch", "wan").contracts.on("wan", MARCH.first) is None


def test_a_contract_for_a_site_that_nobody_measured_is_told_beside_its_circuit():
    files = inputs(CONTRACT.replace("|site=off", "|site=offf"))
    found = estate_report(TwoSites, files, AskedEstate(MARCH.first, MARCH.last, AS_OF, "made up"), 1)
    assert "measured at 2 sites, and judged at 0: give each its own id" in [gap.words for gap in found.gaps]
    assert [row.available for row in found.sites] == [None, None]
    one = list(gaps([Line("off", "wan")], files, MARCH.first, MARCH.last))
    assert "measured, and contracts.csv has it at another site: it is not judged" in [
        gap.words for gap in one
    ]
