"""What a series is, wherever readings become one: its labels, who yields it, and when it is over."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median

from netmon.model import Kind, Labels, Metric, Row, Shape
from netmon.model.derived import BANDWIDTH_TEST, INCIDENT, RUN

Owner = tuple[str, Labels]
"""Who yields a reading: the measurement, and what the rows of one source have in common."""

_LASTING = frozenset({RUN, BANDWIDTH_TEST, INCIDENT})
"""Measurements whose last word stands until the next one, however old it is."""
_SHORTEST_LIFE_SECONDS = 120.0
_INTERVALS = 3
_UNKNOWN_LIFE_SECONDS = 600.0
"""Life of the first reading of something, when its interval is not known yet."""


def owner(shape: Shape) -> Owner:
    """Return who yields a shape: rows of one device or one probe; else, as with runs, its first row."""
    key = dict(shape.rows[0].key)
    for labels in (("device",), ("probe",)):
        if all(label in key for label in labels):
            return shape.measurement, tuple(
                (label, key[label]) for label in ("site", *labels) if label in key
            )
    return shape.measurement, shape.rows[0].key


def series_labels(row: Row, metric: Metric) -> Labels | None:
    """Return the labels of one metric of one row; None for an INFO metric whose text is not known."""
    labels = (*row.key, *row.info, *metric.labels)
    if metric.kind is not Kind.INFO:
        return labels
    text = dict(row.texts).get(metric.name)
    return None if text is None else (*labels, (metric.text_label, text))


class Beats:
    """The moments of an owner's last readings, by CLOCK_BOOTTIME, and what is usual for it."""

    def __init__(self, measurement: str) -> None:
        self._lasting = measurement in _LASTING
        self._moments_ns: deque[int] = deque(maxlen=6)

    @property
    def last_ns(self) -> int | None:
        """Moment of the newest reading; None before the first."""
        return self._moments_ns[-1] if self._moments_ns else None

    def note(self, boottime_ns: int) -> None:
        """Note a reading."""
        self._moments_ns.append(boottime_ns)

    def ended(self, now_ns: int) -> bool:
        """Tell whether the series are over: nothing came for three usual intervals, 120 s at least."""
        if self._lasting or not self._moments_ns:
            return False
        gaps = [after - before for before, after in pairwise(self._moments_ns)]
        # The median: neither one early poll nor one long outage changes what is usual.
        life_ns = _INTERVALS * median(gaps) if gaps else _UNKNOWN_LIFE_SECONDS * 1e9
        return now_ns - self._moments_ns[-1] > max(life_ns, _SHORTEST_LIFE_SECONDS * 1e9)
