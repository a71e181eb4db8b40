"""The rules that decide a minute: the first whose signs all show gives state and fault.

What was heard goes before what was not: an answer from beyond the line proves that it was up, whatever
else is wrong. Down takes proof on both sides: the way to the router works, and two independent anchors
are silent. All else is unknown, which is neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from netmon.model import Fault, SlotState
from netmon.verdict import degraded as of
from netmon.verdict import signs
from netmon.verdict.degraded import degraded
from netmon.verdict.scene import Scene
from netmon.verdict.signs import Sign, beyond_answers, gateway_answers, two_anchors_silent

UP, DOWN, UNKNOWN = SlotState.UP, SlotState.DOWN, SlotState.UNKNOWN


@dataclass(frozen=True, slots=True)
class Rule:
    """When all signs show: this state, this fault, this sentence."""

    state: SlotState
    fault: Fault
    sentence: str
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that is wrong while the line works."""

    fault: Fault
    sentence: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a minute was, with the facts that decided. `degraded` is None where it was not up."""

    state: SlotState
    fault: Fault
    degraded: bool | None
    sentence: str
    facts: tuple[str, ...]
    beside: tuple[Beside, ...] = ()
    """Of the site: everything beside the line that is wrong in this minute, which one fault cannot say."""


def judge(scene: Scene) -> Judgement:
    """Decide one minute of one circuit, or of the site."""
    for rule in RULES:
        found = [sign(scene) for sign in rule.signs]
        if all(found):
            facts = tuple(dict.fromkeys(word for words in found for word in words))
            poor = bool(degraded(scene)) if rule.state is UP else None
            return Judgement(rule.state, rule.fault, poor, rule.sentence, facts)
    return Judgement(UNKNOWN, Fault.UNKNOWN, None, "Nothing shows how it stands.", ())


def beside(scene: Scene) -> tuple[Beside, ...]:
    """Return all that is wrong beside the line, by the rules for a line that works."""
    rules = [rule for rule in RULES if rule.signs[0] is beyond_answers and rule.fault in _BESIDE]
    found = [(rule, [sign(scene) for sign in rule.signs]) for rule in rules if degraded not in rule.signs]
    return tuple(
        Beside(rule.fault, rule.sentence, tuple(word for words in shown[1:] for word in words))
        for rule, shown in found
        if all(shown)
    )


_BESIDE = frozenset({Fault.RESOLVER, Fault.FAR_END, Fault.SERVICE, Fault.POWER})
HIDDEN = "The line works from outside, the site's own network does not."
"""Up, and yet nobody at the site gets out."""

_ILL = (beyond_answers, degraded)
_DEAD = (two_anchors_silent, gateway_answers)

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(UNKNOWN, Fault.APPLIANCE, "netmon did not run.", (signs.netmon_was_off,)),

    # Something beyond the line answered: up. Degraded first, nearest cause first.
    Rule(UP, Fault.POWER, "The mains is off, and the line is degraded.", (*_ILL, signs.on_battery)),
    Rule(UP, Fault.CPE, "The router restarted.", (*_ILL, signs.router_restarted)),
    Rule(UP, Fault.LAN, "Packets are lost on the site's own network.", (*_ILL, signs.gateway_loses)),
    Rule(UP, Fault.LINE, "The line comes and goes.", (*_ILL, signs.port_was_down)),
    Rule(UP, Fault.CPE, "Large packets vanish at the router.", (*_ILL, of.black_hole_at_router)),
    Rule(UP, Fault.ISP, "Large packets vanish beyond the router.", (*_ILL, of.black_hole)),
    Rule(UP, Fault.NONE, "The line is full with the site's own traffic.", (*_ILL, of.line_full)),
    Rule(UP, Fault.LINE, "The line is degraded.", (*_ILL, of.first_hop_ill)),
    Rule(UP, Fault.ISP, "It is degraded beyond the supplier's first router.", (*_ILL, of.first_hop_clean)),
    Rule(UP, Fault.UNKNOWN, "The way out is degraded.", _ILL),
    Rule(UP, Fault.LINE, "The site works, not by all its lines.", (beyond_answers, signs.a_circuit_is_cut)),
    Rule(UP, Fault.CPE, "The line works; the router restarted.", (beyond_answers, signs.router_restarted)),
    Rule(UP, Fault.RESOLVER, "The line works, names do not resolve.", (beyond_answers, signs.names_dead)),
    Rule(UP, Fault.FAR_END, "The line works, something far away does not.",
         (beyond_answers, signs.some_anchor_silent)),
    Rule(UP, Fault.SERVICE, "The line works, a service does not.", (beyond_answers, signs.service_fails)),
    Rule(UP, Fault.POWER, "The line works, the mains is off.", (beyond_answers, signs.on_battery)),
    Rule(UP, Fault.WIFI, "The line works, access points do not answer.",
         (beyond_answers, signs.access_points_dark)),
    Rule(UP, Fault.LAN, "The line works, devices of the site do not answer.",
         (beyond_answers, signs.devices_dark)),
    Rule(UP, Fault.NONE, "It works.", (beyond_answers,)),

    # Nothing beyond answered as asked. First what hides the line from us: unknown.
    Rule(UNKNOWN, Fault.APPLIANCE, "This box's own cable is out.", (signs.own_cable_out,)),
    Rule(UP, Fault.LAN, HIDDEN, (signs.gateway_silent, signs.seen_from_outside)),
    Rule(UP, Fault.FAR_END, "The line works from outside, all anchors are silent.",
         (two_anchors_silent, signs.seen_from_outside)),
    Rule(UNKNOWN, Fault.POWER, "The mains is off and the router is silent.",
         (signs.gateway_silent, signs.on_battery)),
    Rule(UNKNOWN, Fault.CPE, "The router does not answer, the site's network does.",
         (signs.gateway_silent, signs.lan_answers)),
    Rule(UNKNOWN, Fault.LAN, "The router does not answer: the line cannot be seen from here.",
         (signs.gateway_silent,)),

    # Two anchors silent behind a router that can be reached: down, nearest proven cause first.
    Rule(DOWN, Fault.POWER, "The mains is off and the line with it.", (*_DEAD, signs.on_battery)),
    Rule(DOWN, Fault.CPE, "The router restarted and has no line yet.", (*_DEAD, signs.router_restarted)),
    Rule(DOWN, Fault.LINE, "The line is down.", (*_DEAD, signs.port_down)),
    Rule(DOWN, Fault.LINE, "The line is down, another circuit carries.",
         (signs.anchors_go_elsewhere, gateway_answers, signs.port_down)),
    Rule(DOWN, Fault.CPE, "The supplier's box at the site does not answer.", (*_DEAD, signs.cpe_silent)),
    Rule(DOWN, Fault.ISP, "The line reaches the supplier, and nothing beyond.",
         (*_DEAD, signs.first_hop_answers)),
    Rule(DOWN, Fault.ISP, "The line's port is up, and nothing beyond it answers.", (*_DEAD, signs.port_up)),
    Rule(DOWN, Fault.LINE, "Nothing beyond the router answers, not even the supplier's first router.",
         (*_DEAD, signs.first_hop_silent)),
    Rule(DOWN, Fault.UNKNOWN, "Nothing beyond the router answers.", _DEAD),

    # What is left proves nothing.
    Rule(UNKNOWN, Fault.LINE, "The line's port is down; too few anchors prove the rest.", (signs.port_down,)),
    Rule(UNKNOWN, Fault.UNKNOWN, "Something answers in place of the anchors.", (signs.something_in_place,)),
    Rule(UNKNOWN, Fault.UNKNOWN, "Only a resolver answers.", (signs.resolver_alone,)),
    Rule(UNKNOWN, Fault.UNKNOWN, "This machine has no way out by this circuit.", (signs.no_way_out,)),
    Rule(UNKNOWN, Fault.APPLIANCE, "Too little was measured.", (signs.too_little_asked,)),
    Rule(UNKNOWN, Fault.UNKNOWN, "Two anchors beyond the line would tell.", (signs.some_anchor_silent,)),
)
# fmt: on
