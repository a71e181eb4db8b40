"""What a record may take in memory while it waits for the disk."""

from __future__ import annotations

from netmon.model import Reading, Record, Retention

_READING_BYTES = 300
_CELL_BYTES = 40
_OTHER_BYTES = 2000


def weigh(record: Record) -> tuple[int, bool]:
    """Return the memory that a record may take, in bytes, and whether it goes last."""
    if not isinstance(record, Reading):
        return _OTHER_BYTES, True
    try:
        cells = len(record.columns) * len(record.outcomes)
        return _READING_BYTES + _CELL_BYTES * cells, record.shape.retention is Retention.EVIDENCE
    except (AttributeError, TypeError):
        # Half a reading: the journal will say so, where all odd ones are counted.
        return _OTHER_BYTES, False
