"""Issued figures stay as they were issued: later data make a next revision, with a list of what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from netmon.model import Json


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is another now; None: it was not there, or not known."""

    place: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Issue:
    """Figures as issued; revision 1 is the first, and differs from nothing."""

    revision: int
    figures: Json
    differences: tuple[Difference, ...] = ()


def revised(issued: Issue | None, figures: Json) -> Issue:
    """Return what is to be issued now: the same as before while no figure differs."""
    if issued is None:
        return Issue(1, figures)
    found = tuple(differences(issued.figures, figures))
    return Issue(issued.revision + 1, figures, found) if found else issued


def differences(before: Json, after: Json, place: str = "") -> Iterator[Difference]:
    """Yield the places where two documents differ, in order; lists of other lengths differ as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted(before.keys() | after.keys()):
            inner = f"{place}.{name}" if place else name
            yield from differences(before.get(name), after.get(name), inner)
    elif _listed(before) and _listed(after) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif type(before) is not type(after) or before != after:
        yield Difference(place, before, after)


def _listed(value: Json) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, Sequence) and not isinstance(value, str)
