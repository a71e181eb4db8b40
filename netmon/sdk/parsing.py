"""Check a table of plain data against settings, and say every mistake with its place in the table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from netmon.errors import UsageError
from netmon.sdk.settings import Settings

T = TypeVar("T", bound=Settings)


class Mistake(NamedTuple):
    """One mistake: where it is, as keys and places of the table (from 0), and what is wrong."""

    path: tuple[str | int, ...]
    words: str


class MistakesError(UsageError):
    """A table does not describe what it should; `mistakes` has at least one."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {words}" for path, words in mistakes))


def parse(kind: type[T], table: Mapping[str, object]) -> T:
    """Return settings made of what a TOML or JSON file holds; MistakesError lists all that is wrong."""
    try:
        # By way of JSON, where strictness allows lists for tuples and texts for enums.
        return kind.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        found = [Mistake(tuple(e["loc"]), _words(e["msg"])) for e in error.errors(include_url=False)]
        raise MistakesError(found) from error


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")
