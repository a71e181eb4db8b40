"""What there is, told by subjects, indexes and places of blocks alone: keys of a stretch of time, labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from sqlite3 import Connection

from netmon.model import Labels
from netmon.store.block import NS_PER_MS
from netmon.store.boots import Window
from netmon.store.interface import Query
from netmon.store.manifest import Shelf
from netmon.store.records import Records
from netmon.store.scope import Scope
from netmon.store.subjects import Genus, Subject

# Each half has an index of its own; in it all that is asked for.
_STORED = (
    "SELECT DISTINCT subject FROM log WHERE codec >= 16 AND boot = ?1 AND at_ns >= ?2 AND at_ns < ?3 "
    "UNION SELECT DISTINCT subject FROM log WHERE codec < 16 AND topic = ?4 AND boot = ?1 AND at_ns >= ?2 "
    "AND at_ns < ?3"
)
_SEALED = (
    "SELECT 1 FROM blocks WHERE subject = ? AND boot = ? AND first_ms <= ? AND last_ms >= ? "  # noqa: S608 - a number of ours
    f"AND file IN (SELECT id FROM files WHERE shelf <> {Shelf.ROLLUPS:d}) LIMIT 1"
)


def known_keys(connection: Connection, records: Records, query: Query) -> Sequence[Labels]:
    """Return the keys of the rows that readings of a stretch have, in order.

    A block tells that it has something between its ends, so that a row may be named for some hours more.
    """
    scope = Scope(Genus.READING, query.measurement, query.key)
    subjects = {number: (topic, subject) for topic, number, subject in records.log.subjects(scope)}
    there: set[int] = set()
    for window in records.log.refresh().windows(query.start_ms, query.end_ms):
        there |= _stored(connection, window, {topic for topic, _ in subjects.values()})
        if records.has_sealed:
            there.update(one for one in subjects if one not in there and _sealed(connection, window, one))
    wanted = set(query.key)
    return sorted({key for number in there & subjects.keys() for key in _keys(subjects[number][1], wanted)})


def label_names(records: Records) -> Sequence[str]:
    """Return the names of all labels of all keys and metrics, in alphabetical order."""
    labels: set[Labels] = set()
    for _, _, subject in records.log.subjects(Scope(None)):
        labels.add(subject.key)
        if subject.shape is not None:
            labels.update(row.key for row in subject.shape.rows)
            labels.update(metric.labels for metric in subject.shape.metrics)
    return sorted({name for pairs in labels for name, _ in pairs})


def _stored(connection: Connection, window: Window, topics: set[int]) -> set[int]:
    """Return the subjects that the log has in a window, and perhaps some of other topics."""
    ends = (window.segment.boot, window.start_ns, window.end_ns)
    rows = (row for topic in topics for row in connection.execute(_STORED, (*ends, topic)))
    return {number for (number,) in rows}


def _sealed(connection: Connection, window: Window, subject: int) -> bool:
    """Tell whether a block of a subject reaches into a window."""
    ends = ((window.end_ns - 1) // NS_PER_MS, -(-window.start_ns // NS_PER_MS))
    return connection.execute(_SEALED, (subject, window.segment.boot, *ends)).fetchone() is not None


def _keys(subject: Subject, wanted: set[tuple[str, str]]) -> Iterator[Labels]:
    for row in subject.shape.rows if subject.shape is not None else ():
        if wanted <= set(row.key):
            yield row.key
