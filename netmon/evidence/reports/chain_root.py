"""The root that a report names: that of the last sealed day of its period."""

from __future__ import annotations

from pathlib import Path

from netmon.evidence.calendar import Days

_MINUTES_OF_DAY = 1440


def chain_root(folder: Path, days: Days) -> str | None:
    """Return a state folder's root; None where nothing of these days is sealed, or signatures are missing."""
    if not (folder / "evidence" / "roots.jsonl").exists():
        return None
    try:
        from netmon.evidence.seal.folder import SealFolder  # noqa: PLC0415 - needs cryptography
        from netmon.evidence.seal.verify import daily  # noqa: PLC0415 - as above
    except ImportError:
        return None
    last = (days.end_minute - 1) // _MINUTES_OF_DAY
    first = days.start_minute // _MINUTES_OF_DAY
    found = [one for one in daily(SealFolder(folder / "evidence").roots()) if first <= one.day <= last]
    return found[-1].merkle if found else None
