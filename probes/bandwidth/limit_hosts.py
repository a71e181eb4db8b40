"""Rules about the two hosts of a test and their cards. Pure."""

from __future__ import annotations

from probes.bandwidth.layers import Layer
from probes.bandwidth.limit_evidence import Evidence, Finding, LimitedBy
from probes.bandwidth.measured import Direction

_BUSY_CORE, _OWN_CORE = 0.97, 0.9
_NEAR_NIC, _NEAR_CEILING, _INTERRUPTED = 0.93, 0.85, 0.9
_HELD_BACK, _SENDING, _UNEVEN = 0.3, 0.8, 0.1


def radio(evidence: Evidence) -> Finding | None:
    """Blame the air, where there is some: it may be slower than the line."""
    card = evidence.host.card
    if card is not None and card.wireless:
        return Finding(LimitedBy.WIFI, f"{card.name} is wireless: the air may be slower than the line")
    return None


def card(evidence: Evidence) -> Finding | None:
    """Blame a card that is full, or half duplex."""
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


def ceiling(evidence: Evidence) -> Finding | None:
    """Blame an instrument that is near what it was found to carry."""
    ceiling, rate = evidence.ceiling_bits_per_second, evidence.measured.rate(Layer.TCP)
    if not ceiling or rate is None or rate < _NEAR_CEILING * ceiling:
        return None
    return Finding(
        LimitedBy.HOST_CPU,
        f"{rate / ceiling:.0%} of the {ceiling / 1e6:.0f} Mbit/s that this instrument was found to carry",
    )


def own_buffers(evidence: Evidence) -> Finding | None:
    """Blame this host's buffers."""
    sender = evidence.sender
    if sender is None:
        return None
    up = evidence.direction is Direction.UP
    held = sender.buffer_limited_ratio if up else sender.window_limited_ratio
    if held is None or held < _HELD_BACK:
        return None
    what = "send buffer" if up else "receive window"
    return Finding(LimitedBy.HOST_CPU, f"this host's {what} held the sender back for {held:.0%} of the time")


def far_buffers(evidence: Evidence) -> Finding | None:
    """Blame the server's buffers, or a server that had too little to send."""
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


def own_process(evidence: Evidence) -> Finding | None:
    """Blame this process, or the program it had measure, without time: its delays look like a queue."""
    helper = evidence.measured.details.get("own_process_ratio")
    used, waited = evidence.host.own_core_ratio or 0.0, evidence.host.own_waiting_ratio or 0.0
    own = max(used + waited, helper if isinstance(helper, float) else 0.0)
    if own < _OWN_CORE:
        return None
    return Finding(
        LimitedBy.HOST_CPU, f"this process used a core, or waited for one, for {own:.0%} of the time"
    )


def no_time(evidence: Evidence) -> bool:
    """Tell whether this host had no time left and it showed: a line's own queue gives an even rate."""
    core, curve = evidence.host.idlest_core_ratio, evidence.measured.curve
    variation = curve.variation_ratio if curve is not None else None
    return core is not None and core >= _BUSY_CORE and variation is not None and variation > _UNEVEN


def own_processor(evidence: Evidence) -> Finding | None:
    """Blame this host when none of its processors had time left."""
    core = evidence.host.idlest_core_ratio
    if core is not None and core >= _BUSY_CORE:
        return Finding(LimitedBy.HOST_CPU, f"every core of this host was at least {core:.0%} busy")
    return None


def interrupts(evidence: Evidence) -> Finding | None:
    """Blame the core that takes the card's packets: it may be full while others are idle."""
    share = max(evidence.host.core_interrupt_ratios, default=0.0)
    if share < _INTERRUPTED:
        return None
    return Finding(LimitedBy.HOST_CPU, f"a core of this host took packets for {share:.0%} of the time")


def far_limit(evidence: Evidence) -> Finding | None:
    """Blame a server that lets nobody have more."""
    most, rate = evidence.far_number("most_bits_per_second"), evidence.measured.rate(Layer.TCP)
    if not most or rate is None or rate < _NEAR_CEILING * most:
        return None
    return Finding(LimitedBy.SERVER, f"the server lets a test have {most / 1e6:.0f} Mbit/s and no more")


def far_processor(evidence: Evidence) -> Finding | None:
    """Blame the server when its processors had no time left."""
    own, core = evidence.far_number("own_core_ratio"), evidence.far_number("idlest_core_ratio")
    if own is not None and own >= _OWN_CORE:
        return Finding(LimitedBy.SERVER, f"the server's process used {own:.0%} of a core")
    if core is not None and core >= _BUSY_CORE:
        return Finding(LimitedBy.SERVER, f"every core of the server was at least {core:.0%} busy")
    return None
