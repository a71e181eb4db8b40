"""What is asked of the log, and where in it to look."""

from __future__ import annotations

from dataclasses import dataclass

from netmon.model import Labels
from netmon.store.subjects import Genus


@dataclass(frozen=True, slots=True)
class Scope:
    """Which records: of one genus (None: all) and name (empty: all), whose key contains `key`."""

    genus: Genus | None
    name: str = ""
    key: Labels = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An index of the log, and what it has."""

    index: str
    codecs: str
    newest_first: bool


class MovedError(Exception):
    """Readings went from the log to sealed files while they were read; nobody but the store sees this."""
