"""What things of one device are called by their series: each once, and always the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import count
from typing import Final, Protocol, TypeVar

from netmon import sdk

_MOST: Final = 8192
"""Places of one section whose labels are kept; the largest recorded device has 500."""


_Place = tuple[str, str, int]


class Labelled(Protocol):
    """A thing with the device's own name for it, and the object that it was read from."""

    @property
    def label(self) -> str:
        """Return the name."""

    @property
    def oid(self) -> str:
        """Return the object's identifier, with its instance."""


L = TypeVar("L", bound=Labelled)


class Labels:
    """The labels of one collector's series.

    Where a name comes again it is numbered. Who has got a number keeps it by place, whatever comes and goes
    beside it: a sensor that tells nothing for a while must not hand its series to the next of its name.
    """

    def __init__(self) -> None:
        self._owners: dict[str, dict[str, _Place]] = {}
        """Who had a label last, by section."""

    def of(self, section: str, found: Iterable[L]) -> list[tuple[str, L]]:
        """Return the things of a section with their labels, in their order."""
        placed = list(_places(found))
        owners = self._owners.get(section, {})
        kept = {place: label for label, place in owners.items()}
        now = {place: kept[place] for place, _ in placed if place in kept}
        taken = set(now.values())
        for place, one in placed:
            if place not in now:
                now[place] = _free(one.label, taken)
                taken.add(now[place])
        held = {label: place for place, label in now.items()}
        self._owners[section] = held if len(owners) > _MOST else owners | held
        return [(now[place], one) for place, one in placed]


def naming(label: str, found: Labelled) -> dict[str, sdk.Json]:
    """Return what a thing is called by the device, and by its series where that is not the same."""
    return {"descr": found.label} if label == found.label else {"descr": found.label, "label": label}


def _places(found: Iterable[L]) -> Iterator[tuple[_Place, L]]:
    """Yield things with their places; two rules may read one object."""
    seen: Counter[tuple[str, str]] = Counter()
    for one in found:
        seen[one.oid, one.label] += 1
        yield (one.oid, one.label, seen[one.oid, one.label]), one


def _free(label: str, taken: Collection[str]) -> str:
    if label not in taken:
        return label
    return next(numbered for n in count(2) if (numbered := f"{label} #{n}") not in taken)
