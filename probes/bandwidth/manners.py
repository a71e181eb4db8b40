"""Whether a test may run now: the purse, the hours, the kind of line, and whose line it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from netmon import sdk
from probes.bandwidth.settings import THRIFTY, Kind


class Decision(StrEnum):
    """Why a test took place, or did not."""

    WAITING = "waiting"
    """Its moment has not come."""
    CLOCK = "clock"
    """Nobody knows the time, so nobody knows whether it has come."""
    TESTED = "tested"
    NO_CIRCUIT = "no_circuit"
    QUIET_HOURS = "quiet_hours"
    METERED = "metered"
    BACKUP = "backup"
    CAP = "cap"
    LINE_BUSY = "line_busy"
    LATE = "late"
    """Its turn was over before it could begin."""
    FAILED = "failed"
    """It began, and found nothing."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a test must not run: the kind, and words with the figures."""

    why: Decision
    words: str


@dataclass(frozen=True, slots=True)
class Wish:
    """A test that somebody wants. `left_bytes` None: the circuit has no cap.

    `circuits` is how many the site has; `local` the moment in its own time, and `seconds` how long it may
    take from then on; `all_of_cap`: it may use what the circuit keeps in reserve; `fills`: it fills a
    buffer, which is no thrift by any method.
    """

    method: Kind
    circuit: sdk.Circuit | None
    circuits: int
    most_bytes: int
    left_bytes: int | None
    local: datetime
    all_of_cap: bool = False
    seconds: float = 0.0
    fills: bool = False


def why_not(wish: Wish) -> Refusal | None:
    """Return why a test must not run; None: it may."""
    return next((refusal for rule in RULES if (refusal := rule(wish)) is not None), None)


def _whose(wish: Wish) -> Refusal | None:
    if wish.circuit is None and wish.method is Kind.PASSIVE:
        return Refusal(Decision.NO_CIRCUIT, "it is not told which circuit's WAN port to look at")
    if wish.circuit is None and wish.circuits > 1:
        words = "it is not told which circuit it tests: its bytes could be anybody's"
        return Refusal(Decision.NO_CIRCUIT, words)
    return None


def _quiet(wish: Wish) -> Refusal | None:
    circuit = wish.circuit
    if circuit is None or wish.method is Kind.PASSIVE:
        return None
    for moment in _minutes(wish):
        if circuit.quiet_hours.covers(moment):
            return Refusal(Decision.QUIET_HOURS, f"{moment:%a %H:%M} is in the quiet hours of {circuit.id}")
    return None


def _minutes(wish: Wish) -> Iterator[datetime]:
    """Yield when a test begins, and then each minute that it may last, by the clock on the wall."""
    yield wish.local
    begin = wish.local.astimezone(UTC)
    end, moment = begin + timedelta(seconds=wish.seconds), begin.replace(second=0, microsecond=0)
    while (moment := moment + timedelta(minutes=1)) < end:
        yield moment.astimezone(wish.local.tzinfo)


def _thrift(wish: Wish) -> Refusal | None:
    circuit = wish.circuit
    if circuit is None or (wish.method in THRIFTY and not wish.fills):
        return None
    cheap = " and ".join(sorted(THRIFTY)) + (" that fill no buffer" if wish.fills else "")
    if circuit.metered:
        return Refusal(Decision.METERED, f"circuit {circuit.id} is metered: only {cheap} are cheap enough")
    if circuit.backup_of:
        words = f"circuit {circuit.id} stands in for {circuit.backup_of}: only {cheap} leave it free"
        return Refusal(Decision.BACKUP, words)
    return None


def _purse(wish: Wish) -> Refusal | None:
    circuit, left_bytes = wish.circuit, wish.left_bytes
    if circuit is None or left_bytes is None or wish.method is Kind.PASSIVE:
        return None
    kept_bytes = 0 if wish.all_of_cap else circuit.reserve_bytes
    if left_bytes - kept_bytes >= wish.most_bytes:
        return None
    kept = f", {kept_bytes / 1e6:.1f} MB of it in reserve" if kept_bytes else ""
    return Refusal(
        Decision.CAP,
        f"circuit {circuit.id} has {left_bytes / 1e6:.1f} MB left this month{kept},"
        f" the test may take {wish.most_bytes / 1e6:.1f} MB",
    )


RULES: tuple[Callable[[Wish], Refusal | None], ...] = (_whose, _quiet, _thrift, _purse)


def too_busy(used: float | None, contracted: int | None, most_ratio: float) -> Refusal | None:
    """Return why a line is too busy to be filled with a test; None: it is not, or nobody knows."""
    if used is None or not contracted or not most_ratio or used < most_ratio * contracted:
        return None
    return Refusal(
        Decision.LINE_BUSY,
        f"people use {used / 1e6:.1f} Mbit/s of the line, {used / contracted:.0%} of the contract",
    )
