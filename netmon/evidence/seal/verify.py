"""Checks a chain and its roots, and names the place where they do not hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from netmon.evidence.seal.canonical import CanonicalError
from netmon.evidence.seal.chain import Entry, entry_hash
from netmon.evidence.seal.merkle import merkle_root
from netmon.evidence.seal.roots import FORMAT, DayRoot, HourRoot, SignedRoot, day_root, leaves
from netmon.evidence.seal.signing import fingerprint, verified
from netmon.model import Json

_DAY_HOURS = 24
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold: where, and what."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What an outside copy of the roots proves: `days` match, and nothing after `until_hour` is anchored."""

    days: int
    until_hour: int | None
    unanchored_hours: int


def read_entries(lines: Iterable[bytes]) -> Iterator[Entry | Fault]:
    """Yield the entries of a file, and a fault for each line that is none."""
    for number, line in enumerate(lines, start=1):
        try:
            told = json.loads(line)
            found = Entry(told["seq"], told["prev"], told["rec"], told["hash"])
            shaped = type(found.seq) is int and isinstance(found.rec, dict)
            same = (
                shaped
                and _HASH.fullmatch(found.prev)
                and _HASH.fullmatch(found.hash)
                and found.line() == line
            )
        except (ValueError, KeyError, TypeError, CanonicalError, RecursionError):
            yield Fault(f"records line {number}", "is no entry of a chain")
            continue
        yield found if same else Fault(f"records line {number}", "is not written canonically")


def read_roots(lines: Iterable[bytes]) -> Iterator[SignedRoot | Fault]:
    """Yield the signed roots of a file, and a fault for each line that is none."""
    for number, line in enumerate(lines, start=1):
        try:
            found = read_root(json.loads(line))
            same = isinstance(found, SignedRoot) and found.line() == line
        except (ValueError, CanonicalError, RecursionError):
            found, same = Fault("", "is no signed root"), False
        if isinstance(found, SignedRoot) and same:
            yield found
        else:
            told = found.problem if isinstance(found, Fault) else "is not written canonically"
            yield Fault(f"roots line {number}", told)


def read_root(told: Json) -> SignedRoot | Fault:
    """Return the signed root of a record; whether it is signed rightly is another question."""
    names = {field.name for field in fields(HourRoot)}
    if (
        not isinstance(told, Mapping)
        or told.keys() != names | {"signature", "kind"}
        or told["kind"] != "root"
    ):
        return Fault("root", "is no signed root")
    if told["v"] != FORMAT:
        return Fault("root", "is of no known format")
    signature, cells = told["signature"], {name: told[name] for name in names}
    kinds = {field.name: int if field.type == "int" else str for field in fields(HourRoot)}
    if not isinstance(signature, str) or any(type(cells[name]) is not kinds[name] for name in names):
        return Fault("root", "is no signed root")
    return SignedRoot(HourRoot(**cells), signature)  # type: ignore[arg-type] # checked in the line above


def chain_faults(entries: Sequence[Entry]) -> Iterator[Fault]:
    """Yield where entries do not follow each other, or do not have their hash."""
    before: Entry | None = None
    for entry in entries:
        if before is not None and entry.seq != before.seq + 1:
            yield Fault(f"record {entry.seq}", f"follows record {before.seq}: lost, moved or slipped in")
        elif before is not None and entry.prev != before.hash:
            yield Fault(f"record {entry.seq}", "does not hold the hash of the record before it")
        if entry_hash(entry.seq, entry.prev, entry.rec) != entry.hash:
            yield Fault(f"record {entry.seq}", "was changed: its hash is another")
        before = entry


def root_faults(roots: Sequence[SignedRoot], entries: Sequence[Entry], public: bytes) -> Iterator[Fault]:
    """Yield where signed roots and entries do not fit together."""
    by_seq = {entry.seq: entry for entry in entries}
    covered, before = 0, None
    for signed in roots:
        root, place = signed.root, f"root of hour {signed.root.hour}"
        if not verified(public, root.message(), _octets(signed.signature)):
            yield Fault(place, "is not signed by the site's key")
        if root.key != fingerprint(public):
            yield Fault(place, "names another key")
        if before is not None and (root.hour, root.first, root.prev) != (
            before.hour + 1, before.first + before.count, before.tip,
        ):  # fmt: skip
            yield Fault(place, f"does not follow that of hour {before.hour}")
        count = min(root.count, len(entries) + 1)  # whatever a stranger's root says
        own = [by_seq[seq] for seq in range(root.first, root.first + count) if seq in by_seq]
        covered += len(own)
        if len(own) != root.count:
            yield Fault(place, f"covers {root.count} records, {len(own)} are there")
        elif not own or own[0].prev != root.prev or own[-1].hash != root.tip:
            yield Fault(place, "begins or ends with another hash")
        elif merkle_root(leaves(own)) != root.merkle:
            yield Fault(place, "has another tree over its records")
        before = root
    if covered != len(entries):
        yield Fault("records", f"{len(entries) - covered} of {len(entries)} are under no root")


def anchor_faults(roots: Sequence[SignedRoot], outside: Iterable[DayRoot]) -> tuple[list[Fault], Anchoring]:
    """Compare days of roots with copies that others kept: those cannot be made again with the key.

    All copies of a day have to agree, the first as well as one that was sent when the chain was made again.
    One that was taken before the day was over stands for the hours that it has.
    """
    days: dict[int, list[SignedRoot]] = {}
    for signed in roots:
        days.setdefault(signed.root.hour // _DAY_HOURS, []).append(signed)
    kept: dict[tuple[str, int], list[DayRoot]] = {}
    for one in dict.fromkeys(outside):
        kept.setdefault((one.site, one.day), []).append(one)
    faults, matched, until = list[Fault](), set[int](), -1
    edges = {min(days, default=0), max(days, default=0)}
    for day, hours in sorted(days.items()):
        site = hours[0].root.site
        for copy in kept.get((site, day), ()):
            if len(hours) < copy.hours and day in edges:
                continue  # a pack may begin or end within a day
            some = hours[: max(copy.hours, 1)]
            if day_root(site, day, some) == copy:
                matched.add(day)
                until = max(until, some[-1].root.hour)
            else:
                faults.append(Fault(f"day {day}", "differs from the copy that was kept outside"))
    behind = sum(signed.root.hour > until for signed in roots)
    return faults, Anchoring(len(matched), until if matched else None, behind)


def daily(roots: Sequence[SignedRoot]) -> list[DayRoot]:
    """Return the roots of the days that signed hours make, in order; the last day may not be over."""
    days: dict[int, list[SignedRoot]] = {}
    for signed in roots:
        days.setdefault(signed.root.hour // _DAY_HOURS, []).append(signed)
    return [day_root(hours[0].root.site, day, hours) for day, hours in sorted(days.items())]


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except (ValueError, TypeError):
        return b""
