"""What an InfluxDB has, by InfluxQL: the one language that versions 1, 2 and 3 share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netmon.delivery.audit import Auditor, Keys, Series, Tally, Window
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.influx_setup import identifier, influxql
from netmon.delivery.line import EVENT_MEASUREMENT, plain_name
from netmon.errors import Parked
from netmon.model import Event, Kind, Labels, Metric, Row, Shape, Stamp, Value


class InfluxAuditor(Auditor):
    """Counts and sums per series and hour; whole numbers wrap as InfluxDB's own sums do."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._session = InfluxSession(settings)

    def keys(self, shape: Shape, stamp: Stamp) -> Keys:
        """Return measurement, tags and field; texts are not sent."""
        return tuple(
            tuple(
                None if metric.kind is Kind.INFO else self._key(shape.measurement, row, metric, stamp)
                for row in shape.rows
            )
            for metric in shape.metrics
        )

    def event_key(self, event: Event) -> Series:
        """Return the series of the event's text."""
        return _key(EVENT_MEASUREMENT, (*event.key, ("kind", event.kind)), "text", event.stamp)

    def event_value(self, event: Event) -> Value:
        """Return nothing: it is a text."""
        del event
        return None

    async def there(self, window: Window, here: Mapping[Series, Tally]) -> Mapping[Series, Tally]:
        """Ask once per measurement."""
        if await self._session.version() == "unknown":
            raise Parked("this server has no InfluxQL; if it takes remote-write, audit it as that")
        found: dict[Series, Tally] = {}
        for measurement in sorted({series[0] for series in here if isinstance(series, tuple)}):
            q = (
                f"SELECT count(*), sum(*) FROM {identifier(measurement)} "  # noqa: S608 - escaped
                f"WHERE time >= {window.start_ms}ms AND time < {window.end_ms}ms GROUP BY *"
            )
            result = await influxql(self._session, q, self._settings.destination)
            for series in result.get("series", ()):
                found |= _tallies(measurement, series)
        return found

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    def _key(self, measurement: str, row: Row, metric: Metric, stamp: Stamp) -> Series:
        return _key(measurement, (*row.key, *metric.labels), metric.name, stamp)


def _key(measurement: str, labels: Labels, field: str, stamp: Stamp) -> Series:
    every = {**dict(labels), **({} if stamp.synced else {"clock": "unsynced"})}
    tags = frozenset((plain_name(name), plain_name(text)) for name, text in every.items() if text)
    return plain_name(measurement), tags, plain_name(field)


def _tallies(measurement: str, series: Mapping[str, Any]) -> Mapping[Series, Tally]:
    tags = frozenset((name, text) for name, text in series.get("tags", {}).items() if text)
    (values,) = series["values"]
    row = dict(zip(series["columns"], values, strict=True))
    return {
        (measurement, tags, name.removeprefix("count_")): Tally(count, row.get(f"sum_{name[6:]}"))
        for name, count in row.items()
        if name.startswith("count_") and count
    }
