"""What is deleted, and in which order. Small transactions, so that commits get in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from sqlite3 import Connection

from netmon.model import Retention, Stamp
from netmon.store.boots import Window
from netmon.store.connection import WAL_BYTES, file_bytes, transaction, used_bytes
from netmon.store.leap import leapt
from netmon.store.manifest import SealedFile, Shelf, ends_ms, forget_file, load_files
from netmon.store.schema import HIGH_WATER, load_boots, save_cursor
from netmon.store.sealed_folder import SealedFolder
from netmon.store.subjects import Genus

_CHUNK = 2000
_PAGES_RETURNED = 4000
"""Pages that are given back to the disk each time; more when there is no room for them."""
_PAGES_AT_A_STEP = 1000

_ORDINARY = "subject IN (SELECT id FROM subjects WHERE retention <> :evidence)"
# What is true now was perhaps last said long ago: the newest fact of a key is not history yet.
_SUPERSEDED = (
    "(topic NOT IN (SELECT id FROM topics WHERE genus = :fact) OR EXISTS (SELECT 1 FROM log AS newer "
    "INDEXED BY log_by_time WHERE newer.topic = log.topic AND newer.subject = log.subject "
    "AND newer.codec < 16 "
    "AND (newer.boot, newer.at_ns) > (log.boot, log.at_ns)))"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """How long things are kept.

    `sent_to` is the position that every sink in use has passed. Moments are wall time in ms; None
    when today's clock is not to be trusted, so that age deletes nothing. `now`: when that is said.
    `coming_bytes` is what will be written until the next time.
    """

    oldest_ms: int | None
    oldest_evidence_ms: int | None
    keep_bytes: int
    sent_to: int
    newest: int
    now: Stamp | None = None
    coming_bytes: int = 0

    @classmethod
    def at(cls, now: Stamp, keep_seconds: float, keep_bytes: int, evidence_seconds: float) -> Terms:
        """Return what a policy means at a moment, for a history without sinks."""

        def oldest_ms(seconds: float) -> int | None:
            return now.wall_ms - int(seconds * 1000) if now.synced else None

        return cls(oldest_ms(keep_seconds), oldest_ms(evidence_seconds), keep_bytes, 2**62, 0, now)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one step of clearing up deleted; `unsent` had not reached every sink."""

    records: int
    unsent: int = 0


