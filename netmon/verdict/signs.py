"""Signs: each looks at one thing of a minute, and says in words what it found, or nothing.

A sign that rests on what nobody told does not show. None is the negation of another: that something
did not answer is a sign of its own, which takes that it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netmon.model import SlotState
from netmon.verdict.scene import Scene
from netmon.verdict.tally import Tally

Words = tuple[str, ...]
Sign = Callable[[Scene], Words]

_SHOWN = 4
_INDEPENDENT = 2
"""Anchors that must be silent before a line is called down: one may be what failed."""


def netmon_was_off(scene: Scene) -> Words:
    """Show that nothing at all was read."""
    return () if scene.anything_said else ("netmon read nothing in this minute",)


def beyond_answers(scene: Scene) -> Words:
    """Show that an anchor or a service gave what was asked for, once at least (RFC 2678)."""
    return _named([t for t in scene.witnesses if t.good], "answers")


def some_anchor_silent(scene: Scene) -> Words:
    """Show that an anchor never answered."""
    good = {t.host for t in scene.witnesses if t.good}
    return _named([t for t in scene.anchors if t.bad and t.host not in good], "does not answer")


def two_anchors_silent(scene: Scene) -> Words:
    """Show that at least two independent anchors (or services) were asked, and none of all answered."""
    if any(t.heard for t in scene.beyond):
        return ()
    silent = [t for t in scene.witnesses if t.silent]
    return _named(silent, "does not answer") if len({t.host for t in silent}) >= _INDEPENDENT else ()


def anchors_go_elsewhere(scene: Scene) -> Words:
    """Show that two anchors were asked, and not one answer is proven to have come by this circuit."""
    if any(t.heard for t in scene.beyond):
        return ()
    meant = [t for t in scene.anchors if t.silent or t.diverted]
    if len({t.host for t in meant}) < _INDEPENDENT or not any(t.diverted for t in meant):
        return ()
    return ("what answered came by another circuit",)


def something_in_place(scene: Scene) -> Words:
    """Show that something answers, or refuses, in place of what was asked, and no anchor does."""
    return _named([t for t in scene.beyond if t.heard and not t.good], "answers otherwise than asked")


def resolver_alone(scene: Scene) -> Words:
    """Show that only a resolver beyond the line answers, as anybody on the way could."""
    return _named([t for t in scene.far_resolvers if t.good], "is all that answers")


def no_way_out(scene: Scene) -> Words:
    """Show that this machine had no way to send."""
    if any(t.runs for t in scene.beyond) or not any(t.no_way for t in scene.beyond):
        return ()
    return ("this machine has no such address, interface or route",)


def too_little_asked(scene: Scene) -> Words:
    """Show that too few of the planned probes were sent."""
    short = [t for t in scene.witnesses if t.planned and not t.silent and not t.heard]
    if not short or any(t.diverted for t in short):
        return ()
    return tuple(f"{t.key.target}: {t.runs} of {t.planned} probes were sent" for t in short[:_SHOWN])


def gateway_answers(scene: Scene) -> Words:
    """Show that the way to the router works: it answers a probe or SNMP, or another circuit carries."""
    found = _named([t for t in (*scene.gateways, *scene.cpes) if t.heard], "answers")
    by_snmp = tuple(f"{name} answers SNMP" for name in scene.routers if scene.devices.get(name))
    return found or by_snmp or (("another circuit carries packets",) if scene.others_up else ())


def gateway_silent(scene: Scene) -> Words:
    """Show that the router was asked, and nothing of it answers."""
    if gateway_answers(scene):
        return ()
    return _named([t for t in scene.gateways or scene.cpes if t.silent], "does not answer")


def gateway_loses(scene: Scene) -> Words:
    """Show that packets are lost already on the way to the router, two at least."""
    return _named([t for t in scene.gateways if _lossy(t)], "loses packets")


def cpe_silent(scene: Scene) -> Words:
    """Show that the supplier's own box at the site is silent, while the gateway before it answers."""
    before = any(t.heard for t in scene.gateways)
    return _named([t for t in scene.cpes if t.silent], "does not answer") if before else ()


def lan_answers(scene: Scene) -> Words:
    """Show that a device of the site answers that is not the router."""
    others = [name for name, answers in scene.devices.items() if answers and name not in scene.routers]
    return (f"{others[0]} answers SNMP",) if others else ()


