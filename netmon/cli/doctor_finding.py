"""One thing that the doctor found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """netmon copes, and measures less or less well."""
    FAIL = "fail"
    """Something that was asked for cannot work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement on one subject; the remedy is a sentence or a command, empty when all is well."""

    level: Level
    subject: str
    text: str
    remedy: str = ""


def ok(subject: str, text: str) -> Finding:
    """Return a finding that needs nobody."""
    return Finding(Level.OK, subject, text)


def warn(subject: str, text: str, remedy: str) -> Finding:
    """Return a finding that costs something."""
    return Finding(Level.WARN, subject, text, remedy)


def fail(subject: str, text: str, remedy: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(Level.FAIL, subject, text, remedy)
