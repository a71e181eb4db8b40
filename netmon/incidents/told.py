"""Each step of a case as records: the incident as it stands now, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from netmon.incidents.case import Case
from netmon.incidents.causes import Cause, decide
from netmon.incidents.clues import Clue, Clues, Sort
from netmon.incidents.explain import Explanations
from netmon.incidents.incident import Certainty, Incident, Level, Severity, Step
from netmon.incidents.look import Look
from netmon.incidents.moments import elapsed_seconds, settled
from netmon.incidents.record import state_fact, step_event
from netmon.incidents.settings import EngineSettings
from netmon.incidents.severity import higher, severity
from netmon.incidents.words import line
from netmon.model import Event, Outcome, Reading, Record, Retention, Row, Shape, Stamp
from netmon.model.derived import INCIDENT, INCIDENT_METRICS

_BEFORE_MINUTES = 2.0
_SETTLED_MINUTES = 2
"""Minutes for which another cause must show before it is told."""
_OF_DEVICES = frozenset({Sort.POE, Sort.BATTERY, Sort.MAINS})
_WRITTEN: Mapping[str, tuple[Step, str]] = {
    "ack": (Step.ACKNOWLEDGED, "acknowledged_by"),
    "ticket": (Step.TICKET, "ticket"),
    "exclude": (Step.EXCLUDED, ""),
}


@dataclass(frozen=True)
class Teller:
    """Makes the records of steps. None of its methods decides whether a step is due, but for `revised`."""

    settings: EngineSettings
    clues: Clues
    explanations: Explanations

    def opened(self, case: Case, step: Step, began: Stamp, now: Stamp, minute: float) -> Sequence[Record]:
        """Tell that an incident began, or began again."""
        references = self.settings.scope.references(case.thing)
        case.incident = replace(case.current, supplier_refs=references, notify=case.look.notify)
        self._weigh(case, self._cause(case, minute), now)
        self._hush(case, now)
        return self._step(case, step, began, now)

    def revised(self, case: Case, began: Stamp, now: Stamp, minute: float) -> Sequence[Record]:
        """Tell what is another thing now: who explains it, cause, severity, flapping; nothing else."""
        before = case.current
        self._hush(case, now)
        if bool(before.quiet) != bool(case.current.quiet):
            step = Step.SUPPRESSED if case.current.quiet else Step.RELEASED
            self._weigh(case, self._cause(case, minute), now)
            return self._step(case, step, began, now)
        cause = self._cause(case, minute)
        case.other_cause = case.other_cause + 1 if cause.fault is not before.fault else 0
        if case.other_cause >= _SETTLED_MINUTES or self._severity(case, cause, now) is not before.severity:
            case.other_cause = 0
            self._weigh(case, cause, now)
            return self._step(case, Step.CHANGED, began, now)
        if case.track.flapping and not before.flapping:
            case.incident = replace(case.current, flapping=True)
            return self._step(case, Step.FLAPPING, began, now)
        return ()

    def closed(self, case: Case, over: Stamp, now: Stamp, minute: float) -> Sequence[Record]:
        """Tell that an incident is over, since a minute ago or more."""
        began = Stamp(now.boot_id, now.boottime_ns - 60_000_000_000, now.wall_ms - 60_000, now.synced)
        self._weigh(case, self._cause(case, minute), now)
        case.incident = replace(case.current, ended=settled(over, now))
        records = self._step(case, Step.CLOSED, began, now)
        case.track.turn_page()
        return records

    def abandoned(self, case: Case, now: Stamp) -> Sequence[Record]:
        """Tell that nobody watches the thing any more."""
        case.incident = replace(case.current, ended=now, sentence="It is not watched any more.")
        return self._step(case, Step.CLOSED, now, now)

    def written(self, case: Case, event: Event) -> Sequence[Record]:
        """Tell what a person wrote about it."""
        step, name = _WRITTEN.get(str(event.data.get("action")), (Step.CHANGED, ""))
        said = str(event.data.get("ticket") or event.data.get("by") or "")
        incident = case.current
        if name == "ticket":
            incident = replace(incident, ticket=said)
        elif name:
            incident = replace(incident, acknowledged_by=said)
        case.incident = replace(incident, number=incident.number + 1, written_ms=event.stamp.wall_ms)
        return [
            step_event(case.current, step, event.text, event.stamp),
            state_fact(case.current, event.stamp),
        ]

    def _cause(self, case: Case, minute: float) -> Cause:
        if case.thing.of_rule:
            return of_rule(case.look if case.look.sentence else None, case.current)
        clues = self.clues.around(case.started_minute - _BEFORE_MINUTES, minute)
        around = self.settings.surroundings(self.clues.batteries)
        if case.thing.level is Level.DEVICE:
            clues = [clue for clue in clues if self._concerns(clue, case.thing.name)]
        elif case.thing.site != self.settings.scope.watch.site:
            clues = []
        return decide(case.tally.dossier(clues, around, case.started_minute))

    def _concerns(self, clue: Clue, device: str) -> bool:
        return clue.about == device or clue.sort in _OF_DEVICES

    def _weigh(self, case: Case, cause: Cause, now: Stamp) -> None:
        worst = max(case.tally.worst, case.current.worst)
        case.incident = replace(
            case.current,
            worst=worst,
            bad_minutes=max(case.tally.minutes, case.current.bad_minutes),
            severity=self._severity(case, cause, now),
            fault=cause.fault,
            certainty=cause.certainty,
            sentence=cause.sentence,
            facts=cause.facts,
            missing=cause.missing,
        )

    def _severity(self, case: Case, cause: Cause, now: Stamp) -> Severity:
        if case.look.severity is not None:
            return case.look.severity
        in_hours = self.settings.in_hours(now.wall_ms)
        found = severity(case.thing, case.tally.worst, cause.fault, in_hours=in_hours)
        return higher(found, case.current.severity) if case.current.number else found

    def _hush(self, case: Case, now: Stamp) -> None:
        by, why = self.explanations.of(case)
        if not why:
            planned = self.settings.planned(case.thing, now.wall_ms)
            why = f"maintenance: {planned}" if planned else ""
        case.incident = replace(case.current, suppressed_by=by, quiet=why)

    def _step(self, case: Case, step: Step, began: Stamp, now: Stamp) -> Sequence[Record]:
        incident = case.current
        started = settled(incident.started, now)
        case.incident = incident = replace(
            incident,
            started=started,
            number=incident.number + 1,
            duration_seconds=max(0.0, elapsed_seconds(started, incident.ended or now)),
            flap_score=round(case.track.score, 3),
            as_of=began,
            told=incident.told or not (incident.quiet or step is Step.CLOSED),
        )
        return [step_event(incident, step, line(incident, step), now), state_fact(incident, now)]


def of_rule(look: Look | None, before: Incident) -> Cause:
    """Return what a rule says now; what it said before when it says nothing."""
    if look is None:
        return Cause(before.fault, before.certainty, before.sentence, before.facts, ())
    return Cause(look.fault, Certainty.UNKNOWN, look.sentence, look.facts, ())


def readings_of(incidents: Iterable[Incident], now: Stamp) -> list[Reading]:
    """Return incidents as numbers, a reading of each: rows that come and go would share their series."""
    return [_reading(one, now) for one in {one.thing: one for one in incidents}.values()]


def _reading(one: Incident, now: Stamp) -> Reading:
    fault = next(metric.name for metric in INCIDENT_METRICS if metric.name.endswith("_info"))
    key = (("site", one.thing.site), ("thing", one.thing.key))
    shape = Shape(
        INCIDENT, INCIDENT_METRICS, (Row(key, texts=((fault, str(one.fault)),)),), Retention.EVIDENCE
    )
    cells = (int(one.open), one.started.wall_ms / 1000, 1)
    return Reading(shape, now, tuple((cell,) for cell in cells), (Outcome.OK,))
