"""Speed tests as evidence: what each may prove, given what else the line carried.

Cross-traffic may turn a failure into a pass, or into nothing; never a pass into a failure. That favours
the supplier, which is why the failures that are left stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from netmon.model import Event, Json
from netmon.model.derived import BANDWIDTH_TEST

_CLEAN_SHARE, _CLEAN_BITS_PER_SECOND = 0.01, 64_000
_SURE_SHARE = 0.1
_NOT_THE_LINE = frozenset({"host_cpu", "nic", "wifi", "server", "policy"})
PASSIVE = "passive"


class Proof(StrEnum):
    """What one test says about one threshold."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """Below, while others used more than a tenth of the line: kept, and never counted as a failure."""


@dataclass(frozen=True, slots=True)
class SpeedTest:
    """One direction of one test. `bits_per_second` is by layer; None and what is missing are not known.

    `cross_bits_per_second` is what else the line carried meanwhile. `spoiled` says why it proves nothing.
    """

    minute: int
    direction: str
    method: str
    bits_per_second: Mapping[str, float]
    cross_bits_per_second: float | None
    spoiled: str = ""

    def rate(self, layer: str) -> float | None:
        """Return what the test itself carried."""
        return self.bits_per_second.get(layer)

    def invalid(self, layer: str) -> str:
        """Return why it counts nowhere; empty: it counts."""
        if self.spoiled:
            return self.spoiled
        if self.rate(layer) is None:
            return f"its rate is not known in layer {layer}"
        return "" if self.cross_bits_per_second is not None else "what else the line carried is not known"

    def value(self, layer: str, contracted: float) -> float | None:
        """Return the rate to compare: with cross-traffic of more than a hundredth, all that was carried."""
        rate, cross = self.rate(layer), self.cross_bits_per_second
        if rate is None or cross is None or self.spoiled:
            return None
        clean = cross <= max(_CLEAN_SHARE * contracted, _CLEAN_BITS_PER_SECOND)
        return rate if clean else rate + cross

    def proof(self, layer: str, contracted: float, threshold: float) -> Proof | None:
        """Return what it says about a threshold; None when it counts nowhere."""
        value = self.value(layer, contracted)
        if value is None or self.cross_bits_per_second is None:
            return None
        if value >= threshold:
            return Proof.PASS
        return Proof.FAIL if self.cross_bits_per_second <= _SURE_SHARE * contracted else Proof.INCONCLUSIVE


def speed_test(event: Event) -> SpeedTest | None:
    """Return the test that an event records; None for a refusal, which measured nothing."""
    data = event.data
    if event.kind != BANDWIDTH_TEST or data.get("refused") is not None:
        return None
    rates = data.get("bits_per_second")
    found = rates.items() if isinstance(rates, Mapping) else ()
    return SpeedTest(
        event.stamp.wall_ms // 60_000,
        str(data.get("direction", "")),
        str(data.get("method", "")),
        {layer: rate for layer, told in found if (rate := _number(told)) is not None},
        _number(data.get("cross_bits_per_second")),
        _spoiled(data),
    )


def _spoiled(data: Mapping[str, Json]) -> str:
    host = data.get("host")
    if data.get("limited_by") in _NOT_THE_LINE:
        return f"limited by {data['limited_by']}: {data.get('limited_by_reason', '')}"
    if isinstance(host, Mapping) and host.get("clock_synchronised") is False:
        return "the clock was not synchronised"
    return "a peak: no token bucket was emptied" if data.get("peak") is True else ""


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
