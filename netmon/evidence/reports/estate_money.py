"""Money over the estate: credits by where they stand, prices by what is bought, contracts by their ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from netmon.evidence.claim_ledger import Entry, Standing, ledger, recovered, totals
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.occasions import Claim
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.notice import Notice, Urgency, notice
from netmon.evidence.price import Price, price
from netmon.evidence.reports import estate_figures as told
from netmon.evidence.reports.estate_money_rows import ClaimRow, ContractRow, PriceRow, QuarterRow, StandingRow
from netmon.evidence.reports.estate_record import LineRecord, SiteRecord
from netmon.evidence.reports.figure import Figure, Unit, figure, on, pounds

_SUBJECT = "possible credit, subject to contract"
_POSSIBLE = frozenset({Standing.CLAIMABLE, Standing.TIME_BARRED})


@dataclass(frozen=True, slots=True)
class Held:
    """The terms of one circuit on the period's last day, whether it was measured or not."""

    circuit: str
    terms: Terms
    price: Price
    dates: Notice

    @property
    def monthly(self) -> Figure:
        """What a month costs."""
        return pounds(self.price.monthly, "" if self.price.monthly is not None else told.NOT_KNOWN)


def held(inputs: Inputs, records: Mapping[str, LineRecord], last: date, as_of: date) -> list[Held]:
    """Return all contracts that hold on the last day: what is paid for, and not only what is measured."""
    found = []
    for circuit in inputs.contracts.circuits:
        terms = inputs.contracts.on(circuit, last)
        if terms is not None:
            record = records.get(circuit)
            paid = record.price if record is not None and record.price else price(terms, None, None)
            found.append(Held(circuit, terms, paid, notice(terms, as_of)))
    return sorted(found, key=lambda one: one.circuit)


def prices(contracts: Iterable[Held]) -> list[PriceRow]:
    """Return medians by product and technology, so that like is compared with like."""
    groups: dict[tuple[str, str], list[Price]] = {}
    for one in contracts:
        kind = one.terms.product or told.NOT_KNOWN, one.terms.technology or told.NOT_KNOWN
        groups.setdefault(kind, []).append(one.price)
    each = Unit.POUNDS_PER_MEGABIT
    return [
        PriceRow(
            *kind,
            told.count(len(some)),
            told.middle((None if one.monthly is None else float(one.monthly) for one in some), Unit.POUNDS),
            told.middle((one.contracted for one in some), each),
            told.middle((one.delivered for one in some), each),
            told.middle((one.used for one in some), each),
        )
        for kind, some in sorted(groups.items())
    ]


def quarters(contracts: Iterable[Held]) -> list[QuarterRow]:
    """Return how many contracts end in which quarter, in order; those without a known end come last."""
    groups: dict[str, list[Held]] = {}
    for one in contracts:
        groups.setdefault(_quarter(one.dates.ends), []).append(one)
    return [
        QuarterRow(
            name,
            told.count(len(some)),
            told.added((one.price.monthly for one in some), Unit.POUNDS, "contracts"),
            told.count(sum(one.dates.urgency is Urgency.RED for one in some), len(some)),
            told.count(sum(one.dates.urgency is Urgency.AMBER for one in some), len(some)),
        )
        for name, some in sorted(groups.items())
    ]


def _quarter(day: date | None) -> str:
    return told.NOT_KNOWN if day is None else f"{day.year} Q{(day.month + 2) // 3}"


def contract_rows(contracts: Iterable[Held]) -> list[ContractRow]:
    """Return each contract's dates, the most urgent first; those of which they are not known come last."""
    ordered = sorted(
        contracts,
        key=lambda one: (one.dates.days_left is None, one.dates.days_left or 0, one.circuit),
    )
    return [
        ContractRow(
            one.circuit,
            one.terms.site,
            one.terms.supplier or None,
            one.terms.product or None,
            one.terms.technology,
            f"{one.terms.document}, {one.terms.clause}",
            one.monthly,
            on(one.dates.ends, f"renewed {one.dates.renewals} times" if one.dates.renewals else ""),
            on(one.dates.deadline),
            on(one.dates.decide_by),
            Figure(one.dates.days_left, Unit.DAYS),
            one.dates.urgency,
        )
        for one in ordered
    ]


@dataclass(frozen=True, slots=True)
class Credits:
    """The ledger of all circuits, its sums, and the share of what was possible that came."""

    rows: tuple[ClaimRow, ...]
    standings: tuple[StandingRow, ...]
    recovered: Figure
    entries: tuple[Entry, ...]


def credits_of(sites: Sequence[SiteRecord], inputs: Inputs, last: date, as_of: date) -> Credits:
    """Return the ledger as it was known on a day: the period's months, and claims for months before."""
    dues = [due for site in sites for line in site.lines for due in line.dues]
    claims = [known for one in inputs.claims if (known := _as_known(one, last, as_of)) is not None]
    entries = ledger((due.possible for due in dues), claims, as_of)
    clauses = {(due.possible.circuit, due.possible.period): due.clause for due in dues}
    rows = tuple(_claim(one, inputs, clauses.get((one.circuit, one.period))) for one in entries)
    share = recovered(entries)
    possible = sum(bool(one.possible) for one in entries)
    note = "of what is known to have been possible" if share is not None else "no credit is known"
    came = figure(share, Unit.SHARE, n=possible, note=note)
    return Credits(rows, tuple(_standings(entries)), came, tuple(entries))


def _as_known(claim: Claim, last: date, as_of: date) -> Claim | None:
    if claim.claimed_on > as_of or claim.period > f"{last:%Y-%m}":
        return None
    if claim.received_on is None or claim.received_on <= as_of:
        return claim
    return claim.model_copy(update={"received": None, "received_on": None})


def _standings(entries: Sequence[Entry]) -> Iterable[StandingRow]:
    sums = totals(entries)
    for standing in Standing:
        some = [one for one in entries if one.standing is standing]
        if some:
            money = None if standing is Standing.NOT_KNOWN else sums.get(standing)
            note = _SUBJECT if standing in _POSSIBLE else ""
            yield StandingRow(standing, pounds(money, note), told.count(len(some), len(entries)))


def _claim(one: Entry, inputs: Inputs, clause: str | None) -> ClaimRow:
    year, month = map(int, one.period.split("-"))
    terms = inputs.contracts.on(one.circuit, date(year, month, 1))
    return ClaimRow(
        one.circuit,
        one.period,
        terms.site if terms else None,
        (terms.supplier or None) if terms else None,
        clause,
        one.standing,
        pounds(one.possible, _SUBJECT),
        pounds(one.claimed, "" if one.references else "nothing was claimed"),
        pounds(one.received, "" if one.references else "nothing was claimed"),
        on(one.bar, "" if one.bar else "no such day is known"),
        one.references,
    )


def spend(contracts: Iterable[Held]) -> Figure:
    """Return what all contracts cost a month, as far as it is known."""
    return told.added((one.price.monthly for one in contracts), Unit.POUNDS, "contracts")
