"""Things that two entries must not both claim: a device's address, a router's port, a probe's target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from netmon.config.document import Entry
from netmon.config.section import Section
from netmon.config.site import CircuitSection
from netmon.config.watch import DeviceSection, ProbeSection
from netmon.errors import Mistake

Checked = tuple[Entry, Section | None]
"""An entry and its checked table; None when a key of it is wrong."""


def check_overlaps(sections: Sequence[Checked]) -> Iterator[Mistake]:
    """Yield what is claimed a second time, naming who has it already."""
    first: dict[tuple[str, ...], Entry] = {}
    for entry, section in sections:
        for key, words, claim in _claims(section):
            other = first.setdefault((entry.section, *claim), entry)
            if other is not entry:
                yield entry.mistake(key, f"{words} already belongs to {other.path} in {other.file}")


def _claims(section: Section | None) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if isinstance(section, DeviceSection):
        # The same address with another credential is another context or another agent.
        yield "address", str(section.address), (str(section.address), section.credential)
    elif isinstance(section, CircuitSection) and section.wan is not None:
        wan = section.wan
        yield "wan", f"{wan.interface} of {wan.device}", (wan.device, wan.interface)
    elif isinstance(section, ProbeSection):
        how = json.dumps(section.settings, sort_keys=True)
        for place, target in enumerate(dict.fromkeys(section.targets), 1):
            claim = (section.type, section.circuit or "", how, target)
            yield f"targets[{place}]", f"{target} by the same {section.type} probe", claim
