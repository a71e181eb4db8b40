"""What limited a test: an ordered table of rules, the first that applies decides. Pure.

Only what is ruled out elsewhere is blamed on the line: where nothing speaks, the answer is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from netmon import sdk
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Direction, Flow, Measured, Stop
from probes.bandwidth.witness import HostState


class LimitedBy(StrEnum):
    """Who held the rate where it was."""

    CIRCUIT = "circuit"
    HOST_CPU = "host_cpu"
    NIC = "nic"
    WIFI = "wifi"
    SERVER = "server"
    CROSS_TRAFFIC = "cross_traffic"
    POLICY = "policy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one test; None: not known. `cross_bits_per_second` is what else the line carried."""

    direction: Direction
    measured: Measured
    host: HostState
    contracted_bits_per_second: int | None = None
    contracted_layer: Layer = Layer.L2
    cross_bits_per_second: float | None = None

    @property
    def sender(self) -> Flow | None:
        """Return the sender's own account: ours up, the far end's down."""
        if self.direction is Direction.UP:
            return self.measured.flow
        return far_flow(self.measured.far_record)

    def far_number(self, name: str) -> float | None:
        """Return a number that the far end told of itself."""
        value = self.measured.far_record.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Who, and why in words with the figures."""

    limited_by: LimitedBy
    reason: str


_BUSY_CORE, _OWN_CORE = 0.97, 0.9
_NEAR_NIC, _NEAR_CONTRACT = 0.93, 0.95
_HELD_BACK, _SENDING = 0.3, 0.8
_MUCH_OTHER = 0.1
_QUEUE_SECONDS, _QUEUE_OF_TRIP = 0.005, 0.25

Rule = Callable[[Evidence], Finding | None]


def limited_by(evidence: Evidence) -> Finding:
    """Return what limited a test."""
    for rule in RULES:
        finding = rule(evidence)
        if finding is not None:
            return finding
    return Finding(LimitedBy.UNKNOWN, "nothing tells what held it back")


def _nothing(evidence: Evidence) -> Finding | None:
    if evidence.measured.bits_per_second is None:
        return Finding(LimitedBy.UNKNOWN, "nothing came")
    return None


def _contract_met(evidence: Evidence) -> Finding | None:
    """Come first: who delivers what was bought has not been held back by anybody."""
    contracted, rate = evidence.contracted_bits_per_second, evidence.measured.rate(evidence.contracted_layer)
    if contracted is None or rate is None or rate < _NEAR_CONTRACT * contracted:
        return None
    return Finding(
        LimitedBy.CIRCUIT,
        f"{rate / 1e6:.1f} Mbit/s ({evidence.contracted_layer}) is {rate / contracted:.0%} of the contract",
    )


def _cap(evidence: Evidence) -> Finding | None:
    if evidence.measured.stop is Stop.BYTES and not _steady(evidence):
        return Finding(LimitedBy.POLICY, "it was ended by its byte cap before the rate was steady")
    return None


def _radio(evidence: Evidence) -> Finding | None:
    card = evidence.host.card
    if card is not None and card.wireless:
        return Finding(LimitedBy.WIFI, f"{card.name} is wireless: the air may be slower than the line")
    return None


def _card(evidence: Evidence) -> Finding | None:
    card, rate = evidence.host.card, evidence.measured.rate(Layer.L1)
    if card is None or rate is None:
        return None
    if card.full_duplex is False:
        return Finding(LimitedBy.NIC, f"{card.name} runs half duplex")
    speed = card.speed_bits_per_second
    if speed and rate >= _NEAR_NIC * speed:
        return Finding(
            LimitedBy.NIC, f"{card.name} runs at {speed / 1e6:.0f} Mbit/s, {rate / speed:.0%} of it used"
        )
    return None


def _own_processor(evidence: Evidence) -> Finding | None:
    own, core = evidence.host.own_core_ratio, evidence.host.idlest_core_ratio
    if own is not None and own >= _OWN_CORE:
        return Finding(LimitedBy.HOST_CPU, f"this process used {own:.0%} of a core")
    if core is not None and core >= _BUSY_CORE:
        return Finding(LimitedBy.HOST_CPU, f"every core of this host was at least {core:.0%} busy")
    return None


def _own_buffers(evidence: Evidence) -> Finding | None:
    sender = evidence.sender
    if sender is None:
        return None
    up = evidence.direction is Direction.UP
    held = sender.buffer_limited_ratio if up else sender.window_limited_ratio
    if held is None or held < _HELD_BACK:
        return None
    what = "send buffer" if up else "receive window"
    return Finding(LimitedBy.HOST_CPU, f"this host's {what} held the sender back for {held:.0%} of the time")


def _far_processor(evidence: Evidence) -> Finding | None:
    own, core = evidence.far_number("own_core_ratio"), evidence.far_number("idlest_core_ratio")
    if own is not None and own >= _OWN_CORE:
        return Finding(LimitedBy.SERVER, f"the server's process used {own:.0%} of a core")
    if core is not None and core >= _BUSY_CORE:
        return Finding(LimitedBy.SERVER, f"every core of the server was at least {core:.0%} busy")
    return None


def _far_buffers(evidence: Evidence) -> Finding | None:
    sender = evidence.sender
    if sender is None:
        return None
    up = evidence.direction is Direction.UP
    held = sender.window_limited_ratio if up else sender.buffer_limited_ratio
    if held is not None and held >= _HELD_BACK:
        what = "receive window" if up else "send buffer"
        return Finding(
            LimitedBy.SERVER, f"the server's {what} held the sender back for {held:.0%} of the time"
        )
    if not up and sender.busy_ratio is not None and sender.busy_ratio < _SENDING:
        return Finding(LimitedBy.SERVER, f"the server had something to send for {sender.busy_ratio:.0%} only")
    return None


def _others(evidence: Evidence) -> Finding | None:
    other, contracted = evidence.cross_bits_per_second, evidence.contracted_bits_per_second
    if other is None or not contracted or other < _MUCH_OTHER * contracted:
        return None
    return Finding(LimitedBy.CROSS_TRAFFIC, f"others used {other / 1e6:.1f} Mbit/s of the line meanwhile")


def _queue(evidence: Evidence) -> Finding | None:
    """Blame the line when packets queued before it: what sends slower than the line leaves no queue."""
    sender = evidence.sender
    if sender is None or not sender.min_rtt_seconds:
        return None
    waited = sender.rtt_seconds - sender.min_rtt_seconds
    if waited < max(_QUEUE_SECONDS, _QUEUE_OF_TRIP * sender.min_rtt_seconds):
        return None
    return Finding(LimitedBy.CIRCUIT, f"packets waited {waited * 1e3:.0f} ms in a queue on the way")


def _line(evidence: Evidence) -> Finding | None:
    """Blame the line when its sender had enough to send all the time and nobody else was in the way."""
    sender = evidence.sender
    if sender is None or sender.busy_ratio is None or sender.busy_ratio < _SENDING:
        return None
    return Finding(
        LimitedBy.CIRCUIT, f"the sender was busy for {sender.busy_ratio:.0%} of the time, and nothing held it"
    )


def _trains(evidence: Evidence) -> Finding | None:
    """Believe trains: the kernel's stamps do not depend on who was busy."""
    if evidence.measured.peak:
        return Finding(LimitedBy.CIRCUIT, "trains left the narrowest link at this rate")
    return None


