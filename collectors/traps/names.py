"""Numbers to names, from the table `names.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from collectors.snmp import ber
from collectors.snmp.ber import Oid


@dataclass(frozen=True, slots=True)
class Names:
    """What notifications and objects are called, and after which ones a device is polled, or read anew."""

    traps: Mapping[Oid, str]
    objects: Mapping[Oid, str]
    values: Mapping[str, Mapping[int, str]]
    polled: frozenset[str]
    reread: frozenset[str]
    """After these the poll reads everything of the device, due or not."""
    _depths: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        depths = sorted({len(name) for name in self.objects}, reverse=True)
        object.__setattr__(self, "_depths", tuple(depths))

    def trap(self, numbers: Oid) -> str:
        """Return a notification's name; its numbers when it has none here."""
        found = self.traps.get(numbers)
        if found is None and len(numbers) > 2:
            # An SMIv1 MIB's trap gets a zero on its way to version 2, and some agents lose one.
            shorter = (*numbers[:-2], numbers[-1]) if numbers[-2] == 0 else (*numbers[:-1], 0, numbers[-1])
            found = self.traps.get(shorter)
        return found or ber.dotted(numbers)

    def object(self, numbers: Oid) -> tuple[str, str]:
        """Return an object's name and its instance ("3", "0"); its numbers alone when it has no name."""
        for depth in self._depths:
            found = self.objects.get(numbers[:depth]) if depth <= len(numbers) else None
            if found is not None:
                return found, ber.dotted(numbers[depth:])
        return ber.dotted(numbers), ""


def load_names() -> Names:
    """Read the table that comes with this package."""
    table = tomllib.loads(files(__package__ or "").joinpath("names.toml").read_text("utf-8"))
    return Names(
        {ber.oid(numbers): name for numbers, name in table["traps"].items()},
        {ber.oid(numbers): name for numbers, name in table["objects"].items()},
        {name: {int(at): word for at, word in words.items()} for name, words in table["values"].items()},
        frozenset(table["polled"]),
        frozenset(table["reread"]),
    )
