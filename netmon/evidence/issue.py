"""Issue a pack: a month of a circuit from a site's chain and the centre's files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from netmon.errors import UsageError
from netmon.evidence import site_words
from netmon.evidence.availability import MARGIN_MINUTES
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import Inputs, read_folder
from netmon.evidence.inputs.table import with_rows
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.folder import SealError, SealFolder
from netmon.evidence.seal.pack import INPUTS, Content, write_pack

_DAY_HOURS, _HOUR_MINUTES = 24, 60
WORDS_HOURS = 93 * _DAY_HOURS
"""How long after a month somebody may write down a ticket or an exclusion for a pack of it."""


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
    later = folder.stretch(found.roots[-1].root.hour + 1, found.roots[-1].root.hour + WORDS_HOURS).entries
    written = [entry.rec for entry in (*found.entries, *later)]
    read, texts = with_words(read, texts, written, circuit)
    name = found.roots[0].root.site
    figures = claim([entry.rec for entry in found.entries], read, circuit, name, days)
    content = Content(name, found.entries, found.roots, folder.signer.public, texts, figures)
    return write_pack(content, folder.signer)


def with_words(
    inputs: Inputs, texts: Mapping[str, str], records: Iterable[RecordJson], circuit: str
) -> tuple[Inputs, dict[str, str]]:
    """Add to the centre's files, read and as texts, what was written at the site about a circuit.

    The texts of a pack are what its figures follow from, so the rows are in them; `origin` names the record.
    """
    words = site_words.sealed_words(inputs, records).of(circuit)
    added = {name: with_rows(texts.get(name, ""), rows) for name, rows in words.cells.items()}
    return site_words.merged(inputs, words), {**texts, **{name: text for name, text in added.items() if text}}


def _hours(days: Days) -> tuple[int, int]:
    day = _DAY_HOURS * _HOUR_MINUTES
    first, last = (days.start_minute - MARGIN_MINUTES) // day, (days.end_minute + MARGIN_MINUTES - 1) // day
    return first * _DAY_HOURS, last * _DAY_HOURS + _DAY_HOURS - 1
