"""Which exclusions a contract admits, and the minutes that they take out of its account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netmon.evidence.calendar import Days, either, stretch, without
from netmon.evidence.inputs.occasions import Exclusion
from netmon.evidence.inputs.terms import Terms

_MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ruling:
    """One exclusion: the minutes that it alone took out, and why not more."""

    exclusion: Exclusion
    minutes: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """All minutes that do not count, and how it came to each."""

    mask: bytes
    rulings: tuple[Ruling, ...]


def admit(exclusions: Iterable[Exclusion], terms: Terms, days: Days) -> Admitted:
    """Rule on exclusions in order of their beginnings; a minute is taken out once, by the first.

    Planned works count when they were announced in time, and up to the contract's monthly cap; days are
    those of one month then. What lasted longer than agreed is an outage like any other.
    """
    nothing = stretch(0, 0, days)
    mask, rulings = nothing, list[Ruling]()
    cap = None if terms.maintenance_cap is None else round(terms.maintenance_cap) // _MINUTE_SECONDS
    for one in sorted(exclusions, key=lambda one: (one.minutes, one.cause, one.reference)):
        if one.circuit != terms.circuit:
            continue
        wanted = stretch(*one.minutes, days)
        if not any(wanted):
            continue
        reason = _refusal(one, terms)
        new = nothing if reason else without(wanted, mask)
        if one.cause == "planned" and cap is not None and not reason:
            new, left = _first(new, cap)
            cap -= sum(new)
            reason = f"{left} minutes are above the monthly cap" if left else ""
        mask = either(mask, new)
        rulings.append(Ruling(one, sum(new), reason))
    return Admitted(mask, tuple(rulings))


def beyond(exclusions: Iterable[Exclusion], terms: Terms | None, start_minute: int, end_minute: int) -> bytes:
    """Return 1 for each minute outside the days judged that the contract does not count, were it not capped.

    What a cap leaves of another month is not known here: where it is not, the supplier does not answer.
    """
    found = bytearray(end_minute - start_minute)
    for one in exclusions if terms is not None else ():
        if terms is not None and one.circuit == terms.circuit and not _refusal(one, terms):
            first, last = (min(max(edge - start_minute, 0), len(found)) for edge in one.minutes)
            found[first:last] = b"\1" * (last - first)
    return bytes(found)


def _refusal(one: Exclusion, terms: Terms) -> str:
    if one.cause not in terms.excludes:
        return f"the contract does not exclude {one.cause}"
    if one.cause != "planned" or terms.maintenance_notice_days is None:
        return ""
    if one.notice_days is None:
        return "it is not known when it was announced"
    if one.notice_days < terms.maintenance_notice_days:
        return (
            f"announced {one.notice_days:.1f} days before, the contract asks {terms.maintenance_notice_days}"
        )
    return ""


def _first(mask: bytes, most: int) -> tuple[bytes, int]:
    """Return the mask's first minutes, and how many are left over."""
    left = sum(mask) - most
    if left <= 0:
        return mask, 0
    found = bytearray(mask)
    place = len(mask)
    for _ in range(left):
        place = found.rindex(1, 0, place)
        found[place] = 0
    return bytes(found), left
