"""Loss of each direction, where a STAMP probe tells them apart."""

from __future__ import annotations

from netmon.latest import LatestRow
from netmon.verdict.book import STAMP, Book
from netmon.verdict.slots import Slot
from netmon.verdict.view import WatchedCircuit

_LOST, _SENT = "netmon_stamp_lost_packets", "netmon_probe_packets_sent"


def directions(book: Book, slot: Slot, circuit: WatchedCircuit | None) -> str:
    """Return the loss from and to the site in words; empty when nobody tells, or nothing was lost."""
    rows = [
        row
        for (measurement, _), told in book.rows.items()
        if measurement == STAMP
        for row in told.within(slot)
        if circuit is None or row.label("circuit") == circuit.id or len(book.watch.circuits) == 1
    ]
    sent = sum(row.value(_SENT) or 0 for row in rows)
    away, towards = (sum(_lost(row, way) for row in rows) for way in ("forward", "backward"))
    if not sent or not away + towards:
        return ""
    return f"loss from the site {away / sent:.1%}, to the site {towards / max(sent - away, 1):.1%}"


def _lost(row: LatestRow, direction: str) -> float:
    for at, metric in enumerate(row.reading.shape.metrics):
        if metric.name == _LOST and ("direction", direction) in metric.labels:
            return row.reading.columns[at][row.at] or 0
    return 0
