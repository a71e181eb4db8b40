"""The table of causes: what an incident's minutes said, and what only shows beside or after them.

The minutes were decided by netmon.verdict's table; it is not written again here. Rules above `minutes
said` are for what no single minute can know: that the router has restarted is seen when it is back, that
the power was cut when this box has booted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netmon.incidents.clues import Clue, Sort
from netmon.incidents.dossier import Dossier
from netmon.incidents.incident import Badness, Certainty
from netmon.model import Fault

Words = tuple[str, ...]
Sign = Callable[[Dossier], Words]

_SHOWN = 6
_SEVERAL = 2
_NOTICED = 3
_AT_ONCE_MINUTES = 3.0
_UNSEEN = frozenset({Fault.CPE, Fault.LAN, Fault.POWER, Fault.APPLIANCE, Fault.UNKNOWN})
"""What minutes say in which the router did not answer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When all signs show: this fault. An empty sentence: the one that the minutes had."""

    fault: Fault | None
    """None: what the minutes said."""
    sentence: str
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, with the facts that decided, and those that would have told more."""

    fault: Fault
    certainty: Certainty
    sentence: str
    facts: Words
    missing: Words


def this_box_booted(dossier: Dossier) -> Words:
    """Show that this machine booted in the incident."""
    return _texts(dossier, Sort.REBOOT)


def netmon_was_off(dossier: Dossier) -> Words:
    """Show that netmon measured nothing."""
    return _texts(dossier, Sort.OFF)


def router_restarted(dossier: Dossier) -> Words:
    """Show that a router's sysUpTime began in the incident, or that it said so."""
    return tuple(clue.text for clue in _restarts(dossier) if clue.about in dossier.around.routers)


def several_restarted(dossier: Dossier) -> Words:
    """Show that two devices restarted."""
    found = _restarts(dossier)
    several = len({clue.about for clue in found}) >= _SEVERAL
    return tuple(dict.fromkeys(clue.text for clue in found)) if several else ()


def _restarts(dossier: Dossier) -> list[Clue]:
    """Return the restarts that may be to blame: at the beginning, or any when the router was not seen.

    A router that is switched off and on in a long outage, while it could be asked, is no cause of it.
    """
    found = dossier.of(Sort.RESTART)
    if dossier.main in _UNSEEN:
        return found
    return [clue for clue in found if clue.minute <= dossier.started + _AT_ONCE_MINUTES]


def others_ran_on(dossier: Dossier) -> Words:
    """Show that this box alone was away: devices are watched, and none restarted."""
    if not dossier.around.devices or _restarts(dossier):
        return ()
    return ("no other device restarted",)


def on_battery(dossier: Dossier) -> Words:
    """Show that a UPS ran on its battery when it began."""
    return tuple(dict.fromkeys(clue.text for clue in _at_onset(dossier, Sort.BATTERY)))


def link_went_down(dossier: Dossier) -> Words:
    """Show that a router said so when it began."""
    found = [one for one in _at_onset(dossier, Sort.LINK_DOWN) if one.about in dossier.around.routers]
    return tuple(dict.fromkeys(clue.text for clue in found))


def no_power_from_switch(dossier: Dossier) -> Words:
    """Show that a switch gives no power to a port that should have it."""
    return _texts(dossier, Sort.POE)


def nothing_got_through(dossier: Dossier) -> Words:
    """Show that it was worse than degraded."""
    return ("nothing got through",) if dossier.worst >= Badness.UNSEEN else ()


def minutes_said(*faults: Fault) -> Sign:
    """Return a sign that shows when most minutes said one of these."""

    def sign(dossier: Dossier) -> Words:
        main = dossier.main
        return (*dossier.facts.get(main, ()), f"{dossier.said[main]} min") if main in faults else ()

    return sign


def minutes_knew(dossier: Dossier) -> Words:
    """Show what most minutes said, if they said where the fault is."""
    main = dossier.main
    if main is Fault.UNKNOWN or main not in dossier.said:
        return ()
    return tuple(dossier.facts.get(main, ())) or (dossier.sentences.get(main, "") or f"{main}",)


def reached_from_outside(dossier: Dossier) -> Words:
    """Show that the site answered a prober elsewhere all the time."""
    return () if dossier.of(Sort.UNREACHED) else _texts(dossier, Sort.REACHED)


