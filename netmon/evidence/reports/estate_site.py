"""One site read and reduced: each of its circuits in turn, and what its people had of all of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from netmon.evidence.calendar import Days, both, either
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.people import lost_user_minutes, served
from netmon.evidence.reports.estate_line import line_record
from netmon.evidence.reports.estate_record import LineRecord, SiteRecord
from netmon.evidence.reports.ground import lay_ground
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.strip import KINDS, Kind, Strip, letters_by
from netmon.model import Fault, SlotState

FAR = "one service, or one way through the internet"
_FAR_FAULTS = frozenset({Fault.SERVICE, Fault.RESOLVER, Fault.FAR_END})
_LINE_FAULTS = frozenset({Fault.LINE, Fault.ISP})
_MARGIN_MINUTES = 14 * 60
"""No place's day begins farther from that of UTC."""


def days_of(site: str, first: date, last: date, inputs: Inputs) -> Days:
    """Return a site's own days; its time zone is the files' default where they do not name one."""
    row = inputs.sites.get(site) or SiteRow(site=site)
    return Days(first, last, row.timezone)


@dataclass(frozen=True, slots=True)
class _Reduced:
    record: LineRecord
    strip: Strip
    troubles: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class SiteJob:
    """The circuits of one site, to be read for some days."""

    lines: tuple[Line, ...]
    first: date
    last: date
    as_of: date

    @property
    def site(self) -> str:
        """Whose they are."""
        return self.lines[0].site

    def done(self, source: Source, inputs: Inputs) -> SiteRecord:
        """Read one circuit after the other: only one has all of its minutes in memory at a time."""
        site = self.site
        days, row = days_of(site, self.first, self.last, inputs), inputs.sites.get(site)
        each = [self._reduced(source, inputs, line, days) for line in self.lines]
        open_minutes = served(row, inputs.closed, days)
        troubles: dict[str, bytes] = {}
        for one in each:
            for name, minutes in one.troubles.items():
                troubles[name] = either(troubles[name], minutes) if name in troubles else minutes
        return SiteRecord(
            site,
            row,
            tuple(one.record for one in each),
            _lost(together([one.strip for one in each]), open_minutes, row.users if row else None),
            {name: zlib.compress(minutes, 1) for name, minutes in troubles.items()},
        )

    def _reduced(self, source: Source, inputs: Inputs, line: Line, days: Days) -> _Reduced:
        ground = lay_ground(source, inputs, line, days, self.as_of)
        record, strip = line_record(ground), ground.material.strip
        supplier = record.terms.supplier if record.terms else ""
        return _Reduced(
            record,
            strip.cut(days.start_minute, days.end_minute),
            dict(_troubles(strip.cut(*self._common()), supplier)),
        )

    def _common(self) -> tuple[int, int]:
        """Return a stretch of minutes that holds these days of every place."""
        days = Days(self.first, self.last)
        return days.start_minute - _MARGIN_MINUTES, days.end_minute + _MARGIN_MINUTES


def together(strips: list[Strip]) -> Strip:
    """Return what a site had of all its circuits: up where one was, down where all were."""
    codes = strips[0].codes
    for other in strips[1:]:
        # Larger codes are better: of two for one minute, up goes before unknown before down.
        codes = bytes(map(max, codes, other.codes))
    return Strip(strips[0].start_minute, codes)


def _lost(strip: Strip, serving: bytes, users: int | None) -> tuple[int, int] | None:
    lost = lost_user_minutes(strip, serving, users)
    if lost is None or users is None:
        return None
    return lost, both(strip.letters(_NOT_UP), serving).count(1) * users


def _letter(kind: Kind) -> str:
    if kind.state is SlotState.UNKNOWN:
        return "-"
    if kind.fault in _FAR_FAULTS:
        return "f"
    return "d" if kind.state is SlotState.DOWN and kind.fault in _LINE_FAULTS else "-"


_LETTERS = letters_by(_letter)
_NOT_UP = bytes(code >= len(KINDS) or KINDS[code].state is not SlotState.UP for code in range(256))
_ONES = {letter: bytes(code == ord(letter) for code in range(256)) for letter in "fd"}


def _troubles(strip: Strip, supplier: str) -> Iterator[tuple[str, bytes]]:
    letters = strip.letters(_LETTERS)
    if b"f" in letters:
        yield FAR, letters.translate(_ONES["f"])
    if b"d" in letters and supplier:
        yield f"lines of {supplier} down", letters.translate(_ONES["d"])
