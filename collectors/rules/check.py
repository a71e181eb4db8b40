"""Find what is wrong in a vendor file beyond its form: names that nothing has, patterns, identifiers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from collectors.rules.kinds import KINDS
from collectors.rules.model import (
    FORMAT,
    MOST_DECIMALS,
    ComponentRule,
    Extract,
    MemoryRule,
    OsRule,
    ProcessorRule,
    RadioRule,
    SensorRule,
    StateRule,
    TableRule,
    VendorFile,
)
from collectors.snmp import ber
from netmon import sdk

Path = tuple[str | int, ...]

_PLACE = re.compile(r"\{(\w+)\}")
_SECTIONS = ("sensor", "state", "processor", "memory", "component", "radio")


def mistakes(found: VendorFile) -> Iterator[sdk.Mistake]:
    """Yield all mistakes, in the order of the file."""
    if found.format != FORMAT:
        yield sdk.Mistake(("format",), f"is {found.format}; this netmon reads format {FORMAT}")
    known = {rule.name for rule in found.os}
    for at, rule in enumerate(found.os):
        yield from _os_mistakes(rule, ("os", at))
    for name, states in found.states.items():
        for number in states:
            if not re.fullmatch(r"-?\d+", number):
                yield sdk.Mistake(("states", name, number), "is no whole number")
    for at, table in enumerate(found.table):
        path: Path = ("table", at)
        for name in table.os:
            if name not in known:
                yield sdk.Mistake(
                    (*path, "os"), f"{name!r} is none of the file's: {', '.join(sorted(known))}"
                )
        yield from _table_mistakes(table, path, found.states)


def _os_mistakes(rule: OsRule, path: Path) -> Iterator[sdk.Mistake]:
    if not (rule.object_ids or rule.descr or rule.exists):
        yield sdk.Mistake(path, "says nothing that a device could be known by")
    for place in (*rule.object_ids, *rule.exists):
        yield from _oid_mistakes(place, (*path, "object_ids" if place in rule.object_ids else "exists"))
    yield from _pattern_mistakes(rule.descr, (*path, "descr"))
    for field in ("hardware", "version", "serial"):
        extracts: tuple[Extract, ...] = getattr(rule, field)
        for extract in extracts:
            yield from _pattern_mistakes(extract.pattern, (*path, field))
            if extract.oid:
                yield from _oid_mistakes(extract.oid, (*path, field), below=bool(extract.below))


def _table_mistakes(table: TableRule, path: Path, states: Mapping[str, object]) -> Iterator[sdk.Mistake]:
    yield from _place_mistakes(table, path)
    if not any(getattr(table, section) for section in _SECTIONS):
        yield sdk.Mistake(path, f"means nothing: it has none of {', '.join(_SECTIONS)}")
    names = frozenset({*table.columns, *table.join})
    for section in _SECTIONS:
        for at, rule in enumerate(getattr(table, section)):
            yield from _rule_mistakes(rule, (*path, section, at), names, states)


def _place_mistakes(table: TableRule, path: Path) -> Iterator[sdk.Mistake]:
    for name, place in table.columns.items():
        if isinstance(place, int) and not table.entry:
            yield sdk.Mistake((*path, "columns"), f"{name} is a number, and the table has no entry")
        elif isinstance(place, str):
            yield from _oid_mistakes(place, (*path, "columns"), below=bool(table.below))
    if table.entry:
        yield from _oid_mistakes(table.entry, (*path, "entry"), below=bool(table.below))
    for name, join in table.join.items():
        yield from _oid_mistakes(join.oid, (*path, "join"))
        if join.by and join.index:
            yield sdk.Mistake((*path, "join"), f"{name} has both index and by")
        if join.by and join.by not in table.columns:
            yield sdk.Mistake((*path, "join"), f"{name}: there is no column {join.by!r}")


def _rule_mistakes(
    rule: SensorRule | StateRule | ProcessorRule | MemoryRule | ComponentRule | RadioRule,
    path: Path,
    names: frozenset[str],
    states: Mapping[str, object],
) -> Iterator[sdk.Mistake]:
    for field in columns_in(rule):
        name = getattr(rule, field)
        if name and name not in names:
            yield sdk.Mistake((*path, field), f"there is no column {name!r}")
    for field in templates_in(rule):
        for name in _PLACE.findall(getattr(rule, field)):
            if name not in names and name != "index" and not name.isdecimal():
                yield sdk.Mistake((*path, field), f"there is no column {name!r}")
    yield from _condition_mistakes(rule, path, names)
    for name in getattr(rule, "lacks", ()):
        if name not in names:
            yield sdk.Mistake((*path, "lacks"), f"there is no column {name!r}")
    yield from _pattern_mistakes(getattr(rule, "pattern", ""), (*path, "pattern"))
    yield from _number_mistakes(rule, path)
    yield from _own_mistakes(rule, path, states)


def _condition_mistakes(rule: object, path: Path, names: frozenset[str]) -> Iterator[sdk.Mistake]:
    for field in ("when", "unless"):
        for name in getattr(rule, field, {}):
            if name not in names and not name.isdecimal():
                yield sdk.Mistake((*path, field), f"there is no column {name!r}")
    for name, pattern in getattr(rule, "matches", {}).items():
        if name not in names:
            yield sdk.Mistake((*path, "matches"), f"there is no column {name!r}")
        yield from _pattern_mistakes(pattern, (*path, "matches"))


def _number_mistakes(rule: object, path: Path) -> Iterator[sdk.Mistake]:
    for field in ("scale", "offset", "unit_bytes"):
        if not math.isfinite(getattr(rule, field, 0.0)):
            yield sdk.Mistake((*path, field), "is not finite")
    if not all(map(math.isfinite, getattr(rule, "scales", {}).values())):
        yield sdk.Mistake((*path, "scales"), "is not finite")
    if abs(getattr(rule, "decimals", 0)) > MOST_DECIMALS:
        yield sdk.Mistake((*path, "decimals"), f"is not between -{MOST_DECIMALS} and {MOST_DECIMALS}")


def _own_mistakes(rule: object, path: Path, states: Mapping[str, object]) -> Iterator[sdk.Mistake]:
    match rule:
        case SensorRule():
            if bool(rule.kind) is bool(rule.kind_by):
                yield sdk.Mistake(path, "needs either kind or kind_by")
            for kind in (rule.kind, *rule.kinds.values()):
                if kind and kind not in KINDS:
                    yield sdk.Mistake((*path, "kind"), f"{kind!r} is none of {', '.join(sorted(KINDS))}")
        case StateRule() if rule.states not in states:
            yield sdk.Mistake((*path, "states"), f"the file has no [states.{rule.states}]")
        case ProcessorRule() if bool(rule.busy) is bool(rule.idle):
            yield sdk.Mistake(path, "needs either busy or idle")
        case MemoryRule():
            amounts = sum(map(bool, (rule.total, rule.used, rule.free)))
            if amounts < 2 and not (rule.percent or rule.percent_free):
                yield sdk.Mistake(path, "needs two of total, used and free, or percent")
        case RadioRule() if not (rule.clients or rule.channel or rule.busy or rule.noise):
            yield sdk.Mistake(path, "needs one of clients, channel, busy and noise")
        case _:
            pass


def columns_in(rule: object) -> tuple[str, ...]:
    """Return the fields of a rule that name a column."""
    match rule:
        case SensorRule():
            return ("column", "kind_by", "scale_by", "decimals_by", "of")
        case StateRule():
            return ("column",)
        case ProcessorRule():
            return ("busy", "idle")
        case MemoryRule():
            return ("total", "used", "free", "buffers", "cached", "percent", "percent_free", "unit_by")
        case RadioRule():
            return ("clients", "channel", "busy", "noise")
        case _:
            return ()


def templates_in(rule: object) -> tuple[str, ...]:
    """Return the fields of a rule that are templates."""
    if isinstance(rule, ComponentRule):
        return ("name", "descr", "model", "serial", "hardware_rev", "firmware_rev", "software_rev")
    return ("label",)


def _oid_mistakes(text: str, path: Path, *, below: bool = False) -> Iterator[sdk.Mistake]:
    try:
        ber.encode_oid(ber.oid(f"1.3.{text}" if below else text))
    except (ValueError, ber.BerError):
        yield sdk.Mistake(path, f"{text!r} is no object identifier")


def _pattern_mistakes(pattern: str, path: Path) -> Iterator[sdk.Mistake]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield sdk.Mistake(path, f"{pattern!r} is no pattern: {error}")