class Retainer:
    """Clears up a history step by step; each step is one short piece of work for the disk thread."""

    def __init__(self, connection: Connection, folder: SealedFolder, terms: Terms) -> None:
        self._connection = connection
        self._folder = folder
        self._terms = terms

    def steps(self) -> Iterator[Deleted]:
        """Delete by age, then by size, one chunk at each step; end with what nothing refers to any more."""
        # Deleting the end of the log must not give its positions again. AUTOINCREMENT would see to it, at
        # the price of one more page written by every commit.
        save_cursor(self._connection, HIGH_WATER, self._terms.newest)
        if self._terms.now is None or not leapt(self._connection, self._terms.now):
            yield from self._by_age()
            yield from self._files_by_age()
        yield from self._files_by_size(Shelf.PROBES, Shelf.POLLED)
        yield from self._by_size()
        yield from self._files_by_size(Shelf.ROLLUPS)
        yield from self._unused_subjects()
        yield from self._return_pages()

    def used_bytes(self) -> int:
        """Return what the history takes: pages in use, sealed files, and what has to stay free for it."""
        return used_bytes(self._connection) + self._beside_bytes()

    def _beside_bytes(self) -> int:
        """Return what sealed files take, and what the write-ahead log, new records and one stretch may.

        A stretch is written before its rows leave the log. Of a small budget a third is for what is there.
        """
        files, third = self._files(), self._terms.keep_bytes // 3
        last = max((file.last for file in files), default=0)
        stretch = sum(file.size_bytes for file in files if file.last == last)
        reserved = min(WAL_BYTES, third) + min(self._terms.coming_bytes + stretch, third)
        return sum(file.size_bytes for file in files) + reserved

    def _return_pages(self) -> Iterator[Deleted]:
        """Give free pages back: some each time, and all that the budget has no room for."""
        returned = 0
        while free := file_bytes(self._connection) - used_bytes(self._connection):
            over = file_bytes(self._connection) + self._beside_bytes() > self._terms.keep_bytes
            if returned >= _PAGES_RETURNED and not over:
                break
            self._connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_A_STEP})").fetchall()
            if file_bytes(self._connection) - used_bytes(self._connection) == free:
                break
            returned += _PAGES_AT_A_STEP
            yield Deleted(0)
        # The file itself becomes smaller only now. PASSIVE: nobody waits for a reader.
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _files(self) -> list[SealedFile]:
        return list(load_files(self._connection).values())

    def _files_by_age(self) -> Iterator[Deleted]:
        boots = load_boots(self._connection)
        ends = ends_ms(self._connection, {one.boot: one for one in boots.segments() if one.synced})
        for file in self._files():
            lasting = file.shelf in (Shelf.EVIDENCE, Shelf.ROLLUPS)
            oldest_ms = self._terms.oldest_evidence_ms if lasting else self._terms.oldest_ms
            end_ms = ends.get(file.id)
            if oldest_ms is None or end_ms is None or end_ms >= oldest_ms:
                continue
            if file.last <= self._terms.sent_to:
                yield self._unlink(file)

    def _files_by_size(self, *shelves: Shelf) -> Iterator[Deleted]:
        """Delete files of some shelves, one shelf after the other, oldest first; unsent ones last."""
        for sent in (True, False):
            for shelf in shelves:
                for file in self._files():
                    if self.used_bytes() <= self._terms.keep_bytes:
                        return
                    if file.shelf is shelf and (file.last <= self._terms.sent_to) is sent:
                        yield self._unlink(file)

    def _unlink(self, file: SealedFile) -> Deleted:
        with transaction(self._connection):
            forget_file(self._connection, file.name)
        # Not before that is durable: a file that is missing would be damage, one too many is found again.
        self._folder.unlink(file.name)
        unsent = 0 if file.shelf is Shelf.ROLLUPS else min(file.readings, file.last - self._terms.sent_to)
        return Deleted(file.readings, max(unsent, 0))

    def _by_age(self) -> Iterator[Deleted]:
        boots = load_boots(self._connection)
        for oldest_ms, retained, condition in (
            (self._terms.oldest_ms, "retention <> :evidence", f"{_ORDINARY} AND {_SUPERSEDED}"),
            (self._terms.oldest_evidence_ms, "retention = :evidence", f"NOT {_ORDINARY}"),
        ):
            if oldest_ms is None:
                continue
            topics = self._select(f"SELECT DISTINCT topic FROM subjects WHERE {retained}")  # noqa: S608 - constants
            for window, topic in product(boots.trusted_before(oldest_ms), topics):
                yield from self._chunks(
                    f"codec < 16 AND topic = {topic:d} AND {_within(window)} AND {condition}"
                )
            for window in boots.trusted_before(oldest_ms):
                yield from self._chunks(f"codec >= 16 AND {_within(window)} AND {condition}")

    def _by_size(self) -> Iterator[Deleted]:
        for sent in ("<=", ">"):
            # Evidence stays where it is, at the old end: it is not looked at again for each chunk.
            passed = 0
            while self.used_bytes() > self._terms.keep_bytes:
                positions = self._delete(
                    f"position > {passed:d} AND position {sent} :sent_to AND {_ORDINARY} AND {_SUPERSEDED} "
                    "ORDER BY position"
                )
                if not positions:
                    break
                passed = positions[-1]
                yield Deleted(len(positions), len(positions) if sent == ">" else 0)

    def _unused_subjects(self) -> Iterator[Deleted]:
        # In one step: what a commit writes between two of them may refer to what the first one deletes.
        self._connection.execute(
            "DELETE FROM subjects WHERE id NOT IN (SELECT subject FROM blocks UNION SELECT subject FROM log)"
        )
        self._connection.execute("DELETE FROM subjects_copy WHERE id NOT IN (SELECT id FROM subjects)")
        yield Deleted(0)

    def _chunks(self, condition: str) -> Iterator[Deleted]:
        while positions := self._delete(condition):
            yield Deleted(len(positions))
            if len(positions) < _CHUNK:
                return

    def _delete(self, condition: str) -> list[int]:
        positions = self._select(f"SELECT position FROM log WHERE {condition} LIMIT {_CHUNK}")  # noqa: S608 - constants and integers
        with transaction(self._connection):
            self._connection.executemany("DELETE FROM log WHERE position = ?", zip(positions, strict=True))
        return positions

    def _select(self, query: str) -> list[int]:
        terms = {
            "evidence": Retention.EVIDENCE.value, "fact": Genus.FACT.value, "sent_to": self._terms.sent_to,
        }  # fmt: skip
        return [number for (number,) in self._connection.execute(query, terms)]


def _within(window: Window) -> str:
    return (
        f"boot = {window.segment.boot:d} AND at_ns >= {window.start_ns:d} AND at_ns < {window.end_ns:d} "
        "AND position <= :sent_to"
    )
