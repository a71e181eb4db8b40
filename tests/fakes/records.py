"""Readings for tests that do not care where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from netmon.model import Metric, Outcome, Reading, Row, Shape, Stamp, Value, counter, gauge

OCTETS = counter("ifHCInOctets", "Octets received.")
SECONDS = gauge("probe_duration_seconds", "How long it took.")


def stamp(second: float = 0.0, *, boot_id: str = "boot-1", synced: bool = True) -> Stamp:
    """A moment `second` seconds after the start of the test's world."""
    return Stamp(boot_id, round((1000 + second) * 1e9), round((1_800_000_000 + second) * 1000), synced)


def shape(
    measurement: str = "tcp", metrics: Sequence[Metric] = (SECONDS,), rows: Sequence[str] = ("a",)
) -> Shape:
    """One row per target name."""
    return Shape(
        measurement, tuple(metrics), tuple(Row((("site", "lib"), ("target", name))) for name in rows)
    )


def reading(of: Shape, second: float, *columns: Sequence[Value], epoch: int = 0) -> Reading:
    """Values by column; every row is ok."""
    rows = len(of.rows)
    return Reading(of, stamp(second), columns, (Outcome.OK,) * rows, (epoch,) * rows)
