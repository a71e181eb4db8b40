"""Probes whose samples nobody could attribute to the circuit that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netmon.config.overlaps import Checked
from netmon.config.site import CircuitSection
from netmon.config.watch import ProbeSection
from netmon.errors import Mistake


def unattributable(sections: Sequence[Checked]) -> Iterator[Mistake]:
    """Yield what to warn of: with several circuits, only a source ties a probe to the one it names."""
    circuits = [section for _, section in sections if isinstance(section, CircuitSection)]
    bare = {circuit.id for circuit in circuits if not circuit.source} if len(circuits) > 1 else set()
    for entry, section in sections:
        if isinstance(section, ProbeSection) and section.circuit in bare:
            yield entry.mistake(
                "circuit",
                f'names circuit "{section.circuit}", which has no source: its samples cannot be attributed',
                "give the circuit a source, the own address or interface that leads there",
            )
