"""Minutes of a circuit as its report tells them, and what people had of all circuits together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from netmon.evidence.account import Account
from netmon.evidence.attribution import Attribution
from netmon.evidence.availability import Availability, availability
from netmon.evidence.calendar import both, either, without
from netmon.evidence.reports.figure import Figure, Unit, figure
from netmon.evidence.reports.ground import Ground
from netmon.evidence.reports.model import Together
from netmon.evidence.reports.parts import Availability as Row
from netmon.evidence.reports.promises import FEW
from netmon.evidence.strip import NOBODY_TOLD, STATES, Kind, Strip
from netmon.model import Fault, SlotState

NO_USERS = "how many people are there is not known"
NO_HOURS = "nobody is served in these days"
NOTHING_SEEN = "not one minute is known"
BLAMELESS = "some of them down, with nobody proven to answer for it"
OWN_SIDE = "what the site's own side caused is among them"
_CUSTOMER = (Attribution.POWER, Attribution.COUNCIL_LAN)
_UP, _DOWN = Kind(SlotState.UP, Fault.NONE), Kind(SlotState.DOWN, Fault.UNKNOWN)


def availability_row(part: Availability, ground: Ground) -> Row:
    """Return the minutes of a stretch; percentages are left out where too little is known."""
    account, printable = part.contract, part.contract.printable
    seen = account.up + account.down + account.elsewhere
    return Row(
        part.days.first,
        part.days.last,
        _minutes(account.up, seen),
        replace(_minutes(account.down, seen), low=part.down_bounds[0], high=part.down_bounds[1]),
        _minutes(account.elsewhere, seen),
        figure(account.unknown, Unit.MINUTES, note=BLAMELESS if _blameless(part) else ""),
        figure(account.excluded, Unit.MINUTES, note=OWN_SIDE if _own_side(part) else ""),
        _measured(account),
        figure(
            account.contract if printable else None,
            Unit.SHARE,
            note="unknown minutes count as available, as contracts have it" if printable else FEW,
        ),
        _measured(part.service),
        _lost(part, ground),
    )


def _blameless(part: Availability) -> bool:
    return any(one.minutes_of(Attribution.UNKNOWN) for one in part.outages)


def _own_side(part: Availability) -> bool:
    """Tell whether outages are excluded because of who answers for them, and not by agreement alone."""
    own = part.terms is not None and "customer" in part.terms.excludes
    return own and any(one.minutes_of(who) for one in part.outages for who in _CUSTOMER)


def together(grounds: Sequence[Ground]) -> Together | None:
    """Return what people had: up where one circuit was, down where all were; None with one circuit."""
    if len(grounds) < 2:
        return None
    first = grounds[0]
    days, site = first.days, first.site
    joined = _joined([one.material.strip.cut(days.start_minute, days.end_minute) for one in grounds])
    found = availability(joined, days, None, (), site, first.inputs.closed)
    return Together(
        _minutes(found.always.down, found.always.up + found.always.down),
        figure(found.always.unknown, Unit.MINUTES),
        _measured(found.always),
        _measured(found.service),
        _lost(found, first),
    )


def _measured(account: Account) -> Figure:
    worst, best = account.worst, account.best
    few = FEW if account.total else NO_HOURS
    return figure(
        account.measured if account.printable else None,
        Unit.SHARE,
        n=account.up + account.down,
        between=None if worst is None or best is None else (float(worst), float(best)),
        coverage=account.coverage,
        note="" if account.printable else few,
    )


def _minutes(minutes: int, seen: int) -> Figure:
    """Return counted minutes; where none was seen at all there is nothing to count."""
    return figure(minutes if seen else None, Unit.MINUTES, note="" if seen else NOTHING_SEEN)


def _lost(part: Availability, ground: Ground) -> Figure:
    users, seen = ground.site.users if ground.site else None, part.service.up + part.service.down
    if users is None or not seen:
        nothing = NOTHING_SEEN if part.service.total else NO_HOURS
        return Figure(None, Unit.USER_MINUTES, note=NO_USERS if users is None else nothing)
    lost, most = part.user_minutes_lost, (part.service.down + part.service.unknown) * users
    return figure(
        lost,
        Unit.USER_MINUTES,
        between=None if lost is None else (lost, most),
        coverage=part.service.coverage,
        note=f"{users} people in service hours",
    )


def _joined(strips: Sequence[Strip]) -> Strip:
    letters = [one.letters(STATES) for one in strips]
    up = reduce(either, [_where(one, b"u") for one in letters])
    down = without(reduce(both, [_where(one, b"d") for one in letters]), up)
    kinds = bytes.maketrans(b"\0\1\2", bytes([NOBODY_TOLD.code, _UP.code, _DOWN.code]))
    codes = bytes(one + 2 * other for one, other in zip(up, down, strict=True))
    return Strip(strips[0].start_minute, codes.translate(kinds))


def _where(letters: bytes, wanted: bytes) -> bytes:
    return letters.translate(bytes(code in wanted for code in range(256)))
