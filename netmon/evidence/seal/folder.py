"""Where a site's chain lives: a key, a file of entries per month, signed roots, and where sealing stands.

What the standing does not know of was not sealed: after a crash, files are cut back to what it says.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from netmon.errors import NetmonError
from netmon.evidence.seal.canonical import RecordJson, canonical
from netmon.evidence.seal.chain import Entry, Tip
from netmon.evidence.seal.roots import FORMAT, SignedRoot
from netmon.evidence.seal.sealer import SealedHour, Standing
from netmon.evidence.seal.signing import Ed25519Signer, open_key
from netmon.evidence.seal.verify import Fault, read_entries, read_roots

_HOUR_SECONDS = 3600
T = TypeVar("T")


class SealError(NetmonError):
    """The chain's folder cannot be used."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hours of a chain that follow each other."""

    entries: tuple[Entry, ...]
    roots: tuple[SignedRoot, ...]


class SealFolder:
    """A chain on disk, written by one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sizes: dict[str, int] = {}
        self.position = 0
        """The history's position up to which records are sealed."""
        self.standing = Standing()
        self._load()

    @property
    def signer(self) -> Ed25519Signer:
        """The site's key, made at its first use."""
        return open_key(self._path / "evidence.key")

    @property
    def public(self) -> bytes:
        """The key that others check with."""
        return self.signer.public

    def later(self, after_hour: int, until_hour: int) -> Iterator[RecordJson]:
        """Yield the records of later hours."""
        return (entry.rec for entry in self.stretch(after_hour + 1, until_hour).entries)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the chain for one writer; SealError while another one does."""
        with (self._path / "lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SealError(f"another process seals in {self._path}") from None
            self._load()  # what another writer did since this was opened
            yield

    def append(self, hours: Iterable[SealedHour], position: int) -> int:
        """Write hours durably, and then that they are; return how many. `position` is the history's.

        Only inside `writing()`.
        """
        count = 0
        for hour in hours:
            self._write(_month(hour.root.root.hour), b"".join(entry.line() for entry in hour.entries))
            self._write("roots.jsonl", hour.root.line())
            self.standing, count = hour.standing, count + 1
        if count:
            self.position = position
            self._save()
        return count

    def stretch(self, first_hour: int, last_hour: int) -> Stretch:
        """Return the hours from one to another, both included; SealError where files are damaged."""
        roots = [one for one in self.roots() if first_hour <= one.root.hour <= last_hour]
        months = dict.fromkeys(_month(one.root.hour) for one in roots)
        first, last = (roots[0].root.first, roots[-1].root.first + roots[-1].root.count) if roots else (0, 0)
        entries = [
            entry
            for name in months
            for entry in _sound(read_entries(self._lines(name)), name)
            if first <= entry.seq < last
        ]
        return Stretch(tuple(entries), tuple(roots))

    def roots(self, after_hour: int | None = None) -> list[SignedRoot]:
        """Return the signed roots: all, or those of later hours (of which only the last lines are read)."""
        lines = self._lines("roots.jsonl")
        if after_hour is not None and self.standing.hour is not None:
            later = max(self.standing.hour - after_hour, 0)
            lines = lines[max(len(lines) - later, 0) :]
        found = _sound(read_roots(lines), "roots.jsonl")
        return [one for one in found if after_hour is None or one.root.hour > after_hour]

    def _lines(self, name: str) -> list[bytes]:
        path = self._path / name
        return path.read_bytes().splitlines(keepends=True) if path.exists() else []

    def _write(self, name: str, data: bytes) -> None:
        try:
            with (self._path / name).open("ab") as file:
                file.truncate(self._sizes.get(name, 0))
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                self._sizes[name] = file.tell()
        except OSError as error:
            raise SealError(f"{self._path / name}: {error.strerror}") from error

    def _save(self) -> None:
        told: RecordJson = {
            "format": FORMAT,
            "position": self.position,
            "seq": self.standing.tip.seq,
            "tip": self.standing.tip.hash,
            "hour": self.standing.hour,
            "sizes": self._sizes,
        }
        part = self._path / "standing.part"
        with part.open("wb") as file:
            file.write(canonical(told))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path / "standing.json")

    def _load(self) -> None:
        path = self._path / "standing.json"
        if not path.exists():
            return
        try:
            told = json.loads(path.read_bytes())
            if told["format"] != FORMAT:
                raise SealError(f"{path} has format {told['format']}; this version knows format {FORMAT}")
            self.position, self._sizes = int(told["position"]), dict(told["sizes"])
            self.standing = Standing(Tip(int(told["seq"]), str(told["tip"])), int(told["hour"]))
        except (ValueError, KeyError, TypeError) as error:
            raise SealError(f"{path} is damaged ({error}): sealing would begin a second chain") from error


def _sound(found: Iterable[T | Fault], name: str) -> Iterator[T]:
    for one in found:
        if isinstance(one, Fault):
            raise SealError(f"{name}: {one}")
        yield one


def _month(hour: int) -> str:
    return f"chain-{datetime.fromtimestamp(hour * _HOUR_SECONDS, UTC):%Y-%m}.jsonl"
