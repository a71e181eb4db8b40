"""What rows mean: sensors, states, components and radios, in SI units."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from collectors.rules.kinds import KINDS, SensorKind
from collectors.rules.model import (
    MOST_DECIMALS,
    ComponentRule,
    Health,
    RadioRule,
    SensorRule,
    StateRule,
    States,
)
from collectors.rules.objects import number, pattern_of, text
from collectors.rules.reader import RuleRow
from collectors.rules.wording import concerned, filled, fits

_UNITS: Final = {"percent": 0.01, "minutes": 60.0, "hours": 3600.0, "kWh": 3.6e6, "Wh": 3600.0, "rps": 60.0}
_WHOLE: Final = re.compile(r"-?[0-9]{1,10}")
_PERCENT: Final = frozenset({"humidity", "load", "charge", "percent"})


@dataclass(frozen=True, slots=True)
class Sensor:
    """A measured value in the unit of its kind's metric; `oid` is where it was read."""

    kind: SensorKind
    label: str
    value: float
    oid: str


@dataclass(frozen=True, slots=True)
class State:
    """A state, in the device's own number and in words."""

    label: str
    value: int
    text: str
    health: Health
    oid: str


@dataclass(frozen=True, slots=True)
class Radio:
    """A radio or wireless network; None for what it does not tell. `busy_ratio` is the channel's use.

    `oid` is that of the first object that it tells.
    """

    label: str
    clients: int | None
    channel: int | None
    busy_ratio: float | None
    noise_dbm: float | None
    oid: str


def sensor(rule: SensorRule, row: RuleRow) -> Sensor | None:
    """Return the sensor of a row; None when the rule is not about it, or the value is not known."""
    if not concerned(row, rule.when, rule.unless) or not fits(row, rule.matches):
        return None
    if any(name in row.cells for name in rule.lacks):
        return None
    name = rule.kind or rule.kinds.get(text(row.cells.get(rule.kind_by)), "")
    raw = number(row.cells.get(rule.column), pattern_of(rule.pattern))
    if not name or raw is None or raw in rule.ignore:
        return None
    value = _scaled(rule, row, raw)
    if value is None or not math.isfinite(value) or not _inside(value, rule.lowest, rule.highest):
        return None
    kind = KINDS[name]
    value *= _UNITS.get(rule.unit) or (0.01 if name in _PERCENT else 3.6e6 if name == "energy" else 1.0)
    return Sensor(kind, filled(rule.label, row) or kind.name, value, row.oid(rule.column))


def _scaled(rule: SensorRule, row: RuleRow, raw: float) -> float | None:
    value = raw * rule.scale / 10**rule.decimals
    if rule.scale_by:
        cell = row.cells.get(rule.scale_by)
        factor = rule.scales.get(text(cell)) if rule.scales else number(cell)
        if factor is None:
            return None
        value *= factor
    if rule.decimals_by:
        decimals = number(row.cells.get(rule.decimals_by))
        if decimals is None or abs(decimals) > MOST_DECIMALS:
            return None
        value /= 10**decimals
    if rule.of:
        whole = number(row.cells.get(rule.of))
        if whole is None or whole <= 0:
            return None
        value *= 100 / whole
    return _converted(rule.convert, value + rule.offset)


def _converted(conversion: str, value: float) -> float | None:
    match conversion:
        case "fahrenheit":
            return (value - 32) / 1.8
        case "milliwatts_to_dbm":
            return 10 * math.log10(value) if value > 0 else None
        case "microwatts_to_dbm":
            return 10 * math.log10(value / 1000) if value > 0 else None
        case _:
            return value


def state(rule: StateRule, row: RuleRow, known: Mapping[str, States]) -> State | None:
    """Return the state of a row; one that the rule has no word for is `unknown`."""
    cell = row.cells.get(rule.column)
    if not concerned(row, rule.when, rule.unless):
        return None
    value = number(cell) if isinstance(cell, int) else _number_of(text(cell), known[rule.states])
    if value is None:
        return None
    words, health = known[rule.states].get(str(int(value)), (str(int(value)), "unknown"))
    return State(filled(rule.label, row) or rule.states, int(value), words, health, row.oid(rule.column))


def _number_of(told: str, states: States) -> float | None:
    """Return the number of a state that a device tells as a word."""
    if _WHOLE.fullmatch(told):
        return float(told)
    for at, (words, _) in states.items():
        if told.lower() == words.lower():
            return float(at)
    return None


def component(rule: ComponentRule, row: RuleRow) -> dict[str, str] | None:
    """Return a part of the device as text by field of `Entity`; empty fields are left out."""
    if not concerned(row, rule.when, rule.unless):
        return None
    fields = ("name", "descr", "model", "serial", "hardware_rev", "firmware_rev", "software_rev")
    found = {field: filled(getattr(rule, field), row) for field in fields}
    told = {field: words for field, words in found.items() if words}
    return {"class_name": rule.kind, **told} if "name" in told and len(told) > 1 else None


def radio(rule: RadioRule, row: RuleRow) -> Radio | None:
    """Return the radio of a row; None when it tells nothing."""
    if not concerned(row, rule.when, rule.unless):
        return None
    columns = (rule.clients, rule.channel, rule.busy, rule.noise)
    clients, channel, busy, noise = (number(row.cells.get(name)) if name else None for name in columns)
    if clients is None and channel is None and busy is None and noise is None:
        return None
    ratio = None if busy is None or not 0 <= busy <= 100 else busy / 100
    oid = next(row.oid(name) for name in columns if name)
    return Radio(filled(rule.label, row), _whole(clients), _whole(channel), ratio, noise, oid)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _inside(value: float, lowest: float | None, highest: float | None) -> bool:
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)
