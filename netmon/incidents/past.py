"""What an earlier start of netmon left in the history: incidents as they stood, and the last minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from netmon.incidents.incident import Incident, Thing
from netmon.incidents.off import off_minutes
from netmon.incidents.record import KIND, from_json, step_of
from netmon.model import Event, Fact, Reading, Record, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, OUTSIDE_MINUTE, RUN, SITE_MINUTE
from netmon.store.interface import HistoryReader, Query
from netmon.verdict.off_time import EVENT as OFF

REPLAYED_MINUTES = 15
"""Longer than any window of minutes; an incident that is open for longer stands in its own fact."""
_MINUTES = frozenset({CIRCUIT_MINUTE, SITE_MINUTE, OUTSIDE_MINUTE})
HEARD = frozenset({RUN, OUTSIDE_MINUTE, "system", "sensor_runtime", "sensor_state", "poe_port"})
"""Measurements that say something beside the minutes."""
_SLICE_MS = 3_600_000
_Told = tuple[int, int, Record]
"""A record with the time at which it was told, and its rank among those of one moment."""
_LATE_MS = 40_000
"""A minute bears the time of its middle; it was told when it was over and its last probes had ended."""


@dataclass(frozen=True, slots=True)
class Past:
    """Incidents, the newest of each thing, and records in the order in which they were told."""

    incidents: Sequence[Incident]
    batches: Sequence[Sequence[Record]]

    @property
    def minutes(self) -> int:
        """How many minutes of the site there are."""
        return sum(_is_site_minute(record) for batch in self.batches for record in batch)


def read_past(reader: HistoryReader, now: Stamp) -> Past:
    """Read it; blocks on the disk. StoreError when it cannot be read."""
    start_ms = now.wall_ms - REPLAYED_MINUTES * 60_000
    words = words_at(reader, start_ms)
    batches = replayable(reader, start_ms, now.wall_ms + 1)
    steps = reader.events(start_ms, now.wall_ms + 1, KIND)
    return Past(newest((*incidents_in(reader.facts(KIND)), *_incidents_of(steps))), [words, *batches])


def words_at(reader: HistoryReader, at_ms: int) -> list[Record]:
    """Return what minutes were called at a moment, until they are called otherwise."""
    return [*reader.facts(CIRCUIT_MINUTE, at_ms=at_ms), *reader.facts(SITE_MINUTE, at_ms=at_ms)]


def replayable(
    reader: HistoryReader, start_ms: int, end_ms: int, measurements: Iterable[str] = ()
) -> Iterator[Sequence[Record]]:
    """Yield what incidents are made of, in the order in which it was told; further measurements if named.

    An hour at a time is in memory. Minutes without netmon are left out: their event tells of them.
    """
    gaps = [gap for event in reader.events(start_ms, end_ms, OFF) if (gap := off_minutes(event)) is not None]
    wanted = dict.fromkeys((*_MINUTES, *HEARD, *measurements))
    waiting: list[_Told] = []
    for begin_ms in range(start_ms, end_ms, _SLICE_MS):
        until_ms = min(begin_ms + _SLICE_MS, end_ms)
        found = _slice(reader, begin_ms, until_ms, wanted)
        waiting += (one for one in found if not any(_in_gap(one[2], *gap) for gap in gaps))
        waiting.sort(key=itemgetter(0, 1))
        ready = [one for one in waiting if one[0] < until_ms or until_ms == end_ms]
        waiting = waiting[len(ready) :]
        for _, together in groupby(ready, key=itemgetter(0)):
            yield [record for *_, record in together]


def _slice(reader: HistoryReader, start_ms: int, end_ms: int, measurements: Iterable[str]) -> Iterator[_Told]:
    for measurement in measurements:
        for reading in reader.range(Query(measurement, start_ms, end_ms)):
            yield _told_ms(reading), _rank(reading), reading
    for kind in (CIRCUIT_MINUTE, SITE_MINUTE):
        for fact in reader.fact_changes(start_ms, end_ms, kind):
            yield fact.stamp.wall_ms + _LATE_MS, 1, fact
    for event in reader.events(start_ms, end_ms):
        if event.kind != KIND:
            yield event.stamp.wall_ms, 0, event


def incidents_in(facts: Iterable[Fact]) -> list[Incident]:
    """Return the incidents that facts hold; one of another format is left out."""
    found = []
    for fact in facts:
        try:
            found.append(from_json(fact.values))
        except ValueError:
            continue
    return found


def newest(incidents: Iterable[Incident]) -> list[Incident]:
    """Return the newest incident of each thing, as its last step left it."""
    found: dict[Thing, Incident] = {}
    for one in sorted(incidents, key=lambda incident: incident.number):
        kept = found.get(one.thing)
        if kept is None or kept.id == one.id or kept.started.wall_ms < one.started.wall_ms:
            found[one.thing] = one
    return list(found.values())


def _incidents_of(events: Iterable[Event]) -> Iterator[Incident]:
    """Yield what steps say: a step may be in the history without its fact, where a power cut parted them."""
    for event in events:
        try:
            yield step_of(event)[1]
        except ValueError:
            continue


def _told_ms(reading: Reading) -> int:
    late = _LATE_MS if reading.shape.measurement in _MINUTES else 0
    return reading.stamp.wall_ms + late


def _rank(record: Record) -> int:
    return 2 if _is_site_minute(record) else 1


def _in_gap(record: Record, last: Stamp, minutes: int) -> bool:
    if not isinstance(record, Reading) or record.shape.measurement not in _MINUTES:
        return False
    after_ns = record.stamp.boottime_ns - last.boottime_ns
    return record.stamp.boot_id == last.boot_id and 0 < after_ns <= minutes * 60_000_000_000


def _is_site_minute(record: Record) -> bool:
    return isinstance(record, Reading) and record.shape.measurement == SITE_MINUTE
