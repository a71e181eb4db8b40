"""Issue a pack: a month of a circuit from a site's chain and the centre's files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from netmon.errors import UsageError
from netmon.evidence.availability import MARGIN_MINUTES
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import read_folder
from netmon.evidence.seal.folder import SealError, SealFolder
from netmon.evidence.seal.pack import INPUTS, Content, write_pack

_DAY_HOURS, _HOUR_MINUTES = 24, 60


def parse_month(text: str) -> tuple[int, int]:
    """Return year and month of "2026-03"; UsageError in words."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise UsageError(f'{text!r} is not a month: write "2026-03"')
    return int(match[1]), int(match[2])


def issue(folder: SealFolder, inputs: Path, circuit: str, of: tuple[int, int]) -> bytes:
    """Return the pack of a month, with some days around; whole days (UTC), so that roots can be compared."""
    read = read_folder(inputs)
    stretches = read.contracts.stretches(circuit, date(*of, 1), month(*of).last)
    terms = next((one.terms for one in stretches if one.terms is not None), None)
    if terms is None:
        raise UsageError(f"contracts.csv has no terms for circuit {circuit!r} in that month")
    site = read.sites.get(terms.site or "")
    days = month(*of, site.timezone if site else "Europe/London")
    found = folder.stretch(*_hours(days))
    if not found.roots:
        raise SealError(f"nothing of {of[0]}-{of[1]:02d} is sealed here")
    texts = {name: (inputs / name).read_text("utf-8-sig") for name in INPUTS if (inputs / name).exists()}
    name = found.roots[0].root.site
    figures = claim([entry.rec for entry in found.entries], read, circuit, name, days)
    content = Content(name, found.entries, found.roots, folder.signer.public, texts, figures)
    return write_pack(content, folder.signer)


def _hours(days: Days) -> tuple[int, int]:
    day = _DAY_HOURS * _HOUR_MINUTES
    first, last = (days.start_minute - MARGIN_MINUTES) // day, (days.end_minute + MARGIN_MINUTES - 1) // day
    return first * _DAY_HOURS, last * _DAY_HOURS + _DAY_HOURS - 1
