"""How each circuit stands now: WAN port, use against the contracted rate, and its own targets."""

from __future__ import annotations

from dataclasses import dataclass

from netmon.latest import LatestRow
from netmon.model import Outcome, SlotState
from netmon.rates import Count, rate
from netmon.verdict.evidence import host, known
from netmon.verdict.view import TargetState, View, WatchedCircuit

_OPER_UP = 1  # IF-MIB ifOperStatus
_HEADROOM = 1.25
"""A rate above the port's speed by more than this is a counter that lied, not traffic."""


@dataclass(frozen=True, slots=True)
class CircuitNow:
    """One circuit. Rates in bit/s towards (`down`) and from (`up`) the site; ratios against the contract."""

    circuit: WatchedCircuit
    state: SlotState
    why: str
    down_bits_per_second: float | None
    up_bits_per_second: float | None
    down_ratio: float | None
    up_ratio: float | None
    wan_oper_status: int | None


def circuits(view: View) -> list[CircuitNow]:
    """Return all configured circuits."""
    return [_now(view, circuit) for circuit in view.watch.circuits.values()]


def _now(view: View, circuit: WatchedCircuit) -> CircuitNow:
    port = view.wan_port(circuit)
    down = None if port is None else octet_rate_bits(port, "ifHCInOctets")
    up = None if port is None else octet_rate_bits(port, "ifHCOutOctets")
    status = None if port is None else port.value("ifOperStatus")
    targets = [t for t in view.targets() if t.probe.circuit == circuit.id and known(t)]
    state, why = _state(status, targets)
    return CircuitNow(
        circuit,
        state,
        why,
        down,
        up,
        _ratio(down, circuit.down_bits_per_second),
        _ratio(up, circuit.up_bits_per_second),
        None if status is None else int(status),
    )


def _state(oper_status: float | None, targets: list[TargetState]) -> tuple[SlotState, str]:
    """Say only what is proven: a port that is up, or another circuit's target, proves nothing."""
    if oper_status is not None and oper_status in (2, 6, 7):
        return SlotState.DOWN, "the WAN port is down"
    if any(t.answered for t in targets):
        return SlotState.UP, "its targets answer"
    if targets and all(t.outcome is Outcome.UNREACHABLE for t in targets):
        return SlotState.UNKNOWN, "there is no way out by it from here"
    if len({host(t) for t in targets}) > 1:
        return SlotState.DOWN, "none of its targets answers"
    port = "the WAN port is up, but " if oper_status == _OPER_UP else ""
    if targets:
        return (
            SlotState.UNKNOWN,
            f"{port}its only target does not answer: line or target, one alone cannot tell",
        )
    return SlotState.UNKNOWN, f"{port}no target that was asked recently is bound to it"


def octet_rate_bits(row: LatestRow, metric: str) -> float | None:
    """Return bit/s between a row's newest reading and the one before; None when it cannot be known."""
    before = row.before
    if before is None:
        return None
    new, old = row.value(metric), before.value(metric)
    if not isinstance(new, int) or not isinstance(old, int):
        return None
    speed = row.value("ifHighSpeed")
    ceiling = speed * 1e6 / 8 * _HEADROOM if speed else None
    per_second = rate(_count(before, old), _count(row, new), ceiling_per_second=ceiling)
    return None if per_second is None else per_second * 8


def _count(row: LatestRow, value: int) -> Count:
    epochs = row.reading.epochs
    return Count(value, row.reading.stamp.boottime_ns, epochs[row.at] if epochs else 0)


def _ratio(rate_bits: float | None, contracted: int | None) -> float | None:
    return None if rate_bits is None or not contracted else rate_bits / contracted
