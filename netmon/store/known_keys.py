"""Which rows there are readings of in a stretch of time, as indexes and places of blocks tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from sqlite3 import Connection

from netmon.model import Labels
from netmon.store.block import NS_PER_MS
from netmon.store.boots import Window
from netmon.store.interface import Query
from netmon.store.records import Records
from netmon.store.scope import Scope
from netmon.store.subjects import Genus, Subject

# Each half has an index of its own; in it all that is asked for.
_STORED = (
    "SELECT DISTINCT subject FROM log WHERE codec >= 16 AND boot = ?1 AND at_ns >= ?2 AND at_ns < ?3 "
    "UNION SELECT DISTINCT subject FROM log WHERE codec < 16 AND topic = ?4 AND boot = ?1 AND at_ns >= ?2 "
    "AND at_ns < ?3"
)
_SEALED = "SELECT DISTINCT subject FROM blocks WHERE boot = ? AND first_ms <= ? AND last_ms >= ?"


def known_keys(connection: Connection, records: Records, query: Query) -> Sequence[Labels]:
    """Return the keys of the rows that readings of a stretch have, in order.

    A block tells that it has something between its ends, so that a row may be named for some hours more.
    """
    scope = Scope(Genus.READING, query.measurement, query.key)
    subjects = {number: (topic, subject) for topic, number, subject in records.log.subjects(scope)}
    topics = {topic for topic, _ in subjects.values()}
    there: set[int] = set()
    for window in records.log.refresh().windows(query.start_ms, query.end_ms):
        there.update(_within(connection, window, topics, sealed=records.has_sealed))
    wanted = set(query.key)
    return sorted({key for number in there & subjects.keys() for key in _keys(subjects[number][1], wanted)})


def _within(connection: Connection, window: Window, topics: set[int], *, sealed: bool) -> Iterator[int]:
    boot, start_ns, end_ns = window.segment.boot, window.start_ns, window.end_ns
    for topic in topics:
        yield from (number for (number,) in connection.execute(_STORED, (boot, start_ns, end_ns, topic)))
    if sealed:
        ends = (boot, (end_ns - 1) // NS_PER_MS, -(-start_ns // NS_PER_MS))
        yield from (number for (number,) in connection.execute(_SEALED, ends))


def _keys(subject: Subject, wanted: set[tuple[str, str]]) -> Iterator[Labels]:
    for row in subject.shape.rows if subject.shape is not None else ():
        if wanted <= set(row.key):
            yield row.key
