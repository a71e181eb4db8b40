"""The 32-bit counters and the number of a port, from what was read anyway: for who asks as of snmp_exporter.

RFC 2863 section 3.1.6: where a port has 64-bit counters, its 32-bit ones are their low halves. Polling and
storing both would say everything twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from netmon.model import Metric, Reading, Shape, Value, counter, integer

INTERFACE = "interface"
_INDEX = integer("ifIndex", "Number of the port, as its label of that name.")
_MODULUS = 2**32


def _low(name: str, *high: str) -> tuple[Metric, tuple[str, ...]]:
    return counter(name, f"Low 32 bits of {' and '.join(high)}.", wrap_bits=32), high


_LOW: Mapping[Metric, tuple[str, ...]] = dict(
    [
        *(
            _low(f"if{way}{what}", f"ifHC{way}{what}")
            for way in ("In", "Out")
            for what in ("Octets", "UcastPkts", "MulticastPkts", "BroadcastPkts")
        ),
        *(
            _low(f"if{way}NUcastPkts", f"ifHC{way}MulticastPkts", f"ifHC{way}BroadcastPkts")
            for way in ("In", "Out")
        ),
    ]
)


def with_low_counters(reading: Reading) -> Reading:
    """Return a reading of ports with ifIndex and the 32-bit counters; any other reading as it is."""
    if reading.shape.measurement != INTERFACE:
        return reading
    columns = {
        metric.name: column for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
    }
    added = {
        metric: _sums(metric, high, columns) for metric, high in _LOW.items() if columns.keys() >= {*high}
    }
    kept = {
        metric: column
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
        if metric not in added
    }
    every: dict[Metric, Sequence[Value]] = {_INDEX: _indexes(reading.shape), **kept, **added}
    shape = Shape(INTERFACE, tuple(every), reading.shape.rows)
    return replace(reading, shape=shape, columns=tuple(every.values()))


def _sums(metric: Metric, high: Sequence[str], columns: Mapping[str, Sequence[Value]]) -> list[Value]:
    """Return the low halves; where a port has no 64-bit counter, what its 32-bit one said."""
    own = columns.get(metric.name) or [None] * len(columns[high[0]])
    parts = zip(*(columns[name] for name in high), strict=True)
    return [
        before if None in counts else sum(int(count or 0) for count in counts) % _MODULUS
        for before, counts in zip(own, parts, strict=True)
    ]


def _indexes(shape: Shape) -> list[Value]:
    texts = (dict(row.info).get("ifIndex", "") for row in shape.rows)
    return [int(text) if text.isdecimal() else None for text in texts]
