"""Suppliers compared: all minutes of all their circuits, and a place only where enough was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netmon.evidence.account import Account
from netmon.evidence.reports import estate_figures as told
from netmon.evidence.reports.estate_model import LeagueRow
from netmon.evidence.reports.estate_record import SiteRecord, SupplierPart
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.verdicts import Verdict

NO_SUPPLIER = "no supplier named"


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    parts: tuple[SupplierPart, ...]

    @property
    def account(self) -> Account:
        return sum((part.account for part in self.parts), Account())

    @property
    def ranked(self) -> bool:
        """Whether enough was seen, and there is somebody to rank."""
        return bool(self.name) and self.account.printable


def league(sites: Iterable[SiteRecord]) -> list[LeagueRow]:
    """Return the suppliers in order of measured availability; those seen too little come last."""
    parts: dict[str, list[SupplierPart]] = {}
    for site in sites:
        for line in site.lines:
            for part in line.parts:
                parts.setdefault(part.supplier, []).append(part)
    sides = [_Side(name, tuple(some)) for name, some in parts.items()]
    ranked = sorted(
        (side for side in sides if side.ranked), key=lambda side: (-(side.account.measured or 0), side.name)
    )
    others = sorted((side for side in sides if not side.ranked), key=lambda side: (not side.name, side.name))
    places = _places(ranked)
    return [_row(side, places.get(side.name)) for side in (*ranked, *others)]


def _places(ranked: Sequence[_Side]) -> Mapping[str, Figure]:
    """Return each one's place, and those that unknown minutes leave open to it."""
    found = {}
    for place, side in enumerate(ranked, 1):
        own = side.account
        ahead = sum((other.account.worst or 0) > (own.best or 0) for other in ranked)
        near = sum((other.account.best or 0) >= (own.worst or 0) for other in ranked)
        found[side.name] = Figure(place, Unit.COUNT, len(ranked), ahead + 1, max(near, place))
    return found


def _row(side: _Side, place: Figure | None) -> LeagueRow:
    account, parts = side.account, side.parts
    bounds = sum(part.down_bounds[0] for part in parts), sum(part.down_bounds[1] for part in parts)
    nobody = "no supplier is named in a contract" if not side.name else "not ranked: too little was seen"
    known = account.up + account.down
    return LeagueRow(
        side.name or NO_SUPPLIER,
        place or Figure(None, Unit.COUNT, note=nobody),
        told.count(len(parts)),
        told.availability(account),
        told.minutes(account.down, known, bounds, account.coverage),
        told.count(sum(part.outages for part in parts))
        if known
        else Figure(None, Unit.COUNT, note=told.NOT_KNOWN),
        _longest(parts, known),
        _share([part.kept for part in parts], "circuit with a promise is shown either way"),
        _share([part.delivered for part in parts], "circuit is shown either way"),
    )


def _longest(parts: Sequence[SupplierPart], known: int) -> Figure:
    longest = max(part.longest for part in parts)
    if not known or not longest:
        return Figure(None, Unit.MINUTES, note="there was none" if known else told.NOT_KNOWN)
    return Figure(longest, Unit.MINUTES)


def _share(verdicts: Iterable[Verdict | None], what: str) -> Figure:
    shown = [one for one in verdicts if one in {Verdict.PASS, Verdict.FAIL}]
    return told.of_those(shown.count(Verdict.PASS), len(shown), what)
