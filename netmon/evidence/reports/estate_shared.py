"""Trouble of several sites in the same minute: its cause is beyond each of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from netmon.evidence.reports import estate_figures as told
from netmon.evidence.reports.estate_model import SharedRow
from netmon.evidence.reports.estate_record import SiteRecord
from netmon.evidence.reports.figure import Figure, Unit

SEVERAL = 3
"""So many sites at once, and it is one cause and not theirs."""


def shared(sites: Sequence[SiteRecord]) -> Iterator[SharedRow]:
    """Yield each kind of trouble in order of its name, with the minutes that several sites had it in."""
    for name in sorted({name for site in sites for name in site.troubles}):
        masks = [zlib.decompress(site.troubles[name]) for site in sites if name in site.troubles]
        several = _several(masks)
        together = several.bit_count()
        alone = sum((_whole(mask) & ~several).bit_count() for mask in masks)
        yield SharedRow(
            name,
            told.count(len(masks), len(sites)),
            Figure(alone, Unit.MINUTES, n=len(masks)),
            Figure(together, Unit.MINUTES, n=len(masks)),
        )


def _several(masks: Sequence[bytes]) -> int:
    """Return the minutes, as bits of a number, in which at least three masks are 1."""
    one = two = three = 0
    for mask in masks:
        now = _whole(mask)
        three |= two & now
        two |= one & now
        one |= now
    return three


def _whole(mask: bytes) -> int:
    return int.from_bytes(mask)
