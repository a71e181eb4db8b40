"""What is known at one moment. Nothing in it changes, so another thread may look at it at leisure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netmon.latest import LatestRow
from netmon.model import Fact
from netmon.model.derived import BANDWIDTH_PLAN, BANDWIDTH_TEST, CIRCUIT_MINUTE, RUN
from netmon.verdict.circuits import CircuitNow, circuits
from netmon.verdict.evidence import gather
from netmon.verdict.rules import Verdict
from netmon.verdict.view import DeviceState, TargetState, View, Watch

OWN_INTERFACES = "host_interface"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The latest rows, sorted by what they are about, and what the verdict's eyes saw in them."""

    boottime_ns: int
    watch: Watch
    verdict: Verdict
    circuits: Sequence[CircuitNow]
    devices: Sequence[DeviceState]
    targets: Sequence[TargetState]
    outside: Sequence[TargetState]
    """Those of them that lie beyond the router."""
    ports: Mapping[str, Sequence[LatestRow]]
    """By device."""
    own_ports: Sequence[LatestRow]
    systems: Mapping[str, Sequence[LatestRow]]
    """By device."""
    answers: Mapping[tuple[str, str], LatestRow]
    """By probe and target."""
    runs: Mapping[str, Sequence[LatestRow]]
    """By target."""
    facts: Mapping[str, Mapping[str, Fact]]
    """By device and kind."""
    minutes: Mapping[str, Sequence[LatestRow]]
    """By circuit: what its last minute was."""
    decisions: Mapping[str, Fact]
    """By circuit: what decided it."""
    plans: Sequence[LatestRow] = ()
    """Today's plans of bandwidth tests."""
    tests: Sequence[LatestRow] = ()
    """The last bandwidth test of each target and direction."""

    def facts_of(self, device: str) -> Mapping[str, Fact]:
        """Return what a device told of itself, by kind."""
        return self.facts.get(device, {})

    def age_seconds(self, row: LatestRow) -> float:
        """Return how old a row's reading was at that moment."""
        return (self.boottime_ns - row.reading.stamp.boottime_ns) / 1e9


def take(view: View, verdict: Verdict, boottime_ns: int) -> Snapshot:
    """Look once, in one pass per measurement; call it on the event loop."""
    latest = view.latest
    kinds = {probe.kind for probe in view.watch.probes.values()}
    return Snapshot(
        boottime_ns=boottime_ns,
        watch=view.watch,
        verdict=verdict,
        circuits=circuits(view),
        devices=view.devices(),
        targets=view.targets(),
        outside=gather(view).outside,
        ports=_by("device", latest.rows("interface")),
        own_ports=tuple(latest.rows(OWN_INTERFACES)),
        systems=_by("device", latest.rows("system")),
        answers={
            (row.label("probe"), row.label("target")): row for kind in kinds for row in latest.rows(kind)
        },
        runs=_by("target", latest.rows(RUN)),
        facts=_facts(latest.facts()),
        minutes=_by("circuit", latest.rows(CIRCUIT_MINUTE)),
        plans=tuple(latest.rows(BANDWIDTH_PLAN)),
        tests=tuple(latest.rows(BANDWIDTH_TEST)),
        decisions={dict(fact.key).get("circuit", ""): fact for fact in latest.facts(CIRCUIT_MINUTE)},
    )


def _by(label: str, rows: Iterable[LatestRow]) -> Mapping[str, Sequence[LatestRow]]:
    sorted_rows: dict[str, list[LatestRow]] = {}
    for row in rows:
        sorted_rows.setdefault(row.label(label), []).append(row)
    return sorted_rows


def _facts(facts: Iterable[Fact]) -> Mapping[str, Mapping[str, Fact]]:
    found: dict[str, dict[str, Fact]] = {}
    for fact in facts:
        found.setdefault(dict(fact.key).get("device", ""), {})[fact.kind] = fact
    return found
