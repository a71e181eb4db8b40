"""Which hardware, version and serial number a device has, by its system's rules or by what is usual."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from collectors.rules.model import Extract, OsRule
from collectors.rules.objects import ANYTHING, Cell, text
from collectors.rules.profile import Profile
from collectors.snmp import ber
from collectors.snmp.ber import Oid
from collectors.snmp.entity import Entity
from collectors.snmp.session import Session
from collectors.snmp.syntax import MibObject
from netmon import sdk

_FIELDS: Final = ("hardware", "version", "serial")
_GROUP: Final = re.compile(r"\{(\d)\}")
# What most systems that nobody has described say of themselves somewhere in sysDescr.
_USUAL_VERSION: Final = re.compile(
    r"(?:\b(?:version|firmware|software|release|rev(?:ision)?|ver)\b\W{0,3}v?|\bv)(\d+(?:\.[\w()-]+)+)",
    re.IGNORECASE,
)


async def details(
    session: Session, profile: Profile, device: Entity | None, timeout_seconds: float
) -> dict[str, sdk.Json]:
    """Return vendor, os, hardware, version and serial, None where not known; SourceError when silent.

    `device` is the device's own row of ENTITY-MIB, None where it has none.
    """
    rule = profile.os
    extracts = [extract for field in _FIELDS for extract in _extracts(rule, field)]
    cells = await _read(session, [e for e in extracts if e.oid], timeout_seconds)
    found: dict[str, sdk.Json] = {
        "vendor": profile.vendor or None,
        "os": rule.name if rule else None,
        "os_title": rule.title if rule else None,
    }
    for field in _FIELDS:
        told = (_extracted(extract, cells, profile.descr, device) for extract in _extracts(rule, field))
        found[field] = next((words for words in told if words), None) or _usual(field, profile, device)
    return found


def _extracts(rule: OsRule | None, field: str) -> tuple[Extract, ...]:
    extracts: tuple[Extract, ...] = getattr(rule, field) if rule else ()
    return extracts


async def _read(session: Session, extracts: Sequence[Extract], timeout_seconds: float) -> dict[str, Cell]:
    """Return the values by the object that the rule names."""
    wanted = {e.oid: MibObject(e.oid, ber.oid(e.oid), ANYTHING) for e in extracts if not e.first}
    cells: dict[str, Cell] = {}
    if wanted:
        values = await session.get(list(wanted.values()), timeout_seconds)
        cells = {oid: cell for oid, what in wanted.items() if (cell := values[what]) is not None}
    for oid in dict.fromkeys(e.oid for e in extracts if e.first):
        column = MibObject(oid, ber.oid(oid), ANYTHING)
        table = await session.table((column,), timeout_seconds, often=False)
        first = next((cell for cell in table[column] if text(cell)), None)
        if first is not None:
            cells[oid] = first
    return cells


def _extracted(extract: Extract, cells: Mapping[str, Cell], descr: str, device: Entity | None) -> str:
    """Return what one rule finds; empty when it finds nothing."""
    if extract.entity:
        told = getattr(device, extract.entity) if device else ""
    else:
        told = text(cells.get(extract.oid)) if extract.oid else descr
    if not extract.pattern:
        return told.strip()
    match = re.search(extract.pattern, told)
    if match is None:
        return ""
    if extract.text:
        return _GROUP.sub(lambda place: _group(match, int(place[1])), extract.text).strip()
    return _group(match, 1 if match.re.groups else 0).strip()


def _group(match: re.Match[str], number: int) -> str:
    return (match[number] or "") if number <= match.re.groups else ""


def _usual(field: str, profile: Profile, device: Entity | None) -> str | None:
    """Return what a device without a rule for it is most likely to mean."""
    if field == "hardware":
        return (
            _model(profile.os, profile.object_id, profile.prefix) or (device.model if device else "") or None
        )
    if field == "serial":
        return (device.serial if device else "") or None
    if device is not None and (device.software_rev or device.firmware_rev):
        return device.software_rev or device.firmware_rev
    match = _USUAL_VERSION.search(profile.descr)
    return match[1] if match else None


def _model(rule: OsRule | None, object_id: Oid | None, prefix: Oid) -> str:
    if rule is None or object_id is None:
        return ""
    return rule.models.get(ber.dotted(object_id[len(prefix) :]), "")
