"""All records of a history, wherever they are: the log's and those of sealed files, in one order."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from heapq import merge
from sqlite3 import Connection

from netmon.model import Shape
from netmon.store.block import NS_PER_MS
from netmon.store.interface import Entry, Position, StoreStats
from netmon.store.log_reader import LogReader
from netmon.store.manifest import Shelf
from netmon.store.merging import Key
from netmon.store.schema import FORMAT_VERSION, has_sealed_files
from netmon.store.scope import MovedError, Scope
from netmon.store.sealed_folder import SealedFolder
from netmon.store.sealed_reader import SealedReader
from netmon.store.subjects import Genus

_FOLLOWED = 4
_EVER_MS = 2**43


class Records:
    """Reads the log and sealed files; `log` and `sealed` are there for what concerns one side."""

    def __init__(self, connection: Connection, folder: SealedFolder) -> None:
        self._connection = connection
        self.log = LogReader(connection)
        self.sealed = SealedReader(connection, folder)
        self.has_sealed = has_sealed_files(connection)
        self._followed: OrderedDict[Position, _Followed] = OrderedDict()

    @property
    def damaged_total(self) -> int:
        """Damaged records and values met."""
        return self.log.damaged_total + self.sealed.damaged_total

    def after(self, position: Position, limit: int) -> list[Entry]:
        """Return up to `limit` undamaged records after a position; none only at the end."""
        found = deque(self.log.after(position, limit))
        if not self.has_sealed or position >= self.log.sealed_to:
            return list(found)
        followed = self._followed.pop(position, None)
        if followed is None or followed.sealed_to != self.log.sealed_to:
            # One that was opened before the last seal knows nothing of what has left the log since.
            followed = _Followed(self.sealed.after(position, self.log.refresh()), self.log.sealed_to)
        entries: list[Entry] = []
        while len(entries) < limit and (found or followed.head is not None):
            if followed.head is None or (found and found[0].position < followed.head.position):
                entries.append(found.popleft())
            else:
                entries.append(followed.take())
        if entries and followed.head is not None:
            # The next question will most likely begin where this one ended.
            self._followed[entries[-1].position] = followed
            if len(self._followed) > _FOLLOWED:
                self._followed.popitem(last=False)
        return entries

    def scan(self, scope: Scope, start_ms: int, end_ms: int) -> Iterator[Entry]:
        """Yield records of a stretch of wall time, end excluded, in its order."""
        now_ms, told = start_ms, set[Position]()
        while True:
            try:
                for entry in self._scan(scope, now_ms, end_ms):
                    at_ms = entry.record.stamp.wall_ms
                    if at_ms > now_ms:
                        now_ms = at_ms
                        told.clear()
                    if entry.position not in told:
                        told.add(entry.position)
                        yield entry
            except MovedError:
                # What was in the log is in a file now: go on with what that moment has not told yet.
                continue
            return

    def newest_first(self, scope: Scope, end_ms: int | None = None) -> Iterator[Entry]:
        """Yield the log's records before a moment, newest first, then the newest reading of sealed files."""
        told: set[Position] = set()
        while True:
            try:
                for entry in self.log.newest_first(scope, end_ms):
                    if entry.position not in told:
                        told.add(entry.position)
                        yield entry
            except MovedError:
                continue
            break
        if self.has_sealed and scope.genus is Genus.READING:
            boots = self.log.refresh()
            windows = list(boots.windows(-_EVER_MS, _EVER_MS if end_ms is None else end_ms))
            newest = self.sealed.last(self.shapes(scope), windows, boots)
            if newest is not None:
                yield newest

    def shapes(self, scope: Scope) -> dict[int, Shape]:
        """Return the shapes of a scope by the number of their subject."""
        if scope.genus not in (None, Genus.READING):
            return {}
        subjects = self.log.subjects(scope)
        return {number: subject.shape for _, number, subject in subjects if subject.shape is not None}

    def count(self) -> int:
        """Return how many records there are."""
        return self.log.count() + self._sealed_readings()

    def stats(self, size_bytes: int) -> StoreStats:
        """Return counts and edges of a history of so many bytes."""
        (newest,) = self._connection.execute("SELECT max(position) FROM log").fetchone()
        return StoreStats(
            records=self.count(),
            size_bytes=size_bytes,
            newest=max(newest or 0, self.log.sealed_to),
            oldest_ms=self.oldest_ms(),
            newest_ms=self.edge_ms("DESC"),
            damaged_total=self.damaged_total,
            format_version=FORMAT_VERSION,
        )

    def shelves(self) -> dict[str, int]:
        """Return how many bytes sealed files take, by what they hold."""
        sizes = dict.fromkeys((shelf.name.lower() for shelf in Shelf), 0)
        for file in self.sealed.files() if self.has_sealed else ():
            sizes[file.shelf.name.lower()] += file.size_bytes
        return sizes

    def oldest_ms(self) -> int | None:
        """Return the wall time of the oldest record; None when there is none."""
        edges = [self.edge_ms("ASC"), self._oldest_sealed_ms()]
        return min((edge for edge in edges if edge is not None), default=None)

    def edge_ms(self, order: str) -> int | None:
        """Return the wall time of the first (ASC) or last (DESC) record of the log; None when not known."""
        query = f"SELECT boot, at_ns FROM log ORDER BY position {order} LIMIT 1"  # noqa: S608 - ASC or DESC
        row = self._connection.execute(query).fetchone()
        try:
            return None if row is None else self.log.refresh().stamp(*row).wall_ms
        except ValueError:
            return None

    def _sealed_readings(self) -> int:
        return sum(file.readings for file in self.sealed.files()) if self.has_sealed else 0

    def _oldest_sealed_ms(self) -> int | None:
        if not self.has_sealed:
            return None
        boots = self.log.refresh()
        for file in self.sealed.files():
            for boot, first_ms in self.sealed.beginnings(file):
                try:
                    return boots.stamp(boot, first_ms * NS_PER_MS).wall_ms
                except ValueError:
                    continue
        return None

    def _scan(self, scope: Scope, start_ms: int, end_ms: int) -> Iterator[Entry]:
        stored = self.log.scan(scope, start_ms, end_ms)
        if not self.has_sealed or scope.genus not in (None, Genus.READING):
            return stored
        boots = self.log.refresh()
        sealed = self.sealed.scan(self.shapes(scope), list(boots.windows(start_ms, end_ms)), boots)
        return merge((entry for _, entry in sealed), stored, key=_place)


class _Followed:
    """A sink's way through sealed files: what comes next stays open between two questions."""

    def __init__(self, entries: Iterator[tuple[Key, Entry]], sealed_to: Position) -> None:
        self.sealed_to = sealed_to
        self._entries = entries
        self.head = self._next()

    def take(self) -> Entry:
        """Return what comes next and move on."""
        if self.head is None:
            raise IndexError("there is nothing left")
        taken, self.head = self.head, self._next()
        return taken

    def _next(self) -> Entry | None:
        return next((entry for _, entry in self._entries), None)


def _place(entry: Entry) -> Key:
    return entry.record.stamp.wall_ms, entry.position
