"""Read the files of a configuration: bounded, UTF-8, TOML; every file's mistake, not only the first."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from netmon.errors import Mistake

MAX_BYTES = 1_000_000
_MAX_DEPTH = 20

Table = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What one file says; its name is as a person would type it."""

    name: str
    table: Table


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """All files of a configuration, main file first; the digest changes when any of them does."""

    paths: tuple[Path, ...]
    parsed: tuple[ParsedFile, ...]
    mistakes: tuple[Mistake, ...]
    digest: str


def read_files(path: Path) -> ReadFiles:
    """Read the main file, and `conf.d/*.toml` beside it in the order of their names."""
    paths = (path, *sorted((path.parent / "conf.d").glob("*.toml")))
    parsed: list[ParsedFile] = []
    mistakes: list[Mistake] = []
    digest = sha256()
    for each in paths:
        try:
            raw = _read(each)
            digest.update(f"{each}\0{len(raw)}\0".encode("utf-8", "surrogateescape") + raw)
            parsed.append(ParsedFile(str(each), _parse(raw)))
        except _Unreadable as error:
            mistakes.append(Mistake(str(each), error.where, error.problem, error.hint))
    return ReadFiles(paths, tuple(parsed), tuple(mistakes), digest.hexdigest())


class _Unreadable(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.where, self.problem, self.hint = where, problem, hint


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
            raise _Unreadable("file", "is not a file")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _Unreadable("file", f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise _Unreadable(
            "file", f"is larger than {MAX_BYTES // 1_000_000} MB", "split it over conf.d/*.toml"
        )
    return raw


def _parse(raw: bytes) -> Table:
    try:
        text = raw.decode("utf-8-sig")  # editors of other systems put a byte order mark in front
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _Unreadable(f"line {line}", "is not text in UTF-8", "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        where, problem = _place(str(error))
        raise _Unreadable(where, f"is not TOML: {problem}") from None
    except RecursionError:
        raise _Unreadable("file", "is nested too deeply") from None
    if _deeper_than(table, _MAX_DEPTH):
        raise _Unreadable("file", "is nested too deeply")
    return table


def _place(message: str) -> tuple[str, str]:
    """Split tomllib's "what (at line 3, column 5)" into where and what."""
    match = re.fullmatch(r"(.*) \(at (line \d+, column \d+|end of document)\)", message, re.DOTALL)
    if match is None:
        return "file", message
    return match[2].replace("document", "file"), match[1]


def _deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(_deeper_than(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return levels == 0 or any(_deeper_than(inner, levels - 1) for inner in value)
    return False
