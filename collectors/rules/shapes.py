"""Keep the shapes of readings whose rows seldom change, so that what derives from them is derived once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netmon import sdk


class Shapes:
    """The last shape of each measurement of one source."""

    def __init__(self, metrics: Mapping[str, tuple[sdk.Metric, ...]]) -> None:
        self._metrics = metrics
        self._shapes: dict[str, sdk.Shape] = {}

    def of(self, measurement: str, rows: Sequence[sdk.Row]) -> sdk.Shape:
        """Return the measurement's shape with these rows: the last one when they are the same."""
        shape = self._shapes.get(measurement)
        if shape is None or shape.rows != tuple(rows):
            shape = sdk.Shape(measurement, self._metrics[measurement], tuple(rows))
            self._shapes[measurement] = shape
        return shape
