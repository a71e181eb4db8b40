"""The view from outside: what probes of this netmon say about other sites, minute by minute."""

from __future__ import annotations

from collections.abc import Iterator

from netmon.model import Labels, Reading, SlotState, Stamp, Value
from netmon.model.derived import OUTSIDE_MINUTE
from netmon.verdict.book import Book
from netmon.verdict.slots import Slot
from netmon.verdict.tally import Tally, coverage_ratio, percentile, planned_runs, tally
from netmon.verdict.told import STATE_NUMBERS, MinuteRow, Shapes


def outside_reading(
    book: Book, slot: Slot, own: SlotState, shapes: Shapes, stamp: Stamp
) -> Iterator[Reading]:
    """Yield one row for each site that is looked at from here.

    A site is down only when all that was asked of it was silent while this site's own lines were up:
    else it may be ours that are dead.
    """
    sites: dict[str, list[Tally]] = {}
    for key, timeline in book.samples.items():
        probe = book.watch.probes[key.probe]
        if probe.outside_of:
            found = tally(key, probe, planned_runs(probe, slot), timeline.within(slot))
            sites.setdefault(probe.outside_of, []).append(found)
    if sites:
        rows = [_row(site, book.watch.site, tallies, own) for site, tallies in sorted(sites.items())]
        yield shapes.reading(OUTSIDE_MINUTE, rows, stamp)


def _row(site: str, seen_from: str, tallies: list[Tally], own: SlotState) -> MinuteRow:
    key: Labels = (("site", site), ("seen_from", seen_from))
    state = _state(tallies, own)
    answering = [one for one in tallies if one.good]
    best = min(answering, key=lambda one: one.lost, default=None)
    trips = best.trips_seconds if best is not None else ()
    loss = {SlotState.UP: best.loss_ratio if best else None, SlotState.DOWN: 1.0}.get(state)
    cells: list[Value] = [
        STATE_NUMBERS[state], coverage_ratio(tallies), percentile(trips, 0.5), percentile(trips, 0.95), loss,
    ]  # fmt: skip
    return MinuteRow(key, {}, cells)


def _state(tallies: list[Tally], own: SlotState) -> SlotState:
    if any(one.good for one in tallies):
        return SlotState.UP
    if own is SlotState.UP and all(one.silent for one in tallies):
        return SlotState.DOWN
    return SlotState.UNKNOWN
