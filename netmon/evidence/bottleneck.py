"""Where it is narrow: each bad minute goes to the first rule that applies, and the rule is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.evidence.calendar import both, either, without
from netmon.evidence.curve import Curve
from netmon.evidence.strip import Kind, Strip, letters_by
from netmon.model import Fault, SlotState

_SLOW_GATEWAY_SECONDS, _LOSING_GATEWAY = 0.005, 0.001
FULL = 0.9


class Cause(StrEnum):
    """Where it is narrow, in the order of the rules."""

    INSTRUMENT = "instrument"
    """The box that measures was the limit: the minute says nothing of the line."""
    LAN = "lan"
    DEMAND = "demand"
    """The line was full with the site's own traffic: no fault of the supplier's."""
    SUPPLIER = "supplier"
    WIFI = "wifi"
    FAR = "far"
    """One service, or one way through the internet, and not the line."""
    NOT_DETERMINED = "not determined"


_FAULTS: Mapping[Cause, frozenset[Fault]] = {
    Cause.INSTRUMENT: frozenset({Fault.APPLIANCE}),
    Cause.LAN: frozenset({Fault.LAN, Fault.CPE, Fault.POWER}),
    Cause.SUPPLIER: frozenset({Fault.LINE, Fault.ISP}),
    Cause.WIFI: frozenset({Fault.WIFI}),
    Cause.FAR: frozenset({Fault.SERVICE, Fault.RESOLVER, Fault.FAR_END}),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What else is known by minute, as masks of the strip's length; None: not measured."""

    instrument: bytes | None = None
    use: Curve | None = None
    gateway_rtt: Curve | None = None
    gateway_loss: Curve | None = None
    slow_tests: bytes | None = None
    """Minutes of clean tests below their threshold."""
    slow_wifi: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Bad minutes by cause, in the order of the rules, which are counted from 1."""

    minutes: tuple[tuple[Cause, int], ...]
    bad: int
    known: int

    def rule(self, cause: Cause) -> int:
        """Return the number of the rule that names a cause."""
        return list(Cause).index(cause) + 1

    def share(self, cause: Cause) -> float | None:
        """Return a cause's share of the bad minutes; None when there were none."""
        return dict(self.minutes)[cause] / self.bad if self.bad else None

    @property
    def main(self) -> Cause | None:
        """The cause of most bad minutes, the earlier rule's of two; None when there were none."""
        return max(self.minutes, key=lambda one: one[1])[0] if self.bad else None


def bottleneck(strip: Strip, serving: bytes, measured: Measured) -> Bottleneck:
    """Share the bad minutes within a mask: down, degraded, with a fault beside the line, or full."""
    letters = strip.letters(_LETTERS)
    nothing = bytes(len(letters))
    full = measured.use.at_least(FULL) if measured.use else nothing
    told = {
        Cause.INSTRUMENT: measured.instrument,
        Cause.LAN: _gateway(measured, nothing),
        Cause.DEMAND: full,
        Cause.SUPPLIER: measured.slow_tests,
        Cause.WIFI: measured.slow_wifi,
    }
    signs = [either(_where(letters, LETTER_OF[cause]), told.get(cause) or nothing) for cause in LETTER_OF]
    bad = both(either(_where(letters, "slwfkx"), _any(signs, nothing)), serving)
    found, left = [], without(bad, _where(letters, "?"))
    whole = left.count(1)
    for cause, sign in zip(LETTER_OF, signs, strict=True):
        found.append((cause, both(left, sign).count(1)))
        left = without(left, sign)
    known = without(serving, _where(letters, "?")).count(1)
    return Bottleneck((*found, (Cause.NOT_DETERMINED, left.count(1))), whole, known)


LETTER_OF: Mapping[Cause, str] = {
    Cause.INSTRUMENT: "x",
    Cause.LAN: "l",
    Cause.DEMAND: "-",
    Cause.SUPPLIER: "s",
    Cause.WIFI: "w",
    Cause.FAR: "f",
}
_HARMLESS = frozenset({Fault.LINE, Fault.ISP, Fault.CPE, Fault.POWER})
"""Where it works, and not worse than usual: another line carries, or a router restarted."""


def _letter(kind: Kind) -> str:
    """Return a cause's letter, k for a bad minute without one, g for a good one, ? for one not known."""
    if kind.state is SlotState.UNKNOWN:
        return "?"
    if kind.state is SlotState.UP and not kind.degraded and kind.fault in _HARMLESS:
        return "g"
    cause = next((one for one, faults in _FAULTS.items() if kind.fault in faults), None)
    if cause is not None:
        return LETTER_OF[cause]
    return "k" if kind.state is SlotState.DOWN or kind.degraded else "g"


_LETTERS = letters_by(_letter)


def _where(letters: bytes, wanted: str) -> bytes:
    return letters.translate(bytes(code in wanted.encode() for code in range(256)))


def _gateway(measured: Measured, nothing: bytes) -> bytes:
    slow = measured.gateway_rtt.above(_SLOW_GATEWAY_SECONDS) if measured.gateway_rtt else nothing
    losing = measured.gateway_loss.above(_LOSING_GATEWAY) if measured.gateway_loss else nothing
    return either(slow, losing)


def _any(masks: Sequence[bytes], nothing: bytes) -> bytes:
    found = nothing
    for one in masks:
        found = either(found, one)
    return found
