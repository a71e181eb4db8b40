"""The ledger of claims: what may be claimed until when, what was, what came, and what lapsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from netmon.evidence.inputs.occasions import Claim


class Standing(StrEnum):
    """Where a claim stands."""

    NOT_KNOWN = "not known"
    """The figures do not tell whether anything is due."""
    NOTHING = "nothing due"
    CLAIMABLE = "claimable"
    CLAIMED = "claimed"
    RECEIVED = "received"
    TIME_BARRED = "time-barred"


@dataclass(frozen=True, slots=True)
class Possible:
    """What may be claimed for a month of a circuit; `pounds` None: the figures do not tell.

    `ends` is the last day of the period from which the time to claim runs; None days: no such limit is known.
    """

    circuit: str
    period: str
    pounds: Decimal | None
    ends: date
    claim_within_days: int | None

    @property
    def bar(self) -> date | None:
        """The last day to claim."""
        return None if self.claim_within_days is None else self.ends + timedelta(days=self.claim_within_days)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. Money that is not known is None."""

    circuit: str
    period: str
    standing: Standing
    possible: Decimal | None
    claimed: Decimal | None
    received: Decimal | None
    bar: date | None
    references: tuple[str, ...]


def ledger(possible: Iterable[Possible], claims: Iterable[Claim], today: date) -> list[Entry]:
    """Return the ledger in order of circuit and month; claims for months that were not judged included."""
    made: dict[tuple[str, str], list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: (one.claimed_on, one.reference)):
        made.setdefault((claim.circuit, claim.period), []).append(claim)
    judged = {(one.circuit, one.period): one for one in possible}
    keys = sorted(judged.keys() | made.keys())
    return [_entry(*key, judged.get(key), made.get(key, []), today) for key in keys]


def _entry(circuit: str, period: str, possible: Possible | None, claims: list[Claim], today: date) -> Entry:
    money = possible.pounds if possible else None
    bar = possible.bar if possible else None
    got = [claim.received for claim in claims if claim.received is not None]
    return Entry(
        circuit,
        period,
        _standing(money, bar, len(claims), len(got), today),
        money,
        sum((claim.claimed for claim in claims), Decimal(0)) if claims else None,
        sum(got, Decimal(0)) if got else None,
        bar,
        tuple(claim.reference for claim in claims),
    )


def _standing(money: Decimal | None, bar: date | None, claims: int, answered: int, today: date) -> Standing:
    if claims:
        return Standing.RECEIVED if answered == claims else Standing.CLAIMED
    if money is None:
        return Standing.NOT_KNOWN
    if not money:
        return Standing.NOTHING
    return Standing.TIME_BARRED if bar is not None and today > bar else Standing.CLAIMABLE


def totals(entries: Iterable[Entry]) -> Mapping[Standing, Decimal]:
    """Return pounds by standing: what came, what was asked for, and what else was possible."""
    found: dict[Standing, Decimal] = {}
    for one in entries:
        money = {Standing.RECEIVED: one.received, Standing.CLAIMED: one.claimed}.get(
            one.standing, one.possible
        )
        if money is not None:
            found[one.standing] = found.get(one.standing, Decimal(0)) + money
    return found


def recovered(entries: Iterable[Entry]) -> Fraction | None:
    """Return the share of all that was possible that came; None when nothing was, or it is not known."""
    known = [one for one in entries if one.possible]
    possible = sum((one.possible or Decimal(0) for one in known), Decimal(0))
    got = sum((one.received or Decimal(0) for one in known), Decimal(0))
    return Fraction(got) / Fraction(possible) if possible else None
