"""The incident engine: a subscriber that decides after each minute what began, changed and ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from netmon.incidents.case import Case
from netmon.incidents.clues import Clues
from netmon.incidents.explain import Explanations
from netmon.incidents.incident import Badness, Incident, Step, Thing
from netmon.incidents.look import Look
from netmon.incidents.looks import looks
from netmon.incidents.minute import Listener, Minute
from netmon.incidents.moments import earlier, elapsed_seconds
from netmon.incidents.off import Off
from netmon.incidents.past import HEARD, Past
from netmon.incidents.policy import AT_ONCE, Policy
from netmon.incidents.record import RECORD
from netmon.incidents.settings import EngineSettings
from netmon.incidents.told import Teller, readings_of
from netmon.model import Event, Reading, Record, Stamp
from netmon.verdict.off_time import EVENT as OFF

_MOST_HELD = 20_000
"""Records of a minute that are kept until it is decided; a large site has a thousand."""


@dataclass(frozen=True, slots=True)
class _Now:
    """The minute that is decided: its beginning, and the moment at which it is."""

    began: Stamp
    stamp: Stamp


class Engine:
    """Keeps a case for each thing. All that it knows comes from records, so that stored days can be replayed.

    `publish` takes what it tells: an event and a fact for each step, a reading each minute.
    """

    def __init__(
        self, publish: Callable[[Sequence[Record]], None], settings: EngineSettings | None = None
    ) -> None:
        self._publish = publish
        self._listener, self._clues = Listener(), Clues()
        self._off = Off()
        self._cases: dict[Thing, Case] = {}
        self._minute = 0.0
        self._held: deque[Record] = deque(maxlen=_MOST_HELD)
        """What was told since the end of the last minute that was decided."""
        self._replaying = False
        self._settings = EngineSettings()
        self._explanations = Explanations(self._settings.scope, self._cases)
        self._teller = Teller(self._settings, self._clues, self._explanations)
        self.expect(settings or self._settings)

    @property
    def incidents(self) -> list[Incident]:
        """The newest incident of each thing."""
        return [case.current for case in self._cases.values() if case.incident is not None]

    def expect(self, settings: EngineSettings) -> None:
        """Look with another configuration's eyes from now on; what is the same keeps its state."""
        self._settings = settings
        self._listener.watch = settings.scope.watch
        if settings.rules is not None:
            settings.rules.keep(settings.scope.watches)
        self._explanations = Explanations(settings.scope, self._cases)
        self._teller = Teller(settings, self._clues, self._explanations)
        for case in self._cases.values():
            case.follow(self._policy(case.thing))

    def resume(self, past: Past, now: Stamp) -> None:
        """Go on where an earlier start of netmon stood: nothing is told twice, nothing is left out."""
        for _ in self.resuming(past, now):
            pass

    def resuming(self, past: Past, now: Stamp) -> Iterator[None]:
        """Do the same in small pieces: a quarter of an hour of a large site takes a while."""
        self._minute = float(-past.minutes)
        for incident in past.incidents:
            self._case(incident.thing).resume(incident, now, past.minutes)
        self._replaying = True
        for batch in past.batches:
            self.accept(batch)
            yield
        self._replaying = False
        self._held.clear()
        self._clues.begin()

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting; what a person wrote counts at once, all else with its minute."""
        for record in records:
            if isinstance(record, Event) and record.kind == RECORD:
                self._person(record)
            elif self._matters(record):
                self._held.append(record)
        minute = self._listener.accept(records)
        if minute is not None:
            self._hear(minute)
            self._decide(minute)

    def _matters(self, record: Record) -> bool:
        if not isinstance(record, Reading):
            return isinstance(record, Event)
        rules = self._settings.rules
        return record.shape.measurement in HEARD or (rules is not None and rules.covers(record.shape))

    def _hear(self, minute: Minute) -> None:
        """Take what was told until the end of a minute; that netmon was off comes before all else."""
        end = earlier(minute.began, -1)
        early = [one for one in self._held if not _after(one.stamp, end)]
        self._held = deque((one for one in self._held if _after(one.stamp, end)), maxlen=_MOST_HELD)
        for event in [one for one in early if isinstance(one, Event) and one.kind == OFF]:
            # What devices said before it is of another time.
            early = [one for one in early if one is event or self._off.is_after(event, one.stamp)]
            self._was_off(event)
        site = self._settings.scope.watch.site
        for record in early:
            if isinstance(record, Event):
                self._clues.note_event(record, self._minute)
            elif isinstance(record, Reading):
                self._clues.note_reading(record, self._minute, site)
        minute.devices = self._listener.devices(early)
        if self._settings.rules is not None:
            self._settings.rules.accept(early)

    def _was_off(self, event: Event) -> None:
        minutes = self._off.note(event, self._minute)
        self._clues.begin()
        if minutes:
            self._clues.move(minutes)

    def _person(self, event: Event) -> None:
        """Take what a person wrote about the newest incident of a thing."""
        wanted = dict(event.key).get("incident")
        for case in self._cases.values():
            incident = case.incident
            if incident is None or incident.id != wanted:
                continue
            if not self._replaying or incident.written_ms < event.stamp.wall_ms:
                self._tell(self._teller.written(case, event))

    def _decide(self, minute: Minute) -> None:
        self._minute += 1
        settings, now = self._settings, _Now(minute.began, earlier(minute.began, -1))
        dark = frozenset(name for name, answers in minute.devices.items() if not answers)
        self._explanations.dark = dark
        found = list(looks(settings.scope, minute, lambda thing: self._case(thing).track.seen_good))
        if settings.rules is not None:
            found += settings.rules.looks(now.stamp, [thing for thing in self._cases if thing.of_rule])
        changed: list[Incident] = []
        for look in found:
            case = self._case(look.thing)
            if self._replaying and case.decided(now.began):
                case.feed_again(now.began, look)
            else:
                case.feed(now.began, look)
                self._one(case, look, now, changed)
        self._after_off(now)
        self._forget({look.thing for look in found}, now)
        rows = [*(case.current for case in self._cases.values() if case.open), *changed]
        if rows and not self._replaying:
            self._publish(readings_of(rows, now.stamp))

    def _one(self, case: Case, look: Look, now: _Now, ended: list[Incident]) -> None:
        """Decide one case."""
        if case.open:
            over = case.track.calm(held=case.current.flapping)
            if over is not None:
                self._tell(self._teller.closed(case, over, now.stamp, self._minute))
                ended.append(case.current)
            else:
                self._tell(self._teller.revised(case, now.began, now.stamp, self._minute))
            return
        first = case.track.ripe() if case.track.bad else None
        if first is None:
            return
        if self._explanations.undecided(case):
            case.held_minutes += 1
            return
        self._open(case, look.began or first, now)

    def _open(self, case: Case, first: Stamp, now: _Now) -> None:
        again = case.incident is not None and case.track.restless
        case.begin(first, self._minute, now.stamp)
        step = Step.REOPENED if again else Step.OPENED
        self._tell(self._teller.opened(case, step, now.began, now.stamp, self._minute))

    def _after_off(self, now: _Now) -> None:
        """Open the incident of a time in which netmon did not run, once the first minutes tell why."""
        gap = self._off.due(self._minute, least=self._unseen_minutes())
        site = self._case(self._settings.scope.site)
        if gap is None or site.open or (self._replaying and site.decided(now.began)):
            return
        look = Look(site.thing, Badness.UNSEEN, gap.fault, gap.sentence)
        site.begin(gap.first, self._minute, now.stamp)
        site.started_minute = self._minute - elapsed_seconds(gap.first, now.stamp) / 60
        site.track.begin_at(gap.after, round(elapsed_seconds(gap.after, now.stamp) / 60))
        for _ in range(gap.minutes):
            site.tally.note(look)
        self._tell(self._teller.opened(site, Step.OPENED, now.began, now.stamp, self._minute))

    def _unseen_minutes(self) -> int:
        limits = self._settings.policy.limits
        return next((limit.least for limit in limits if limit.badness is Badness.UNSEEN), 3)

    def _forget(self, seen: set[Thing], now: _Now) -> None:
        """Close incidents of things that left the configuration, and forget the things."""
        for thing in [
            thing for thing in self._cases if not self._settings.wanted(thing) and thing not in seen
        ]:
            case = self._cases.pop(thing)
            if case.open:
                self._tell(self._teller.abandoned(case, now.stamp))

    def _case(self, thing: Thing) -> Case:
        case = self._cases.get(thing)
        if case is None:
            case = self._cases[thing] = Case(thing, self._policy(thing))
        return case

    def _policy(self, thing: Thing) -> Policy:
        return AT_ONCE if thing.of_rule else self._settings.policy

    def _tell(self, records: Sequence[Record]) -> None:
        if records:
            self._publish(records)


def _after(stamp: Stamp, end: Stamp) -> bool:
    return stamp.boot_id == end.boot_id and stamp.boottime_ns >= end.boottime_ns
