"""Everything that can be wrong with a pack, with its place; and what an outside copy of roots adds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import METHOD
from netmon.evidence.seal.chain import Entry
from netmon.evidence.seal.pack import FINDINGS, MANIFEST, NAMES, PROGRAM, RECORDS, ROOTS, Pack
from netmon.evidence.seal.roots import HOUR_MINUTES, DayRoot, SignedRoot
from netmon.evidence.seal.signing import fingerprint, verified
from netmon.evidence.seal.verify import (
    Anchoring,
    Fault,
    anchor_faults,
    chain_faults,
    read_entries,
    read_roots,
    root_faults,
)
from netmon.model import Json

_NEEDED = (FINDINGS, RECORDS, ROOTS, *PROGRAM)


@dataclass(frozen=True, slots=True)
class PackReport:
    """What was found: no `faults` is good. `site_key` and `issuer` are fingerprints, to compare.

    `absent_hours` of the claim's month (UTC) are not in the pack; None: it names no month. Whoever leaves
    days out at its ends chooses the tests that are judged.
    """

    faults: tuple[Fault, ...]
    anchoring: Anchoring
    records: int
    hours: int
    site_key: str
    issuer: str
    absent_hours: int | None = None


def check_pack(pack: Pack, outside: Iterable[DayRoot] = ()) -> PackReport:
    """Check all of a pack; a chain alone proves nothing against who has its key, outside roots do."""
    faults = list(_manifest_faults(pack))
    entries: list[Entry] = []
    roots: list[SignedRoot] = []
    for entry in read_entries(pack.lines(RECORDS)):
        if isinstance(entry, Fault):
            faults.append(entry)
        else:
            entries.append(entry)
    for root in read_roots(pack.lines(ROOTS)):
        if isinstance(root, Fault):
            faults.append(root)
        else:
            roots.append(root)
    public = _octets(pack.text("site_key"))
    faults += chain_faults(entries)
    faults += root_faults(roots, entries, public)
    faults += (
        Fault(f"root of hour {one.root.hour}", f"is of site {one.root.site}")
        for one in roots
        if one.root.site != pack.text("site")
    )
    faults += _findings_faults(pack)
    copies = tuple(outside)
    apart, anchoring = anchor_faults(roots, copies)
    if copies and not anchoring.days and not apart:
        apart.append(Fault("outside roots", "none is of this site and a day of this pack"))
    issuer = fingerprint(_octets(pack.text("issuer_key")))
    return PackReport(
        (*faults, *apart),
        anchoring,
        len(entries),
        len(roots),
        fingerprint(public),
        issuer,
        _absent_hours(pack, roots),
    )


def _manifest_faults(pack: Pack) -> Iterator[Fault]:
    public = _octets(pack.text("issuer_key"))
    if not verified(public, pack.manifest_bytes, _octets(pack.signature)):
        yield Fault(MANIFEST, "is not signed by the issuer's key")
    if pack.text("issuer") != fingerprint(public):
        yield Fault(MANIFEST, "names another issuer than its key")
    told = pack.manifest.get("files")
    hashes = dict(told) if isinstance(told, dict) else {}
    for name in sorted(hashes.keys() | pack.files.keys() | set(_NEEDED)):
        if name not in pack.files:
            yield Fault(name, "is missing")
        elif name not in hashes or name not in NAMES:
            yield Fault(name, "does not belong into the pack")
        elif sha256(pack.files[name]).hexdigest() != hashes[name]:
            yield Fault(name, "was changed: its hash is not that of the manifest")


def _findings_faults(pack: Pack) -> Iterator[Fault]:
    """Yield what keeps the figures from being those of this site, and of one whole month.

    Who may choose the days that a promise is judged by can break most of them.
    """
    told, whole = _findings(pack)
    if whole is None:
        yield Fault(FINDINGS, "cannot be read")
        return
    site, first, last, method = (told.get(name) for name in ("site", "first", "last", "method"))
    if site != pack.text("site"):
        yield Fault(FINDINGS, "is about another site than the records")
    if (first, last) != (str(whole.first), str(whole.last)):
        yield Fault(FINDINGS, "is not about one whole month")
    if method != METHOD:
        yield Fault(FINDINGS, f"is by method {method}; this version knows method {METHOD}")


def _absent_hours(pack: Pack, roots: Iterable[SignedRoot]) -> int | None:
    whole = _findings(pack)[1]
    if whole is None:
        return None
    hours = range(whole.start_minute // HOUR_MINUTES, whole.end_minute // HOUR_MINUTES)
    return len(set(hours) - {one.root.hour for one in roots})


def _findings(pack: Pack) -> tuple[Mapping[str, Json], Days | None]:
    """Return what the figures say, and the month (UTC) that they begin in; None: they cannot be read."""
    try:
        told = json.loads(pack.files.get(FINDINGS, b""))
        return told, month(int(told["first"][:4]), int(told["first"][5:7]))
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError, RecursionError):
        return {}, None


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
