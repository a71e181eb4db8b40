"""The seam between whoever keeps measurements and the figures made of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.evidence.calendar import Days
from netmon.evidence.material import Material
from netmon.model import Event

ALL_LINES = "all lines"
"""Stands where a circuit's name would, for a site whose circuits nobody has named."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One circuit of one site, by their ids."""

    site: str
    circuit: str


class Source(ABC):
    """Reads what was measured. All methods block: call them from a command. Errors are NetmonErrors."""

    @abstractmethod
    def lines(self, days: Days) -> Sequence[Line]:
        """Return the circuits of which anything is known in these days, in order."""

    @abstractmethod
    def material(self, line: Line, days: Days) -> Material:
        """Return all that is known of a circuit; what nobody told is not known, never zero."""

    def written(self, start_ms: int, end_ms: int) -> Iterator[Event]:
        """Yield what people wrote at the sites, incidents with their tickets; nothing where none is kept."""
        del start_ms, end_ms
        return iter(())

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections."""
