"""Issue a pack: a month of a circuit from a site's chain and the centre's files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

from netmon.errors import UsageError
from netmon.evidence import site_words
from netmon.evidence.availability import MARGIN_MINUTES
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import Inputs, read_folder
from netmon.evidence.inputs.table import rows_with, with_rows
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.folder import SealError, SealFolder, Stretch
from netmon.evidence.seal.pack import INPUTS, Content, write_pack
from netmon.evidence.seal.signing import Signer

_DAY_HOURS, _HOUR_MINUTES = 24, 60
WORDS_HOURS = 93 * _DAY_HOURS
"""How long after a month somebody may write down a ticket or an exclusion for a pack of it."""


def parse_month(text: str) -> tuple[int, int]:
    """Return year and month of "2026-03"; UsageError in words."""
    match = re.fullmatch(r"(19[7-9]\d|2\d{3})-(\d{2})", text, re.ASCII)
    if match is None or not 1 <= int(match[2]) <= 12:
        raise UsageError(f'{text!r} is not a month: write "2026-03"')
    return int(match[1]), int(match[2])


class Chain(Protocol):
    """A site's chain, wherever it is kept."""

    @property
    def public(self) -> bytes:
        """The key that its roots are signed with; asked for after a stretch."""

    def stretch(self, first_hour: int, last_hour: int) -> Stretch:
        """Return the hours from one to another, both included."""

    def later(self, after_hour: int, until_hour: int) -> Iterable[RecordJson]:
        """Return what was written at the site in later hours."""


def issue(folder: SealFolder, inputs: Path, circuit: str, of: tuple[int, int]) -> bytes:
    """Return the pack of a month from the site's own chain, signed with the site's own key."""
    return issue_from(folder, folder.signer, inputs, circuit, of)


def issue_from(chain: Chain, issuer: Signer, inputs: Path, circuit: str, of: tuple[int, int]) -> bytes:
    """Return the pack of a month, with some days around; whole days (UTC), so that roots can be compared."""
    read = read_folder(inputs)
    stretches = read.contracts.stretches(circuit, date(*of, 1), month(*of).last)
    terms = next((one.terms for one in stretches if one.terms is not None), None)
    if terms is None:
        raise UsageError(f"contracts.csv has no terms for circuit {circuit!r} in that month")
    site = read.sites.get(terms.site or "")
    days = month(*of, site.timezone if site else "Europe/London")
    found = chain.stretch(*_hours(days))
    if not found.roots:
        raise SealError(f"nothing of {of[0]}-{of[1]:02d} is sealed here")
    # What others pay for their lines is none of this supplier's business.
    texts = {
        name: rows_with((inputs / name).read_text("utf-8-sig"), "circuit", circuit)
        for name in INPUTS
        if (inputs / name).exists()
    }
    last_hour = found.roots[-1].root.hour
    written = [*(entry.rec for entry in found.entries), *chain.later(last_hour, last_hour + WORDS_HOURS)]
    read, texts = with_words(read, texts, written, circuit)
    name = found.roots[0].root.site
    figures = claim([entry.rec for entry in found.entries], read, circuit, name, days)
    content = Content(name, found.entries, found.roots, chain.public, texts, figures)
    return write_pack(content, issuer)


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
