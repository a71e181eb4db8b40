"""What is deleted, and in which order. Small transactions, so that commits get in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from sqlite3 import Connection

from netmon.model import Retention
from netmon.store.schema import load_boots
from netmon.store.subjects import Genus

_CHUNK = 2000
_PAGES_RETURNED = 2000

_ORDINARY = "subject IN (SELECT id FROM subjects WHERE retention <> :evidence)"
# What is true now was perhaps last said long ago: the newest fact of a key is not history yet.
_SUPERSEDED = (
    "(topic NOT IN (SELECT id FROM topics WHERE genus = :fact) OR EXISTS (SELECT 1 FROM log AS newer "
    "INDEXED BY log_by_time WHERE newer.topic = log.topic AND newer.subject = log.subject "
    "AND (newer.boot, newer.at_ns) > (log.boot, log.at_ns)))"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """How long things are kept.

    `sent_to` is the position that every sink in use has passed. Moments are wall time in ms; None
    when today's clock is not to be trusted, so that age deletes nothing.
    """

    oldest_ms: int | None
    oldest_evidence_ms: int | None
    keep_bytes: int
    sent_to: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one step of clearing up deleted; `unsent` had not reached every sink."""

    records: int
    unsent: int = 0


class Retainer:
    """Clears up a history step by step; each step is one short piece of work for the disk thread."""

    def __init__(self, connection: Connection, terms: Terms) -> None:
        self._connection = connection
        self._terms = terms

    def steps(self) -> Iterator[Deleted]:
        """Delete by age, then by size, one chunk at each step; end with what nothing refers to any more."""
        yield from self._by_age()
        yield from self._by_size()
        self._connection.execute(
            "DELETE FROM subjects WHERE id NOT IN (SELECT DISTINCT subject FROM log INDEXED BY log_by_time)"
        )
        self._connection.execute("DELETE FROM subjects_copy WHERE id NOT IN (SELECT id FROM subjects)")
        self._connection.execute(f"PRAGMA incremental_vacuum({_PAGES_RETURNED})").fetchall()

    def _by_age(self) -> Iterator[Deleted]:
        boots = load_boots(self._connection)
        topics = [topic for (topic,) in self._connection.execute("SELECT id FROM topics").fetchall()]
        classes = (
            (self._terms.oldest_ms, f"{_ORDINARY} AND {_SUPERSEDED}"),
            (self._terms.oldest_evidence_ms, f"NOT {_ORDINARY}"),
        )
        for oldest_ms, condition in classes:
            for window in boots.trusted_before(oldest_ms) if oldest_ms is not None else ():
                for topic in topics:
                    yield from self._chunks(
                        f"topic = {topic:d} AND boot = {window.segment.boot:d} "
                        f"AND at_ns >= {window.start_ns:d} AND at_ns < {window.end_ns:d} "
                        f"AND position <= :sent_to AND {condition}"
                    )

    def _by_size(self) -> Iterator[Deleted]:
        for sent in ("position <= :sent_to", "position > :sent_to"):
            while self.used_bytes() > self._terms.keep_bytes:
                deleted = self._delete(f"{sent} AND {_ORDINARY} AND {_SUPERSEDED} ORDER BY position")
                if not deleted:
                    break
                yield Deleted(deleted, deleted if ">" in sent else 0)

    def used_bytes(self) -> int:
        """Return the size of the pages in use; the file may be larger by those that were freed."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _chunks(self, condition: str) -> Iterator[Deleted]:
        while deleted := self._delete(condition):
            yield Deleted(deleted)
            if deleted < _CHUNK:
                return

    def _delete(self, condition: str) -> int:
        terms = {
            "evidence": Retention.EVIDENCE.value, "fact": Genus.FACT.value, "sent_to": self._terms.sent_to,
        }  # fmt: skip
        return self._connection.execute(
            f"DELETE FROM log WHERE position IN (SELECT position FROM log WHERE {condition} LIMIT {_CHUNK})",  # noqa: S608 - constants and integers
            terms,
        ).rowcount