def _steady(evidence: Evidence) -> bool:
    return evidence.measured.curve is None or evidence.measured.curve.steady


RULES: tuple[Rule, ...] = (
    _nothing,
    _contract_met,
    _cap,
    _radio,
    _card,
    _others,
    _trains,
    _own_buffers,
    _far_buffers,
    _queue,
    _own_processor,
    _far_processor,
    _line,
)


def far_flow(record: Mapping[str, sdk.Json]) -> Flow | None:
    """Return the far end's account of its sending, as shares of its time; None when it gave none."""

    def number(name: str) -> float | None:
        value = record.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    seconds, streams = number("seconds"), number("streams") or 1.0
    sent_bytes, busy = number("bytes_sent"), number("busy_seconds")
    if not seconds or not sent_bytes or busy is None:
        return None
    whole = seconds * streams
    again = number("bytes_retransmitted")
    window, buffer = number("window_limited_seconds"), number("buffer_limited_seconds")
    return Flow(
        streams=int(streams),
        retransmitted_ratio=None if again is None else again / sent_bytes,
        min_rtt_seconds=number("min_rtt_seconds") or 0.0,
        rtt_seconds=number("rtt_seconds") or 0.0,
        busy_ratio=min(busy / whole, 1.0),
        window_limited_ratio=None if window is None else min(window / whole, 1.0),
        buffer_limited_ratio=None if buffer is None else min(buffer / whole, 1.0),
    )
