"""What limited a test: an ordered table of rules, the first that applies decides. Pure.

Only what is ruled out elsewhere is blamed on the line: where nothing speaks, the answer is `unknown`.
"""

from __future__ import annotations

from probes.bandwidth import limit_hosts
from probes.bandwidth.far_flow import far_flow
from probes.bandwidth.layers import Layer
from probes.bandwidth.limit_evidence import Evidence, Finding, LimitedBy, Rule
from probes.bandwidth.measured import Direction, Measured, Stop

__all__ = ["RULES", "Evidence", "Finding", "LimitedBy", "cut_off", "far_flow", "limited_by"]

_NEAR_CONTRACT, _NEAR_BUCKET, _MUCH_OTHER = 0.95, 0.05, 0.1
_SENDING, _AS_SLOW = 0.8, 0.9
_QUEUE_SECONDS, _QUEUE_OF_TRIP = 0.005, 0.25


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
    if not cut_off(evidence.measured):
        return None
    return Finding(
        LimitedBy.POLICY, "what it may cost held it: its rate was not steady, or its pace the cap's"
    )


def cut_off(measured: Measured) -> bool:
    """Tell whether a test's own cap made its rate; without a curve, the cap was its pace."""
    return measured.stop is Stop.BYTES and (measured.curve is None or not measured.curve.steady)


def _ended_early(evidence: Evidence) -> Finding | None:
    if evidence.measured.stop is Stop.FAR_END and not _steady(evidence):
        return Finding(LimitedBy.SERVER, "the far end ended it before the rate was steady")
    return None


def _others(evidence: Evidence) -> Finding | None:
    other, contracted = evidence.cross_bits_per_second, evidence.contracted_bits_per_second
    if other is None or not contracted or other < _MUCH_OTHER * contracted:
        return None
    return Finding(LimitedBy.CROSS_TRAFFIC, f"others used {other / 1e6:.1f} Mbit/s of the line meanwhile")


def _bucket(evidence: Evidence) -> Finding | None:
    bucket, rate = evidence.bucket, evidence.measured.rate(Layer.IP)
    if bucket is None or rate is None:
        return None
    peak, sustained = bucket.peak_bits_per_second, bucket.sustained_bits_per_second
    if abs(rate / sustained - 1) > _NEAR_BUCKET:
        return None
    return Finding(
        LimitedBy.POLICY,
        f"a token bucket: {bucket.burst_bytes / 1e6:.1f} MB at {peak / 1e6:.1f} Mbit/s,"
        f" then {sustained / 1e6:.1f} Mbit/s",
    )


def _queue(evidence: Evidence) -> Finding | None:
    """Blame the line when packets queued before it: what sends slower than the line leaves no queue."""
    sender = evidence.sender
    if sender is None or not sender.min_rtt_seconds or limit_hosts.no_time(evidence):
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
    """Believe trains, which alone tell an uncertainty: the kernel's stamps do not depend on who was busy.

    But one that took as long to be sent as to come was no faster than the line to begin with.
    """
    if evidence.measured.uncertainty_ratio is None:
        return None
    share = evidence.measured.details.get("sending_ratio")
    if isinstance(share, float) and share > _AS_SLOW:
        sender = LimitedBy.HOST_CPU if evidence.direction is Direction.UP else LimitedBy.SERVER
        return Finding(sender, f"trains took {share:.0%} of the time they needed to come to be sent")
    return Finding(LimitedBy.CIRCUIT, "trains left the narrowest link at this rate")


def _steady(evidence: Evidence) -> bool:
    return evidence.measured.curve is None or evidence.measured.curve.steady


RULES: tuple[Rule, ...] = (
    _nothing,
    _contract_met,
    _cap,
    _ended_early,
    limit_hosts.radio,
    limit_hosts.card,
    _others,
    _trains,
    _bucket,
    limit_hosts.ceiling,
    limit_hosts.far_limit,
    limit_hosts.own_process,
    limit_hosts.own_buffers,
    limit_hosts.far_buffers,
    _queue,
    limit_hosts.own_processor,
    limit_hosts.interrupts,
    limit_hosts.far_processor,
    _line,
)
