"""From the history to the chain: which records are sealed now, and up to which position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.folder import SealFolder
from netmon.evidence.seal.records import event_record, reading_records
from netmon.evidence.seal.roots import HOUR_MINUTES
from netmon.evidence.seal.sealer import AHEAD_HOURS, by_a_right_clock, minute_of, seal
from netmon.model import Event, Reading, Record
from netmon.store.interface import HistoryReader

_AT_ONCE = 2000
_MOST_RECORDS = 20_000
_SETTLE_MINUTES = 30
"""Minutes after the hour for which it stays open: rows of its last minutes are still being decided."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of the history in its own order, up to a position; all of them are of hours before one."""

    records: tuple[RecordJson, ...]
    position: int
    until_hour: int


def seal_history(
    reader: HistoryReader, folder: SealFolder, site: str, now_ms: int, most: int = _MOST_RECORDS
) -> int:
    """Seal all hours that are over and settled; return how many. What comes later becomes amendments."""
    until_hour = (now_ms // 60_000 - _SETTLE_MINUTES) // HOUR_MINUTES
    count = 0
    with folder.writing():
        while True:
            batch = unsealed(reader, folder.position, until_hour, most, folder.standing.hour or 0)
            sealed = seal(site, batch.records, batch.until_hour, folder.standing, folder.signer)
            count += folder.append(sealed, batch.position)
            if batch.until_hour == until_hour:
                return count


def unsealed(
    reader: HistoryReader, position: int, until_hour: int, most: int = _MOST_RECORDS, sealed_hour: int = 0
) -> Batch:
    """Return evidence after a position, up to the first record of an hour that is still open.

    So each record is sealed once, whatever comes between two calls. After `most` records the next new
    hour counts as open, so that a history of years needs no more memory than one of days. Late records, of
    hours until `sealed_hour`, make no new hour: they need the next one that is open. Nor do those of a clock
    that was far ahead: nothing would be sealed until its time has come.
    """
    found: list[RecordJson] = []
    newest, ahead = sealed_hour, until_hour + AHEAD_HOURS
    begun = sealed_hour > 0  # a chain begins with a clock that was right, however much there is before
    while entries := reader.after(position, _AT_ONCE):
        for entry in entries:
            own = list(records_of(entry.record))
            hour = max((minute_of(one) // HOUR_MINUTES for one in own), default=newest)
            if hour <= ahead:
                if begun and len(found) >= most and hour > max(newest, sealed_hour + 1):
                    until_hour = min(until_hour, hour)
                if hour >= until_hour:
                    return Batch(tuple(found), position, until_hour)
                newest = max(newest, hour)
                begun = begun or any(map(by_a_right_clock, own))
            found += own
            position = entry.position
    return Batch(tuple(found), position, until_hour)


def records_of(record: Record) -> Iterator[RecordJson]:
    """Yield what of a record of the history is evidence."""
    if isinstance(record, Reading):
        yield from reading_records(record)
    elif isinstance(record, Event) and (found := event_record(record)) is not None:
        yield found