_OWN = minutes_said(Fault.APPLIANCE)
_UNCLEAR = minutes_said(Fault.CPE, Fault.LAN, Fault.UNKNOWN, Fault.LINE, Fault.ISP, Fault.APPLIANCE)

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(Fault.POWER, "The site had no power: this box and the router restarted.",
         (this_box_booted, router_restarted)),
    Rule(Fault.POWER, "The site had no power: this box restarted, the UPS ran on its battery.",
         (this_box_booted, on_battery)),
    Rule(Fault.POWER, "The site had no power: this box and other devices restarted.",
         (this_box_booted, several_restarted)),
    Rule(Fault.APPLIANCE, "This box was off; the site was not.",
         (netmon_was_off, _OWN, reached_from_outside)),
    Rule(Fault.APPLIANCE, "This box was off; nothing else restarted.", (netmon_was_off, _OWN, others_ran_on)),
    Rule(Fault.APPLIANCE, "This box was off.", (netmon_was_off, _OWN)),
    Rule(Fault.POWER, "The mains failed.", (nothing_got_through, on_battery)),
    Rule(Fault.POWER, "The site had no power: several devices restarted.",
         (nothing_got_through, several_restarted, _UNCLEAR)),
    Rule(Fault.CPE, "The router restarted.", (nothing_got_through, router_restarted)),
    Rule(Fault.LINE, "A link of the router went down.",
         (nothing_got_through, link_went_down, minutes_said(Fault.UNKNOWN))),
    Rule(Fault.POWER, "A switch gives no power to what hangs on it.",
         (no_power_from_switch, minutes_said(Fault.LAN, Fault.WIFI))),
    Rule(None, "", (minutes_knew,)),
)

MISSING: tuple[tuple[str, Callable[[Dossier], bool]], ...] = (
    ("a view from outside", lambda dossier: not dossier.of(Sort.REACHED, Sort.UNREACHED)),
    ("a UPS", lambda dossier: not dossier.around.batteries and not dossier.of(Sort.BATTERY)),
    ("the WAN port", lambda dossier: not dossier.around.wan_ports),
    ("the router's uptime", lambda dossier: not dossier.around.routers),
    ("the supplier's first router", lambda dossier: not dossier.around.first_hop),
)
# fmt: on


def decide(dossier: Dossier) -> Cause:
    """Return the cause by the first rule whose signs all show; unknown, with what most minutes said."""
    missing = tuple(words for words, lacks in MISSING if lacks(dossier))
    for rule in RULES:
        shown = [sign(dossier) for sign in rule.signs]
        if all(shown):
            fault = dossier.main if rule.fault is None else rule.fault
            facts = tuple(dict.fromkeys(word for words in shown for word in words))[:_SHOWN] + noticed(
                dossier
            )
            sentence = rule.sentence or dossier.sentences.get(fault, "")
            return Cause(fault, _certainty(dossier, fault), sentence, facts, missing)
    sentence = dossier.sentences.get(Fault.UNKNOWN, "") or "Nothing shows where the fault is."
    facts = tuple(dossier.facts.get(Fault.UNKNOWN, ()))[:_SHOWN] + noticed(dossier)
    return Cause(Fault.UNKNOWN, Certainty.UNKNOWN, sentence, facts, missing)


def noticed(dossier: Dossier) -> Words:
    """Return what else was noticed when it began: other ways, links that went, a clock that was set."""
    found = _at_onset(dossier, Sort.PATH, Sort.LINK_DOWN, Sort.CLOCK)
    return tuple(dict.fromkeys(f"also noticed: {clue.text}" for clue in found))[:_NOTICED]


def _at_onset(dossier: Dossier, *sorts: Sort) -> list[Clue]:
    return [clue for clue in dossier.of(*sorts) if clue.minute <= dossier.started + _AT_ONCE_MINUTES]


def _certainty(dossier: Dossier, fault: Fault) -> Certainty:
    """Call a cause proven when somebody else than this box agrees: a UPS, or a prober outside.

    Outside must have seen the site dark where the line, its router or the power are to blame, and alive
    where it was something inside.
    """
    if fault is Fault.POWER and dossier.of(Sort.BATTERY):
        return Certainty.PROVEN
    dark, alive = dossier.of(Sort.UNREACHED), dossier.of(Sort.REACHED)
    mains_stayed = bool(dossier.around.batteries) and not dossier.of(Sort.BATTERY)
    if fault in (Fault.LINE, Fault.ISP, Fault.CPE):
        return Certainty.PROVEN if dark or mains_stayed else Certainty.PROBABLE
    if fault is Fault.POWER:
        return Certainty.PROVEN if dark else Certainty.PROBABLE
    return Certainty.PROVEN if alive and not dark else Certainty.PROBABLE


def _texts(dossier: Dossier, sort: Sort) -> Words:
    return tuple(dict.fromkeys(clue.text for clue in dossier.of(sort)))
