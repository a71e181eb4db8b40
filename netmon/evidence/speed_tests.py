"""Speed tests as evidence: what each may prove, given what else the line carried.

Cross-traffic may turn a failure into a pass, or into nothing; never a pass into a failure. That favours
the supplier, which is why the failures that are left stand. What the probe itself concluded binds: what it
calls invalid counts nowhere here, and what it doubts is no failure here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from netmon.model import Event, Json
from netmon.model.derived import BANDWIDTH_TEST

_CLEAN_PART, _CLEAN_BITS_PER_SECOND = 100, 64_000
_SURE_PART = 10
_MILLION = 1_000_000
_OTHERS_UNKNOWN = "what else the line carried is not known"
_NOT_THE_LINE = frozenset({"host_cpu", "nic", "wifi", "server"})
PASSIVE = "passive"
UNTRIED = "not tested"


class Proof(StrEnum):
    """What one test says about one threshold."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """Below, and perhaps not for the line's sake: kept, and never counted as a failure."""


@dataclass(frozen=True, slots=True)
class SpeedTest:
    """One direction of one test. Rates are bit/s by layer; None and what is missing are not known.

    `others` is what else the line carried meanwhile, at most. `spoiled` says why it proves nothing, `doubt`
    why what it missed cannot be laid to the line. It may be off by `error_ppm` millionths. `claimable`: its
    endpoint is one that the supplier has to accept. One that was refused has no direction, and is spoiled.
    """

    minute: int
    direction: str
    method: str
    bits_per_second: Mapping[str, float]
    others: Mapping[str, float]
    spoiled: str = ""
    doubt: str = ""
    error_ppm: int = 0
    claimable: bool = True
    trips: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)
    """Round trips before it and beside its load in seconds, such as "idle p50" and "loaded p95"."""

    def rate(self, layer: str) -> float | None:
        """Return what the test itself carried."""
        return self.bits_per_second.get(layer)

    def invalid(self, layer: str) -> str:
        """Return why it counts nowhere; empty: it counts."""
        if self.spoiled:
            return self.spoiled
        if self.rate(layer) is None:
            return f"its rate is not known in layer {layer}"
        return "" if layer in self.others else _OTHERS_UNKNOWN

    def value(self, layer: str, contracted: float) -> float | None:
        """Return the rate to compare: with cross-traffic of more than a hundredth, all that was carried."""
        rate, others = self.rate(layer), self.others.get(layer)
        if rate is None or others is None or self.spoiled:
            return None
        # Multiplied, as a hundredth has no exact float: at the very edge both programs say the same.
        clean = others * _CLEAN_PART <= contracted or others <= _CLEAN_BITS_PER_SECOND
        return rate if clean else rate + others

    def proof(self, layer: str, contracted: float, threshold: float) -> Proof | None:
        """Return what it says about a threshold; None when it counts nowhere."""
        value = self.value(layer, contracted)
        if value is None:
            return None
        if value >= threshold:
            return Proof.PASS
        # In whole numbers, so that nobody's arithmetic decides: thousandths of a bit, millionths of an error.
        near = round(value * 1000) * (_MILLION + self.error_ppm) >= round(threshold * 1000) * _MILLION
        crowded = self.others[layer] * _SURE_PART > contracted
        return Proof.INCONCLUSIVE if self.doubt or near or crowded else Proof.FAIL


def speed_test(event: Event) -> SpeedTest | None:
    """Return the test that an event records; None for an event of another kind."""
    data = event.data
    if event.kind != BANDWIDTH_TEST:
        return None
    return SpeedTest(
        event.stamp.wall_ms // 60_000,
        _text(data, "direction"),
        _text(data, "method"),
        _numbers(data.get("bits_per_second")),
        _numbers(data.get("cross_bits_per_second")),
        _spoiled(data, synced=event.stamp.synced),
        _doubt(data),
        round((_number(data.get("error_ratio")) or 0.0) * _MILLION),
        data.get("claimable") is True,
        _trips(data),
    )


def _spoiled(data: Mapping[str, Json], *, synced: bool) -> str:
    """Return why a test counts nowhere, in the order of what is hardest to argue with."""
    if data.get("refused") is not None:
        return f"{UNTRIED}, {_text(data, 'decision') or 'refused'}: {_text(data, 'refused')}"
    if data.get("limited_by") in _NOT_THE_LINE:
        return f"limited by {_text(data, 'limited_by')}: {_text(data, 'limited_by_reason')}"
    clock = data.get("clock")
    if not synced or (isinstance(clock, Mapping) and clock.get("synchronised") is False):
        return "the clock was not synchronised"
    if data.get("verdict") == "invalid":
        others = data.get("others")
        problem = _text(others, "problem") if isinstance(others, Mapping) else ""
        return f"{_OTHERS_UNKNOWN}: {problem}" if problem else f"invalid: {_text(data, 'verdict_reason')}"
    return "a peak: what lasts is not known" if data.get("peak") is True else ""


def _doubt(data: Mapping[str, Json]) -> str:
    inconclusive = data.get("verdict") == "inconclusive"
    return _text(data, "doubt") or (_text(data, "verdict_reason") if inconclusive else "")


def _trips(data: Mapping[str, Json]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for load in ("idle", "loaded"):
        told = _numbers(data.get(f"{load}_latency"))
        for name in ("p50", "p95"):
            if f"{name}_seconds" in told:
                found[f"{load} {name}"] = told[f"{name}_seconds"]
    return found


def _text(data: Mapping[str, Json], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else ""


def _numbers(told: Json) -> Mapping[str, float]:
    found = told.items() if isinstance(told, Mapping) else ()
    return {layer: rate for layer, one in found if (rate := _number(one)) is not None}


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
