"""The latest values, seen by a person: documents for the pages and the API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from netmon.latest import LatestRow
from netmon.model import Event, Fact, Fault, Outcome, SlotState, Stamp, Value
from netmon.model.derived import RUN_LAST_SUCCESS
from netmon.verdict.circuits import CircuitNow
from netmon.verdict.view import DeviceState, TargetState
from netmon.web.device_facts import summary
from netmon.web.documents import (
    CircuitDocument,
    DeviceDocument,
    EventDocument,
    FactDocument,
    MinuteDocument,
    ProbeDocument,
    VerdictDocument,
)
from netmon.web.interfaces import OPER_STATUS
from netmon.web.snapshot import Snapshot

# The number that answers "how long did it take" for each kind of probe; the whole run for all others.
ANSWER_TIME = {
    "icmp": ("probe_icmp_duration_seconds", (("phase", "rtt"),)),
    "tcp": ("netmon_probe_tcp_duration_seconds", (("phase", "connect"),)),
    "dns": ("probe_dns_duration_seconds", (("phase", "request"),)),
}
WHOLE_RUN = ("probe_duration_seconds", ())
_MINUTE_KEEPS_SECONDS = 180.0


def moment(wall_ms: float) -> datetime:
    """Return wall time in ms as UTC."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC)


def stamp_time(stamp: Stamp) -> datetime:
    """Return a stamp's wall time as UTC."""
    return moment(stamp.wall_ms)


def verdict_document(snapshot: Snapshot) -> VerdictDocument:
    """Return the verdict, with the last sign of life from beyond the router, if that is watched."""
    verdict = snapshot.verdict
    seen = [last_answer(snapshot, one.target, one.probe.name) for one in snapshot.outside]
    return VerdictDocument(
        verdict.state,
        verdict.fault,
        verdict.sentence,
        verdict.next_step,
        verdict.facts,
        max((when for when in seen if when is not None), default=None),
    )


def last_answer(snapshot: Snapshot, target: str, name: str = "") -> datetime | None:
    """Return when a target last answered a source of that name, or any; None: not since netmon started."""
    runs = [row for row in snapshot.runs.get(target, ()) if name in ("", row.label("name"))]
    times = [row.value(RUN_LAST_SUCCESS.name) for row in runs]
    newest = max((time for time in times if time is not None), default=None)
    return None if newest is None else moment(newest * 1000)


def circuit_documents(snapshot: Snapshot) -> tuple[CircuitDocument, ...]:
    """Return all circuits."""
    return tuple(_circuit(snapshot, now) for now in snapshot.circuits)


def _minute(snapshot: Snapshot, circuit: str) -> MinuteDocument | None:
    """Return the last minute that was decided, unless that is too long ago."""
    row = next(iter(snapshot.minutes.get(circuit, ())), None)
    fact = snapshot.decisions.get(circuit)
    if row is None or fact is None or snapshot.age_seconds(row) > _MINUTE_KEEPS_SECONDS:
        return None
    told, degraded = fact.values["facts"], fact.values["degraded"]
    return MinuteDocument(
        stamp_time(row.reading.stamp),
        SlotState(str(fact.values["state"])),
        Fault(str(fact.values["fault"])),
        None if degraded is None else bool(degraded),
        str(fact.values["sentence"]),
        tuple(map(str, told)) if isinstance(told, list | tuple) else (),
    )


def _circuit(snapshot: Snapshot, now: CircuitNow) -> CircuitDocument:
    watched = now.circuit
    return CircuitDocument(
        id=watched.id,
        state=now.state,
        why=now.why,
        supplier=watched.supplier,
        supplier_ref=watched.supplier_ref,
        backup_of=watched.backup_of,
        wan_device=watched.wan_device,
        wan_interface=watched.wan_interface,
        wan_status=OPER_STATUS.get(now.wan_oper_status or 0),
        down_bits_per_second=now.down_bits_per_second,
        up_bits_per_second=now.up_bits_per_second,
        contracted_down_bits_per_second=watched.down_bits_per_second,
        contracted_up_bits_per_second=watched.up_bits_per_second,
        down_ratio=now.down_ratio,
        up_ratio=now.up_ratio,
        minute=_minute(snapshot, watched.id),
    )


def device_documents(snapshot: Snapshot) -> tuple[DeviceDocument, ...]:
    """Return all configured devices."""
    return tuple(_device(snapshot, state) for state in snapshot.devices)


def _device(snapshot: Snapshot, state: DeviceState) -> DeviceDocument:
    name = state.device.name
    runs = snapshot.runs.get(name, ())
    newest = max(runs, key=lambda row: row.reading.stamp.boottime_ns, default=None)
    ticks = next((row.value("sysUpTime") for row in snapshot.systems.get(name, ())), None)
    ports = [row.value("ifOperStatus") for row in snapshot.ports.get(name, ())]
    return DeviceDocument(
        name=name,
        role=state.device.role,
        parent=state.device.parent,
        answers=state.answers,
        outcome=None if newest is None else newest.reading.outcomes[newest.at],
        last_answer=last_answer(snapshot, name),
        uptime_seconds=None if ticks is None else ticks / 100,  # SNMPv2-MIB: TimeTicks
        description=summary(snapshot.facts_of(name)),
        ports_up=sum(1 for port in ports if port == 1),
        ports=len(ports),
    )


def probe_documents(snapshot: Snapshot) -> tuple[ProbeDocument, ...]:
    """Return every target of every probe."""
    return tuple(_probe(snapshot, state) for state in snapshot.targets)


def _probe(snapshot: Snapshot, state: TargetState) -> ProbeDocument:
    row = snapshot.answers.get((state.probe.name, state.target))
    status = None if row is None else row.value("probe_http_status_code")
    return ProbeDocument(
        probe=state.probe.name,
        kind=state.probe.kind,
        role=state.probe.role,
        target=state.target,
        circuit=state.probe.circuit,
        good=state.good,
        outcome=state.outcome,
        answer_seconds=_answer_seconds(state, row),
        loss_ratio=None if row is None else row.value("netmon_probe_loss_ratio"),
        http_status=None if not status else int(status),
        last_answer=last_answer(snapshot, state.target, state.probe.name),
        age_seconds=state.age_seconds,
        stale=not state.known and state.outcome not in (None, Outcome.UNSUPPORTED),
        key=dict(row.row.key) if row else {},
    )


def _answer_seconds(state: TargetState, row: LatestRow | None) -> Value:
    if row is None or state.outcome is not Outcome.OK:
        return None  # how long a failure took is not how long an answer takes
    name, labels = ANSWER_TIME.get(state.probe.kind, WHOLE_RUN)
    return labelled(row, name, labels)


def labelled(row: LatestRow, name: str, labels: tuple[tuple[str, str], ...]) -> Value:
    """Return the value of the metric that has this name and these constant labels."""
    for at, metric in enumerate(row.reading.shape.metrics):
        if metric.name == name and metric.labels == labels:
            return row.reading.columns[at][row.at]
    return None


def fact_documents(facts: Iterable[Fact]) -> tuple[FactDocument, ...]:
    """Return facts as documents."""
    return tuple(FactDocument(one.kind, dict(one.key), one.values, stamp_time(one.stamp)) for one in facts)


def event_document(event: Event) -> EventDocument:
    """Return an event as a document."""
    return EventDocument(
        event.kind, dict(event.key), event.text, stamp_time(event.stamp), event.stamp.synced, event.data
    )
