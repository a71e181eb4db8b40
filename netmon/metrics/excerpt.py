"""Some of the newest readings as text: one device's or one target's, labelled as its exporter would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netmon.metrics.fragment import Cut, families, header
from netmon.metrics.text_format import TextFormat
from netmon.model import Reading


@dataclass(frozen=True, slots=True)
class Part:
    """A reading, and which of it to show."""

    reading: Reading
    cut: Cut


def text_of(parts: Iterable[Part], form: TextFormat = TextFormat.PLAIN) -> bytes:
    """Return the text of the parts with its end; families of several parts are one."""
    found: dict[str, list[bytes]] = {}
    for part in parts:
        for family in families(part.reading.shape, part.cut):
            lines = family.render(part.reading.columns)
            if lines:
                found.setdefault(family.name, [header(family.name, family.first, form)]).append(lines)
    return b"".join(piece for pieces in found.values() for piece in pieces) + form.end
