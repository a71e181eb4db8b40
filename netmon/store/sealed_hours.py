"""Of which hours sealed statistics tell everything: one of them for each series, and no reading beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from sqlite3 import Connection

from netmon.model import Labels, Shape
from netmon.store.block import NS_PER_MS
from netmon.store.boots import Boots
from netmon.store.hours import HOUR_MS
from netmon.store.manifest import Shelf, spans
from netmon.store.records import Records

Span = tuple[int, int]
"""First hour and the hour behind the last one."""
_EVER_MS = 2**43


@dataclass(frozen=True, slots=True)
class _Source:
    """What one stretch has of one subject in one boot."""

    stretch: str
    subject: int
    boot: int
    hours: Span


def sealed_spans(
    connection: Connection, records: Records, shapes: dict[int, Shape], within: Span
) -> list[Span]:
    """Return the spans of hours that can be answered from sealed statistics alone."""
    sealed, others = _sources(connection, records, shapes)
    if not sealed:
        return []
    # Hours in between of which there is nothing at all are told by saying nothing.
    first, behind = min(one.hours[0] for one in sealed), max(one.hours[1] for one in sealed)
    found = [(max(first, within[0]), min(behind, within[1]))]
    doubtful = [*(source.hours for source in others), *_overlaps(sealed, _families(shapes))]
    for gap in _union(doubtful):
        found = [part for span in found for part in _without(span, gap)]
    return [span for span in found if span[0] < span[1]]


def _sources(
    connection: Connection, records: Records, shapes: dict[int, Shape]
) -> tuple[list[_Source], list[_Source]]:
    """Return what sealed statistics there are, and sealed readings without them."""
    boots = records.log.refresh()
    files = {file.id: file for file in records.sealed.files()}
    sealed: list[_Source] = []
    others: list[_Source] = []
    for number, subject, boot, first_ms, last_ms in spans(connection, tuple(shapes)):
        file = files.get(number)
        if file is not None:
            side = sealed if file.shelf is Shelf.ROLLUPS else others
            for hours in _hours(boots, boot, first_ms, last_ms):
                side.append(_Source(file.name.partition("/")[0], subject, boot, hours))
    told = {(one.stretch, one.subject, one.boot) for one in sealed}
    return sealed, [one for one in others if (one.stretch, one.subject, one.boot) not in told]


def _hours(boots: Boots, boot: int, first_ms: int, last_ms: int) -> Iterator[Span]:
    for window in boots.windows(-_EVER_MS, _EVER_MS):
        start_ms = max(first_ms, -(-window.start_ns // NS_PER_MS))
        end_ms = min(last_ms, (window.end_ns - 1) // NS_PER_MS)
        if window.segment.boot == boot and start_ms <= end_ms:
            offset_ms = window.segment.offset_ms
            yield (start_ms + offset_ms) // HOUR_MS, (end_ms + offset_ms) // HOUR_MS + 1


def _families(shapes: dict[int, Shape]) -> dict[int, int]:
    """Return a number for each subject, the same for those that share a row: a thing whose shape changed."""
    families = {subject: subject for subject in shapes}
    owner: dict[Labels, int] = {}
    for subject, shape in shapes.items():
        for row in shape.rows:
            other = families[owner.setdefault(row.key, subject)]
            mine = families[subject]
            if other != mine:
                families = {one: other if of == mine else of for one, of in families.items()}
    return families


def _overlaps(sources: list[_Source], families: dict[int, int]) -> Iterator[Span]:
    """Yield hours that more than one source of a family has."""
    behind: dict[int, int] = {}
    for source in sorted(sources, key=lambda one: one.hours):
        family = families[source.subject]
        before = behind.get(family, -_EVER_MS)
        if source.hours[0] < before:
            yield source.hours[0], min(before, source.hours[1])
        behind[family] = max(before, source.hours[1])


def _union(spans_: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, behind in sorted(spans_):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], behind))
        else:
            joined.append((first, behind))
    return joined


def _without(span: Span, gap: Span) -> tuple[Span, Span]:
    return (span[0], min(span[1], gap[0])), (max(span[0], gap[1]), span[1])
