"""What a contract gives back, as its row says it: "below 99.9%: 5%; per hour over fix: one day"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import PlainValidator

from netmon.evidence.inputs.cells import percent, pounds

_EXAMPLE = 'such as "below 99.9%: 5%", "per hour over fix: one day", "per missed fix: £50" or "per point: 5%"'


class Basis(StrEnum):
    """What an amount is measured in."""

    SHARE = "share"
    """Percent of the monthly charge."""
    POUNDS = "pounds"
    DAYS = "days"
    """Days of the charge: twelve months of it by 365."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So many percent of the monthly charge, pounds, or days of the charge."""

    basis: Basis
    number: Decimal


@dataclass(frozen=True, slots=True)
class Tier:
    """An amount once availability is below a percentage."""

    below_percent: Decimal
    amount: Amount


@dataclass(frozen=True, slots=True)
class Schemes:
    """All that a contract gives back. Of several tiers, the lowest that was reached counts."""

    tiers: tuple[Tier, ...] = ()
    per_hour_over_fix: Amount | None = None
    """For each hour begun by which a fault lasts longer than the fix time."""
    per_missed_fix: Amount | None = None
    per_point: Amount | None = None
    """For each percentage point by which availability is below its target, parts of one in proportion."""


class CapPeriod(StrEnum):
    """Over what a cap is counted."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is given back for a period; a share is of that period's charge."""

    amount: Amount
    period: CapPeriod


def parse_schemes(text: object) -> Schemes:
    """Return what a cell promises; ValueError names the part that is wrong."""
    tiers: list[Tier] = []
    others: dict[str, Amount] = {}
    for part in str(text).split(";"):
        name, colon, told = (piece.strip() for piece in part.partition(":"))
        if not colon:
            raise ValueError(f"{part.strip()!r} is no scheme, {_EXAMPLE}")
        amount = parse_amount(told)
        if name.startswith("below "):
            tiers.append(Tier(percent(name.removeprefix("below ")), amount))
        elif name in _NAMES and _NAMES[name] not in others:
            others[_NAMES[name]] = amount
        else:
            raise ValueError(f"{name!r} is not a scheme, or is there twice, {_EXAMPLE}")
    if len({tier.below_percent for tier in tiers}) < len(tiers):
        raise ValueError("two tiers begin at the same percentage")
    ordered = tuple(sorted(tiers, key=lambda tier: tier.below_percent, reverse=True))
    return Schemes(
        ordered, others.get("per_hour_over_fix"), others.get("per_missed_fix"), others.get("per_point")
    )


_NAMES: Mapping[str, str] = {
    "per hour over fix": "per_hour_over_fix",
    "per missed fix": "per_missed_fix",
    "per point": "per_point",
}
_DAYS = re.compile(r"(one|[0-9]{1,3}) days?")
_KINDS: tuple[tuple[Callable[[str], bool], Basis, Callable[[str], Decimal]], ...] = (
    (lambda text: text.endswith("%"), Basis.SHARE, percent),
    (lambda text: text.startswith("£"), Basis.POUNDS, pounds),
)


def parse_amount(text: str) -> Amount:
    """Return "5%", "£50" or "one day"."""
    for applies, basis, parse in _KINDS:
        if applies(text):
            return Amount(basis, parse(text))
    match = _DAYS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an amount such as 5% (of the monthly charge), £50 or one day")
    return Amount(Basis.DAYS, Decimal(1) if match[1] == "one" else Decimal(match[1]))


def parse_cap(text: object) -> Cap:
    """Return "27.5% of quarter" or "£500 of month"."""
    told, of, period = (piece.strip() for piece in str(text).partition(" of "))
    if not of or period not in set(CapPeriod):
        raise ValueError(f'{text!r} is not a cap such as "27.5% of quarter" (month, quarter or year)')
    return Cap(parse_amount(told), CapPeriod(period))


SchemesText = Annotated[Schemes, PlainValidator(parse_schemes)]
CapText = Annotated[Cap, PlainValidator(parse_cap)]
