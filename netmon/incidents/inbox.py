"""What people write while the daemon runs: one small file each, which it takes into the history."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from netmon.model import Json, Labels
from netmon.text import clean

FOLDER = "inbox"
_MOST_BYTES = 65_536
_MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class Letter:
    """A dated record to be. `id` is its own: one that comes twice is one."""

    id: str
    kind: str
    key: Labels
    text: str
    data: Mapping[str, Json]


class Inbox:
    """The folder, from both sides."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def post(self, kind: str, key: Labels, text: str, data: Mapping[str, Json]) -> Path:
        """Leave a record for the daemon, which has it when the returned file is gone; OSError: not so."""
        self._prepare()
        name = uuid4().hex
        letter = {
            "id": name,
            "kind": kind,
            "key": [list(pair) for pair in key],
            "text": text,
            "data": dict(data),
        }
        unfinished, finished = self._folder / f".{name}", self._folder / f"{name}.json"
        unfinished.write_text(json.dumps(letter), encoding="utf-8")
        unfinished.chmod(0o644)
        unfinished.rename(finished)
        return finished

    def letters(self) -> Iterator[tuple[Path, Letter | None]]:
        """Yield what lies there, oldest first; None for what is no letter."""
        try:
            files = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        except OSError:
            return
        for path in files[:_MOST_FILES]:
            yield path, _read(path)

    def _prepare(self) -> None:
        if self._folder.is_dir():
            return
        self._folder.mkdir()
        owner = self._folder.parent.stat()
        if os.geteuid() == 0:
            # Somebody with sudo came before the daemon did: the folder is its own all the same.
            os.chown(self._folder, owner.st_uid, owner.st_gid)


def _read(path: Path) -> Letter | None:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
        key = tuple((str(name), clean(str(text))) for name, text in found["key"])
        data = {
            str(name): clean(value) if isinstance(value, str) else value
            for name, value in found["data"].items()
        }
        return Letter(str(found["id"]), str(found["kind"]), key, clean(str(found["text"])), data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
