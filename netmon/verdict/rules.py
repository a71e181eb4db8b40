"""The verdict on the site: an ordered table of rules, the first that applies decides.

A minute's final state and the incidents are decided from history; this is what can be said now, for
the page. Two independent targets beyond the gateway are needed to call a line down: with one, the
target itself may be what failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netmon.model import Fault, SlotState
from netmon.verdict.evidence import Evidence, gather, host, known
from netmon.verdict.view import View, WatchedCircuit


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence for a person, what to do next, and the facts that decided."""

    state: SlotState
    fault: Fault
    sentence: str
    next_step: str
    facts: tuple[str, ...] = ()


def decide(view: View) -> Verdict:
    """Return the verdict that holds now."""
    evidence = gather(view)
    for rule in RULES:
        verdict = rule(evidence)
        if verdict is not None:
            return verdict
    return Verdict(SlotState.UP, Fault.NONE, "Everything that is watched answers.", "Nothing to do.")


def _nothing_known(evidence: Evidence) -> Verdict | None:
    if any(map(known, (*evidence.gateways, *evidence.outside))) or any(
        d.answers is not None for d in evidence.devices
    ):
        return None
    return Verdict(
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
        "Nothing is known yet.",
        "Wait a minute; if this stays, no probe is configured or none can run: see netmon doctor.",
    )


def _own_cable_out(evidence: Evidence) -> Verdict | None:
    if not evidence.own_carriers or any(evidence.own_carriers):
        return None
    if any(t.answered for t in (*evidence.gateways, *evidence.outside)):
        return None
    return Verdict(
        SlotState.UNKNOWN,
        Fault.APPLIANCE,
        "This box's own network cable is out, or what it is plugged into is off.",
        "Put the cable between this box and the switch or router back in, and look at its lights.",
    )


def _gateway_dead(evidence: Evidence) -> Verdict | None:
    gateways = [g for g in evidence.gateways if known(g)]
    if not gateways or any(t.answered for t in (*gateways, *evidence.outside)):
        return None
    return Verdict(
        SlotState.UNKNOWN,
        Fault.LAN,
        "The router does not answer: the line cannot be seen from here.",
        "Check that the router has power and that the cable between this box and the router is in.",
        tuple(f"{g.target} ({g.probe.name}): {g.outcome}" for g in gateways),
    )


def _line_down(evidence: Evidence) -> Verdict | None:
    outside = evidence.outside
    if not outside or any(t.answered for t in outside):
        return None
    facts = tuple(f"{t.target} ({t.probe.name}): {t.outcome}" for t in outside)
    if evidence.wan_down and not evidence.wan_up:
        return Verdict(SlotState.DOWN, Fault.LINE, "The line is down.", _call(evidence.wan_down), facts)
    if any(t.answered is None for t in outside):
        return Verdict(
            SlotState.UNKNOWN,
            Fault.UNKNOWN,
            "Nothing beyond the router answers, and something refuses in its place.",
            "Look whether these targets are right and running; a router may refuse for them on a dead line.",
            facts,
        )
    if len({host(t) for t in outside}) < 2:
        return Verdict(
            SlotState.UNKNOWN,
            Fault.UNKNOWN,
            "The only target beyond the router does not answer: line or target, one alone cannot tell.",
            'Watch a second target of another operator beyond the line (role = "anchor").',
            facts,
        )
    return Verdict(
        SlotState.DOWN,
        Fault.ISP if evidence.wan_up else Fault.UNKNOWN,
        "Nothing beyond the router answers.",
        _call(evidence.circuits),
        facts,
    )


def _call(circuits: Sequence[WatchedCircuit]) -> str:
    check = "Check the modem's power and its cable to the wall"
    known_as = [
        f"{circuit.supplier} (reference {circuit.supplier_ref})" if circuit.supplier_ref else circuit.supplier
        for circuit in circuits
        if circuit.supplier
    ]
    return (
        f"{check}; then call {' or '.join(known_as)}."
        if known_as
        else f"{check}; then call the line's supplier."
    )


def _names_dead(evidence: Evidence) -> Verdict | None:
    resolvers = [r for r in evidence.resolvers if known(r) and r.probe.kind == "dns"]
    others = [t for t in evidence.outside if t.answered and t.probe.kind != "dns"]
    if not resolvers or any(r.good for r in resolvers) or not others:
        return None
    return Verdict(
        SlotState.UP,
        Fault.RESOLVER,
        "The line works, but names do not resolve.",
        "Tell whoever runs the resolver; setting another one helps at once.",
        tuple(f"{r.target}: {r.outcome}" for r in resolvers),
    )


def _nothing_beyond(evidence: Evidence) -> Verdict | None:
    if evidence.outside:
        return None
    silent = [d.device.name for d in evidence.devices if d.answers is False]
    resolvers = [r for r in evidence.resolvers if known(r) and r.probe.kind == "dns"]
    parts = [
        "the router answers" if any(g.answered for g in evidence.gateways) else "",
        "names do not resolve" if resolvers and not any(r.good for r in resolvers) else "",
        f"{_count(len(silent), 'device')} {_verb(len(silent))} not answer" if silent else "",
        "nothing beyond the router is watched, so nobody can say whether the line works",
    ]
    sentence = "; ".join(part for part in parts if part)
    return Verdict(
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
        f"{sentence[0].upper()}{sentence[1:]}.",
        'Watch two targets of different operators beyond the line: [[probe]] with role = "anchor".',
        tuple(silent),
    )


def _devices_dead(evidence: Evidence) -> Verdict | None:
    dead = [d.device.name for d in evidence.devices if d.answers is False]
    if not dead:
        return None
    return Verdict(
        SlotState.UP,
        Fault.LAN,
        f"The line works; {_count(len(dead), 'device')} of this site {_verb(len(dead))} not answer.",
        f"Check power and uplink of {', '.join(dead[:5])}{' and more' if len(dead) > 5 else ''}.",
        tuple(dead),
    )


def _targets_dead(evidence: Evidence) -> Verdict | None:
    dead = [t for t in (*evidence.beyond, *evidence.services, *evidence.resolvers) if t.good is False]
    if not dead:
        return None
    names = ", ".join(dict.fromkeys(f"{t.target} ({t.outcome})" for t in dead[:5]))
    only_services = all(t.probe.role in ("service", "") for t in dead)
    return Verdict(
        SlotState.UP,
        Fault.SERVICE if only_services else Fault.FAR_END,
        f"The line works; {_count(len(dead), 'target')} beyond it {_verb(len(dead))} not answer as asked.",
        f"Not this site's fault as long as the others answer: {names}.",
        tuple(t.target for t in dead),
    )


def _backup_carries(evidence: Evidence) -> Verdict | None:
    if not evidence.wan_down:
        return None
    cut = ", ".join(circuit.id for circuit in evidence.wan_down)
    return Verdict(
        SlotState.UP, Fault.LINE, f"The site works, but {cut} is down.", _call(evidence.wan_down), (cut,)
    )


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _verb(n: int) -> str:
    return "does" if n == 1 else "do"


RULES: tuple[Callable[[Evidence], Verdict | None], ...] = (
    _nothing_known,
    _own_cable_out,
    _gateway_dead,
    _line_down,
    _backup_carries,
    _names_dead,
    _nothing_beyond,
    _devices_dead,
    _targets_dead,
)
