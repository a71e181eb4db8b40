"""What a disk may hold after the power went: all that was synced, and of the rest what chance leaves."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parents[1]
SOURCE = TESTS / "tools" / "disklog" / "disklog.c"
_HEAD = struct.Struct("<cIQQ")
MODES = ("lost", "kept", "prefix", "pages", "sectors")


@dataclass(frozen=True, slots=True)
class Operation:
    kind: str
    name: str
    offset: int
    data: bytes


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)


def compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def record(folder: Path, work: Path, commits: int) -> list[Operation]:
    """Let the sealing child work under the recorder; return what it did to its folder."""
    library, log = work / "disklog.so", work / "disklog"
    subprocess.run(
        [compiler() or "cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True
    )
    environment = {
        **os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent}", "LD_PRELOAD": str(library),
        "DISKLOG_FOLDER": str(folder), "DISKLOG_FILE": str(log),
    }  # fmt: skip
    child = [sys.executable, str(TESTS / "fakes" / "sealing_child.py"), str(folder), str(commits)]
    subprocess.run(child, check=True, env=environment, stdout=subprocess.DEVNULL)
    return list(_operations(log.read_bytes()))


def _operations(data: bytes) -> Iterator[Operation]:
    at = 0
    while at < len(data):
        kind, name_length, offset, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        name = data[at : at + name_length].decode()
        at += name_length
        yield Operation(kind.decode(), name, offset, data[at : at + length])
        at += length


class Disk:
    """Follows the operations; `cut()` makes the folder of a machine that lost its power now."""

    def __init__(self, operations: list[Operation]) -> None:
        self.said = 0
        self._operations = operations
        self._at = 0
        self._files: list[_File] = []
        self._now: dict[str, int] = {}
        """Files by name, as the process sees them."""
        self._durable: dict[str, int] = {}
        self._names: list[dict[str, int]] = []
        """What names were after each change since the last sync."""

    def follow(self, until: int) -> None:
        for operation in self._operations[self._at : until]:
            if operation.name == "/said":
                self.said = int(operation.data) if operation.kind == "W" else self.said
            elif not operation.name.endswith("-shm"):
                self._do(operation)
        self._at = until

    def _do(self, operation: Operation) -> None:
        name, kind = operation.name, operation.kind
        if kind == "S":
            number = self._now.get(name)
            if number is not None:
                file = self._files[number]
                for one in file.pending:
                    _apply(file.durable, one)
                file.pending = []
            # A journal is written in order: with this sync all names before it are durable.
            self._durable, self._names = dict(self._now), []
        elif kind in "WT" and name in self._now:
            self._files[self._now[name]].pending.append(operation)
        elif kind == "C" and name not in self._now:
            self._files.append(_File())
            self._change(self._now | {name: len(self._files) - 1})
        elif kind == "U":
            self._change({one: at for one, at in self._now.items() if one != name})
        elif kind == "R":
            self._change(_renamed(self._now, name, operation.data.decode()))

    def _change(self, names: dict[str, int]) -> None:
        self._now = names
        self._names.append(names)

    def cut(self, folder: Path, chance: random.Random) -> str:
        """Write what may be left; return in which way the rest was lost."""
        mode = chance.choice(MODES)
        names = chance.choice([self._durable, *self._names])
        for name, number in names.items():
            file = self._files[number]
            left = bytearray(file.durable)
            for one in _left(file.pending, mode, chance):
                _apply(left, one)
            path = folder / name[1:]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(left)
        return mode


def _renamed(names: dict[str, int], old: str, new: str) -> dict[str, int]:
    moved = {name: at for name, at in names.items() if name == old or name.startswith(old + "/")}
    rest = {name: at for name, at in names.items() if name not in moved and name != new}
    return rest | {new + name[len(old) :]: at for name, at in moved.items()}


def _apply(content: bytearray, operation: Operation) -> None:
    if operation.kind == "T":
        del content[operation.offset :]
        content.extend(bytes(operation.offset - len(content)))
        return
    content.extend(bytes(max(operation.offset - len(content), 0)))
    content[operation.offset : operation.offset + len(operation.data)] = operation.data


def _left(pending: list[Operation], mode: str, chance: random.Random) -> list[Operation]:
    if mode == "lost":
        return []
    if mode == "kept":
        return pending
    if mode == "prefix":
        return pending[: chance.randint(0, len(pending))]
    unit = 4096 if mode == "pages" else 512
    pieces = [piece for one in pending for piece in _pieces(one, unit) if chance.random() < 0.5]
    if mode == "sectors":
        chance.shuffle(pieces)
    return pieces


def _pieces(operation: Operation, unit: int) -> Iterator[Operation]:
    if operation.kind == "T":
        yield operation
        return
    start, end = operation.offset, operation.offset + len(operation.data)
    while start < end:
        border = min((start // unit + 1) * unit, end)
        data = operation.data[start - operation.offset : border - operation.offset]
        yield Operation("W", operation.name, start, data)
        start = border
