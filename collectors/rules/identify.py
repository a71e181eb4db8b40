"""Tell the vendor and the operating system of a device from its system group."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collectors.rules.model import OsRule, TableRule, VendorFile
from collectors.snmp import ber
from collectors.snmp.ber import Oid

ENTERPRISES = (1, 3, 6, 1, 4, 1)
_NET_SNMP = 8072


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operating system that a device may run; `exists` remains to be asked, if the rule has it."""

    file: VendorFile
    os: OsRule
    prefix: Oid
    """The longest of the rule's object_ids that fits; empty when it has none."""


def enterprise_of(object_id: Oid | None) -> int | None:
    """Return the enterprise number of a sysObjectID; None where it has none."""
    if object_id is None or len(object_id) < 7 or object_id[:6] != ENTERPRISES:
        return None
    return object_id[6]


def candidates(files: Sequence[VendorFile], object_id: Oid | None, descr: str) -> list[Candidate]:
    """Return what a device may be, by what it says of itself, the most particular first."""
    found = [
        candidate
        for file in files
        for rule in file.os
        for candidate in _fitting(file, rule, object_id, descr)
    ]
    return sorted(found, key=_rank, reverse=True)


def _rank(candidate: Candidate) -> tuple[int, int]:
    return len(candidate.prefix), bool(candidate.os.descr) + bool(candidate.os.exists)


def _fitting(file: VendorFile, rule: OsRule, object_id: Oid | None, descr: str) -> Iterator[Candidate]:
    places = [place for place in map(ber.oid, rule.object_ids) if (object_id or ())[: len(place)] == place]
    if rule.object_ids and not places:
        return
    if rule.descr and not re.search(rule.descr, descr):
        return
    yield Candidate(file, rule, max(places, key=len, default=()))


def vendor_of(files: Sequence[VendorFile], enterprise: int | None) -> str:
    """Return whose device it is by its enterprise number alone; empty where that says nothing."""
    return next((file.vendor for file in files if not file.everywhere and enterprise in _sure(file)), "")


def _sure(file: VendorFile) -> set[int]:
    """Return the enterprises all of whose devices are the vendor's: net-snmp's number is nobody's."""
    return set(file.enterprises) - {_NET_SNMP} if file.trusted is None else set(file.trusted)


def tables_of(
    files: Sequence[VendorFile], enterprise: int | None, chosen: Candidate | None
) -> Iterator[tuple[VendorFile, TableRule]]:
    """Yield the tables that a device may have: its vendor's for its system, and those of standards."""
    for file in files:
        its_own = chosen is not None and file is chosen.file
        if not (file.everywhere or its_own or (chosen is None and enterprise in _sure(file))):
            continue
        for table in file.table:
            if not table.os or (its_own and chosen is not None and chosen.os.name in table.os):
                yield file, table
