"""How much to ask of one device at once: learned from what it answered, forgotten slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

MAX_REPETITIONS: Final = 50
MAX_WIDTH: Final = 32
"""Columns in one request: their names alone take some 500 octets."""
REPLY_OCTETS: Final = 1400
"""Size of reply to aim at: fits every path without fragments, tunnels included."""

_SWEEPS_TO_GROW = 20
_SWEEPS_WITHOUT_BULK = 500


class Step(NamedTuple):
    """One request of a sweep: how many columns, and how many rows of them (1 for GETNEXT)."""

    bulk: bool
    width: int
    repetitions: int

    def smaller(self) -> Step | None:
        """Return the next size to try after tooBig; None when this is one variable already."""
        if self.repetitions > 1:
            return self._replace(repetitions=self.repetitions // 2)
        return self._replace(width=self.width // 2) if self.width > 1 else None

    def simpler(self) -> Step | None:
        """Return what to try after silence or genErr: one row, then GETNEXT; None after that."""
        if self.repetitions > 1:
            return self._replace(repetitions=1)
        return self._replace(bulk=False) if self.bulk else None


@dataclass(slots=True)
class Pace:
    """What one device bears."""

    bulk_offered: bool = True
    """False for SNMPv1, which has no GETBULK."""
    width: int = MAX_WIDTH
    repetitions: int = MAX_REPETITIONS
    _bulk_fails: bool = False
    _good_sweeps: int = 0

    def step(self, columns: int, octets_per_varbind: int) -> Step:
        """Return the next request for a table of so many columns."""
        width = min(columns, self.width)
        if not self.bulk_offered or self._bulk_fails:
            return Step(bulk=False, width=width, repetitions=1)
        fitting = REPLY_OCTETS // (width * max(octets_per_varbind, 1))
        return Step(bulk=True, width=width, repetitions=max(1, min(self.repetitions, fitting)))

    def too_big(self, worked: Step) -> None:
        """Remember the size that the device could answer after tooBig."""
        self.repetitions = worked.repetitions
        if worked.repetitions == 1:
            self.width = worked.width
        self._good_sweeps = 0

    def silent(self, asked: Step, worked: Step) -> None:
        """Remember that a request stayed without answer, or failed, and a simpler one did not."""
        self._bulk_fails = not worked.bulk
        self.repetitions = max(1, asked.repetitions // 2)
        self._good_sweeps = 0

    def swept(self) -> None:
        """Note a whole sweep; after many of them, dare a little more."""
        self._good_sweeps += 1
        if self._good_sweeps % _SWEEPS_TO_GROW == 0:
            self.repetitions = min(self.repetitions + 1, MAX_REPETITIONS)
            self.width = min(self.width + 1, MAX_WIDTH)
        if self._good_sweeps >= _SWEEPS_WITHOUT_BULK:
            self._bulk_fails = False
            self._good_sweeps = 0
