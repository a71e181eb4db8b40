"""Minutes in which a line was full, and what line its users would need."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from netmon.evidence.calendar import both, either
from netmon.evidence.curve import Curve
from netmon.evidence.people import user_minutes

_FULL = 0.9
HIGH = 0.7
"""Below this share of what it gives, a line is not full, whatever else is seen."""
_RISE_SECONDS = 0.06
_DISCARDED = 0.001
_HOUR = 60
_CENSORED = 0.01
"""Share of saturated service minutes from which true demand is hidden."""


@dataclass(frozen=True, slots=True)
class Saturation:
    """Service minutes in which the line was full, of those whose use is known. None: not known."""

    minutes: int
    known: int
    mask: bytes
    user_minutes: int | None

    @property
    def share(self) -> float | None:
        """Share of the known service minutes."""
        return self.minutes / self.known if self.known else None

    @property
    def hides_demand(self) -> bool | None:
        """Whether people would have used more than they got; None: not known."""
        return None if self.share is None else self.share > _CENSORED


def saturation(
    use: Curve, rtt: Curve, discards: Curve | None, serving: bytes, users: int | None
) -> Saturation:
    """Count full minutes within a mask of service hours.

    `use` is the fuller direction against what the line gives (see `against_capacity`), `rtt` in seconds,
    `discards` the share of packets that the router dropped before the line. Full is 0.9, or 0.7 with
    a round trip 60 ms above the hour's least, or more than a thousandth discarded.
    """
    high = both(use.at_least(HIGH), serving)
    found = either(use.at_least(_FULL), both(high, _slow(rtt, high)))
    known = use.is_known()
    if discards is not None:
        found = either(found, discards.above(_DISCARDED))
        known = either(known, found)
    counted = both(found, serving)
    seen = both(known, serving).count(1)
    people = user_minutes(counted, serving, users) if seen else None
    return Saturation(counted.count(1), seen, counted, people)


def against_capacity(use: Curve, contracted: float | None, measured_p50: float | None) -> Curve:
    """Return use against what the line gives, where that is less than what was contracted."""
    if contracted is None or measured_p50 is None or measured_p50 >= contracted or not measured_p50:
        return use
    return use.scaled(contracted / measured_p50)


def _slow(rtt: Curve, asked: bytes) -> bytes:
    """Return 1 where the round trip is 60 ms above the least of its hour of the clock, in hours asked of."""
    found = bytearray(len(asked))
    first = -(rtt.start_minute % _HOUR)
    for start in range(first, len(asked), _HOUR):
        inside = slice(max(start, 0), start + _HOUR)
        if 1 not in asked[inside]:
            continue
        hour = rtt.numbers[inside]
        limit = min([one for one in hour if one == one], default=inf) + _RISE_SECONDS  # noqa: PLR0124 - no NaN
        found[inside] = bytes([one >= limit for one in hour])
    return bytes(found)


@dataclass(frozen=True, slots=True)
class Required:
    """The rate that a line should have, in bit/s; None: nothing tells.

    `at_least` says that it is a floor: demand is hidden by saturation, or saturation is not known.
    """

    bits_per_second: float | None
    by: str
    at_least: bool


def required(
    standard: float | None,
    busy_hour_p95: float | None,
    users: int | None,
    per_user: float | None,
    full: Saturation,
) -> Required:
    """Return the largest of what a standard asks, the busy hour's p95 by 0.7, and what users are to have."""
    reasons = {
        "standard": standard,
        "busy hour": None if busy_hour_p95 is None else busy_hour_p95 / HIGH,
        "users": None if users is None or per_user is None else users * per_user,
    }
    known = {by: rate for by, rate in reasons.items() if rate is not None}
    if not known:
        return Required(None, "", at_least=True)
    by = max(known, key=lambda one: known[one])
    return Required(known[by], by, at_least=full.hides_demand is not False or busy_hour_p95 is None)
