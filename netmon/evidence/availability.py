"""Availability of one circuit under one contract, with all that a report says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from netmon.evidence.account import Account, bounds, take_account
from netmon.evidence.admitted import Ruling, admit, beyond
from netmon.evidence.attribution import alphabet
from netmon.evidence.calendar import MINUTES_OF_DAY, Days, mask, picked, stretch
from netmon.evidence.inputs.book import ContractBook
from netmon.evidence.inputs.occasions import Exclusion
from netmon.evidence.inputs.sites import ClosedRow, SiteRow
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.outages import Outage, outages
from netmon.evidence.people import lost_user_minutes, served
from netmon.evidence.strip import STATES, Strip
from netmon.evidence.verdicts import Verdict

MARGIN_MINUTES = 3 * MINUTES_OF_DAY
"""How far beyond a period outages are followed, where the strip knows more: a fault may last over its end."""
_COARSE_MINUTES = 10
"""A promise that allows less than this in a period cannot be certified from minutes."""


@dataclass(frozen=True, slots=True)
class Availability:
    """What one stretch of days gave, judged by the terms of those days (None: no contract is known).

    `contract` is the account within the contract's hours. `always` and `service` are what people had, in
    all minutes and in service hours: exclusions or not, whoever was at fault. `down_bounds` are the fewest
    and the most minutes that the supplier may answer for.
    """

    days: Days
    terms: Terms | None
    contract: Account
    down_bounds: tuple[int, int]
    service: Account
    always: Account
    outages: tuple[Outage, ...]
    rulings: tuple[Ruling, ...]
    user_minutes_lost: int | None

    @property
    def target(self) -> Fraction | None:
        """The promised share; None: nothing is promised, or not known."""
        if self.terms is None or self.terms.availability is None:
            return None
        return Fraction(self.terms.availability) / 100

    @property
    def verdict(self) -> Verdict:
        """Whether the promise was kept: shown with the edges of outages and unknown minutes in its favour."""
        counted = self.contract.total - self.contract.excluded
        if self.target is None or not counted or self.contract.contract is None:
            return Verdict.NOT_SHOWN
        allowed = (1 - self.target) * counted
        least, most = self.down_bounds
        if least > allowed:
            return Verdict.FAIL
        return Verdict.PASS if most <= allowed and allowed >= _COARSE_MINUTES else Verdict.NOT_SHOWN


def availability(
    strip: Strip,
    days: Days,
    terms: Terms | None,
    exclusions: Iterable[Exclusion],
    site: SiteRow | None,
    closed: Sequence[ClosedRow] = (),
) -> Availability:
    """Take the account of some days under one contract; on days that are closed nobody is served."""
    here, nothing = strip.cut(days.start_minute, days.end_minute), stretch(0, 0, days)
    letters = here.letters(alphabet(terms))
    known = tuple(exclusions)
    admitted = admit(known, terms, days) if terms is not None else None
    excluded = admitted.mask if admitted else nothing
    hours = mask(terms.hours if terms else None, days)
    open_minutes = served(site, closed, days)
    return Availability(
        days,
        terms,
        _contract_account(letters, hours, excluded, terms),
        bounds(letters, hours, excluded),
        _had(here, open_minutes),
        _had(here, mask(None, days)),
        tuple(_outages(strip, days, terms, excluded, known)),
        admitted.rulings if admitted else (),
        lost_user_minutes(here, open_minutes, site.users if site else None),
    )


def by_contract(
    strip: Strip,
    days: Days,
    book: ContractBook,
    circuit: str,
    exclusions: Iterable[Exclusion],
    site: SiteRow | None,
) -> Iterator[Availability]:
    """Yield one account for each stretch of days with the same terms: the past keeps its own contract."""
    known = tuple(exclusions)
    for part in book.stretches(circuit, days.first, days.last):
        yield availability(strip, Days(part.first, part.last, days.timezone), part.terms, known, site)


def _outages(
    strip: Strip, days: Days, terms: Terms | None, excluded: bytes, exclusions: Iterable[Exclusion]
) -> Iterator[Outage]:
    wide = strip.cut(days.start_minute - MARGIN_MINUTES, days.end_minute + MARGIN_MINUTES)
    around = beyond(exclusions, terms, wide.start_minute, wide.end_minute)
    inside = range(MARGIN_MINUTES, MARGIN_MINUTES + len(excluded))
    whole = around[: inside.start] + excluded + around[inside.stop :]
    yield from outages(wide, wide.letters(alphabet(terms)), whole, inside)


def _had(strip: Strip, hours: bytes) -> Account:
    states = picked(strip.letters(STATES), hours)
    return Account(states.count(b"u"), states.count(b"d"), 0, states.count(b"?"), 0)


def _contract_account(letters: bytes, hours: bytes, excluded: bytes, terms: Terms | None) -> Account:
    found = take_account(letters, hours, excluded)
    if terms is None or "customer" not in terms.excludes:
        return found
    # What the customer's own side caused is out of the account where the contract says so.
    return Account(found.up, found.down, 0, found.unknown, found.excluded + found.elsewhere)
