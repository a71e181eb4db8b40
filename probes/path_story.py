"""Tell a trace the way a person reads it: a line per hop, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator

from probes.path_answer import Answer
from probes.path_hops import End, Hop, HopState, Way
from probes.path_metrics import Trace
from probes.path_mtu import PathMtu

_HEADING = f"{'hop':>4}  {'address':<28} {'answers':>8} {'loss':>6} {'best':>9} {'median':>9} {'worst':>9}"

# RFC 792 and RFC 1812 §5.2.7.1 for IPv4; RFC 4443 §3.1 for IPv6.
_REASONS = {
    (3, 0): "no way to that network",
    (3, 1): "no such host there",
    (3, 9): "that network is prohibited",
    (3, 10): "that host is prohibited",
    (3, 13): "a filter prohibits it",
    (1, 0): "no way to that network",
    (1, 1): "a filter prohibits it",
    (1, 3): "no such host there",
}


def story(trace: Trace) -> Iterator[str]:
    """Yield the lines."""
    flows = len(trace.ways)
    for number, way in enumerate(trace.ways, 1):
        which = f", flow {number} of {flows}" if flows > 1 else ""
        yield f"way to {trace.target} ({trace.address}) by {trace.method}{which}, times in ms"
        yield _HEADING
        for hop in way.hops:
            yield _hop_line(hop)
        yield f"      {ending(way)}"
    if trace.branches > 1:
        yield f"{flows} flows go {trace.branches} ways: routers spread the traffic"
    if trace.mtu is not None:
        yield mtu_line(trace)


def _hop_line(hop: Hop) -> str:
    address = " ".join(hop.addresses) or "*"
    answers = f"{hop.answered}/{hop.sent}"
    if hop.state is HopState.SILENT:
        return f"{hop.number:>4}  {address:<28} {answers:>8}   never answers, later hops do"
    trips = hop.trips_seconds
    times = (min(trips, default=None), hop.median_seconds, max(trips, default=None))
    figures = " ".join(f"{'-':>9}" if time is None else f"{time * 1000:>9.3f}" for time in times)
    note = "  saves on answers: later hops lack none" if hop.state is HopState.LIMITED else ""
    return f"{hop.number:>4}  {address:<28} {answers:>8} {hop.loss_ratio:>6.0%} {figures}{note}"


def ending(way: Way) -> str:
    """Say how a way ends."""
    hops = len(way.hops)
    last = _named(way.hops[-1]) if way.hops else ""
    if way.end is End.TARGET:
        lost = f"; packets are lost from hop {way.loss_begins} on" if way.loss_begins else ""
        return f"the target answers at hop {hops}{lost}"
    if way.end is End.REFUSAL and way.refusal is not None:
        return f"{way.refusal.address or 'this host'} refuses: {_reason(way.refusal)}"
    if way.end is End.LOOP:
        return f"a loop: packets come by the same router again, up to {last}"
    if way.end is End.HOP_LIMIT:
        return f"{hops} hops, and the target is further away"
    return f"nobody answers after {last}" if last else "nobody answers at all"


def _named(hop: Hop) -> str:
    return f"hop {hop.number} ({' '.join(hop.addresses) or '*'})"


def _reason(answer: Answer) -> str:
    if answer.error is None:
        return "no reason given"
    notice = answer.error.notice
    unknown = f"ICMP type {notice.icmp_type} code {notice.icmp_code}"
    return _REASONS.get((notice.icmp_type, notice.icmp_code), unknown)


def mtu_line(trace: Trace) -> str:
    """Say what the path's MTU is, and who says so."""
    mtu: PathMtu | None = trace.mtu
    if mtu is None:
        return ""
    line = f"path MTU {mtu.size_bytes} bytes"
    if mtu.announced_by:
        return f"{line}, as {mtu.announced_by} says"
    if not mtu.black_hole:
        return line
    if mtu.last_hop is None:
        return f"{line}: larger packets vanish without a word"
    hops = trace.main.hops
    after = (
        f"after {_named(hops[mtu.last_hop - 1])}" if 0 < mtu.last_hop <= len(hops) else "before the first hop"
    )
    return f"{line}: larger packets vanish without a word {after}"
