"""All that the history knows of one circuit in some days, read in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve, larger
from netmon.evidence.layers import Layers
from netmon.evidence.speed_tests import SpeedTest, speed_test
from netmon.evidence.strip import Strip
from netmon.model import Event, Labels, Reading
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE
from netmon.store.interface import Columns, HistoryReader, Query, Wanted
from netmon.store.turned import turned

_MINUTE_MS = 60_000
_PREFIX = "netmon_circuit"
_CURVES: Mapping[str, Wanted] = {
    "down_use": (f"{_PREFIX}_down_utilisation_ratio", ()),
    "up_use": (f"{_PREFIX}_up_utilisation_ratio", ()),
    "rtt_p50": (f"{_PREFIX}_rtt_seconds", (("statistic", "p50"),)),
    "rtt_p95": (f"{_PREFIX}_rtt_seconds", (("statistic", "p95"),)),
    "loss": (f"{_PREFIX}_loss_ratio", ()),
}
WANTED: tuple[Wanted, ...] = (
    *((f"{_PREFIX}_{name}", ()) for name in ("state", "fault", "degraded")),
    *_CURVES.values(),
)
"""What is asked of a history, in the order of `assemble`."""


@dataclass(frozen=True, slots=True)
class Material:
    """What was measured of a circuit. Uses are shares of what was contracted, round trips in seconds.

    `synced` is the share of rows whose clock was right; None without rows.
    """

    circuit: str
    days: Days
    strip: Strip
    down_use: Curve
    up_use: Curve
    rtt_p50: Curve
    rtt_p95: Curve
    loss: Curve
    tests: tuple[SpeedTest, ...]
    synced: Fraction | None

    @property
    def use(self) -> Curve:
        """The fuller direction."""
        return larger(self.down_use, self.up_use)


def read_material(reader: HistoryReader, circuit: str, days: Days) -> Material:
    """Read a circuit's minutes and tests from a history."""
    start_ms, end_ms = days.start_minute * _MINUTE_MS, days.end_minute * _MINUTE_MS
    query = Query(CIRCUIT_MINUTE, start_ms, end_ms, _key(circuit))
    pieces = reader.columns(query, WANTED)
    return assemble(pieces, reader.events(start_ms, end_ms, BANDWIDTH_TEST), circuit, days)


def material(readings: Iterable[Reading], events: Iterable[Event], circuit: str, days: Days) -> Material:
    """Lay readings and events out by minute, whatever their order."""
    return assemble(turned(readings, _key(circuit), WANTED), events, circuit, days)


def assemble(pieces: Iterable[Columns], events: Iterable[Event], circuit: str, days: Days) -> Material:
    """Lay columns, in the order of `WANTED`, and events out by minute, whatever their order."""
    layers = Layers(days.start_minute, days.end_minute, _PREFIX, len(_CURVES))
    for piece in pieces:
        layers.take(piece)
    tests: dict[tuple[int, str, str], list[SpeedTest]] = {}
    for event in events:
        if dict(event.key).get("circuit") == circuit and (test := speed_test(event)) is not None:
            tests.setdefault((test.minute, test.direction, test.method), []).append(test)
    curves = dict(zip(_CURVES, layers.curves, strict=True))
    return Material(
        circuit,
        days,
        layers.strip,
        **curves,
        tests=tuple(one for at in sorted(tests) for one in _different(tests[at])),
        synced=Fraction(layers.synced_rows, layers.rows) if layers.rows else None,
    )


def _different(tests: Sequence[SpeedTest]) -> Iterable[SpeedTest]:
    """Return tests of one moment; one that is told twice is one, by its words, as its rates are a table."""
    if len(tests) == 1:
        return tests
    words = {repr(test): test for test in tests}
    return (words[one] for one in sorted(words))


def _key(circuit: str) -> Labels:
    return (("circuit", circuit),)
