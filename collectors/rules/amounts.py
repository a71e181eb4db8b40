"""What rows mean: how busy processors are, and how full memory and disks."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.rules.model import MemoryRule, ProcessorRule
from collectors.rules.objects import number, pattern_of
from collectors.rules.reader import RuleRow
from collectors.rules.wording import concerned, filled


@dataclass(frozen=True, slots=True)
class Processor:
    """How busy a processor is, 0 to 1."""

    label: str
    ratio: float
    oid: str


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of memory or of a disk; None where the device tells a share only. `ratio` is used by all."""

    kind: str
    label: str
    total_bytes: int | None
    used_bytes: int | None
    ratio: float
    oid: str


def processor(rule: ProcessorRule, row: RuleRow) -> Processor | None:
    """Return the processor of a row."""
    column = rule.busy or rule.idle
    raw = number(row.cells.get(column), pattern_of(rule.pattern))
    if raw is None or raw in rule.ignore or not concerned(row, rule.when, rule.unless):
        return None
    percent = raw * rule.scale
    percent = 100 - percent if rule.idle else percent
    if not -0.5 <= percent <= 100.5:
        return None
    return Processor(filled(rule.label, row) or "Processor", max(percent, 0) / 100, row.oid(column))


def memory(rule: MemoryRule, row: RuleRow) -> Memory | None:
    """Return the memory of a row; None where neither amounts nor a share make sense."""
    if not concerned(row, rule.when, rule.unless):
        return None
    unit = number(row.cells.get(rule.unit_by)) if rule.unit_by else rule.unit_bytes
    pattern = pattern_of(rule.pattern)
    total, used, free = (
        None if not name or raw is None or unit is None else raw * unit
        for name, raw in (
            (name, number(row.cells.get(name), pattern)) for name in (rule.total, rule.used, rule.free)
        )
    )
    if total is None and used is not None and free is not None:
        total = used + free
    if used is None and total is not None and free is not None:
        used = total - free
    if used is not None and unit is not None:
        spare = (number(row.cells.get(name)) or 0 for name in (rule.buffers, rule.cached) if name)
        used = max(used - sum(spare) * unit, 0)
    percent = number(row.cells.get(rule.percent or rule.percent_free), pattern)
    if percent is not None and not rule.percent:
        percent = 100 - percent
    return _memory(rule, row, total, used, percent)


def _memory(
    rule: MemoryRule, row: RuleRow, total: float | None, used: float | None, percent: float | None
) -> Memory | None:
    if used is None and total is not None and percent is not None:
        used = total * percent / 100
    if total is not None and used is not None:
        if total <= 0 or not 0 <= used <= total * 1.001:
            return None
        ratio = used / total
    elif percent is not None and 0 <= percent <= 100:
        ratio = percent / 100
    else:
        return None
    places = (name for name in (rule.used, rule.free, rule.percent, rule.percent_free, rule.total) if name)
    oid = next((row.oid(name) for name in places if name in row.cells), "")
    label = filled(rule.label, row) or "Memory"
    return Memory(rule.kind, label, _whole(total), _whole(used), ratio, oid)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