def router_restarted(scene: Scene) -> Words:
    """Show that the router's sysUpTime began anew."""
    return tuple(f"{name} restarted" for name in scene.restarted)


def port_down(scene: Scene) -> Words:
    """Show that every WAN port was read, and was down in the end."""
    read = [port for port in scene.ports if port.read]
    if not read or len(read) < len(scene.ports) or not all(port.ends_down for port in read):
        return ()
    return tuple(f"WAN port {port.name} is down" for port in read)


def port_was_down(scene: Scene) -> Words:
    """Show that a WAN port was down for a part of the minute."""
    return tuple(f"WAN port {port.name} was down" for port in scene.ports if port.seen_down)


def port_up(scene: Scene) -> Words:
    """Show that a WAN port was up all the time."""
    return tuple(f"WAN port {p.name} is up" for p in scene.ports if p.seen_up and not p.seen_down)


def first_hop_answers(scene: Scene) -> Words:
    """Show that the supplier's first router answers."""
    if scene.hop is not None and scene.hop.answers:
        return (f"first hop {scene.hop.address} answers",)
    return _named([t for t in scene.first_hops if t.heard], "(first hop) answers")


def first_hop_silent(scene: Scene) -> Words:
    """Show that the supplier's first router, which is known, does not answer."""
    if first_hop_answers(scene):
        return ()
    if scene.hop is not None:
        return (f"first hop {scene.hop.address} does not answer",)
    return _named([t for t in scene.first_hops if t.silent], "(first hop) does not answer")


def first_hop_loses(scene: Scene) -> Words:
    """Show that packets are lost already on the way to the supplier's first router."""
    return _named([t for t in scene.first_hops if _lossy(t)], "(first hop) loses packets")


def on_battery(scene: Scene) -> Words:
    """Show that the mains is off: a UPS runs on its battery."""
    return tuple(f"UPS {name} runs on its battery" for name in scene.on_battery)


def own_cable_out(scene: Scene) -> Words:
    """Show that this machine had no link."""
    return ("this box has no link: its cable is out",) if scene.carrier is False else ()


def seen_from_outside(scene: Scene) -> Words:
    """Show that a prober elsewhere reached the site."""
    return ("the site answers from outside",) if scene.outside is SlotState.UP else ()


def names_dead(scene: Scene) -> Words:
    """Show that every resolver fails."""
    if not scene.resolvers or not all(t.bad for t in scene.resolvers):
        return ()
    return _named(list(scene.resolvers), "does not resolve")


def service_fails(scene: Scene) -> Words:
    """Show that a service never gave what was asked for."""
    return _named([t for t in (*scene.services, *scene.local_services) if t.bad], "fails")


def access_points_dark(scene: Scene) -> Words:
    """Show that access points do not answer, while something else of the site does."""
    dark = [name for name in scene.access_points if scene.devices.get(name) is False]
    return tuple(f"{name} does not answer" for name in dark[:_SHOWN]) if dark else ()


def devices_dark(scene: Scene) -> Words:
    """Show that devices of the site do not answer; the router is left out where it answers pings."""
    pinged = any(t.heard for t in (*scene.gateways, *scene.cpes))
    known = {
        name: answers for name, answers in scene.devices.items() if not (pinged and name in scene.routers)
    }
    return tuple(f"{name} does not answer" for name, answers in known.items() if not answers)[:_SHOWN]


def a_circuit_is_cut(scene: Scene) -> Words:
    """Show that one of several circuits is down."""
    return tuple(f"circuit {name} is down ({fault})" for name, fault in scene.cut)


def _lossy(tally: Tally) -> bool:
    ratio = tally.loss_ratio
    return ratio is not None and ratio >= 0.05 and tally.lost >= _INDEPENDENT


def _named(tallies: Sequence[Tally], says: str) -> Words:
    found: dict[str, None] = {}
    for one in tallies:
        found[f"{one.key.target} {says}{_how(one)}"] = None
        if len(found) == _SHOWN:
            break
    return tuple(found)


def _how(tally: Tally) -> str:
    return "" if tally.good or tally.outcome is None else f": {tally.outcome}"
