"""What a receiver of remote-write has, by its query API: the samples themselves, hour by hour."""

from __future__ import annotations

import json
from collections.abc import Mapping

from netmon.delivery.audit import Auditor, Keys, Series, Tally, Window
from netmon.delivery.remote_write_lines import EVENT_METRIC, JOB, SeriesEncoder
from netmon.delivery.remote_write_session import RemoteWriteSession
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.errors import Parked
from netmon.model import Event, Shape, Stamp, Value
from netmon.series import series_labels


class RemoteWriteAuditor(Auditor):
    """Reads all samples of the site and tallies them here: no function of PromQL keeps metrics apart."""

    def __init__(self, settings: RemoteWriteSettings) -> None:
        self._settings = settings
        self._session = RemoteWriteSession(settings)
        self._encoder = SeriesEncoder(settings.external_labels)

    def keys(self, shape: Shape, stamp: Stamp) -> Keys:
        """Return sets of labels."""
        return tuple(
            tuple(
                None if labels is None else self._key(metric.name, labels, stamp)
                for labels in (series_labels(row, metric) for row in shape.rows)
            )
            for metric in shape.metrics
        )

    def event_key(self, event: Event) -> Series:
        """Return the series of the event's kind."""
        return self._key(EVENT_METRIC, (*event.key, ("kind", event.kind)), event.stamp)

    def event_value(self, event: Event) -> Value:
        """Return the event's time."""
        return event.stamp.wall_ms / 1000

    async def there(self, window: Window, here: Mapping[Series, Tally]) -> Mapping[Series, Tally]:
        """Ask once for everything of the hour."""
        del here
        words = {"job": JOB, **dict(self._settings.external_labels), "site": self._settings.site}
        selector = ",".join(f"{name}={json.dumps(words[name])}" for name in ("job", "site"))
        # Up to and with the window's last millisecond; where the far end of a range counts too, as in
        # Prometheus 2, a sample of the millisecond before it is read in addition.
        span_ms, last_ms = window.end_ms - window.start_ms, window.end_ms - 1
        answer = await self._session.query(f"{{{selector}}}[{span_ms}ms]", last_ms / 1000)
        try:
            result = json.loads(answer)["data"]["result"]
            return {_key(one["metric"]): _tally(one["values"], window) for one in result}
        except (ValueError, KeyError, TypeError) as error:
            raise Parked("the answer is not Prometheus' JSON: is query_url right?") from error

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()

    def _key(self, name: str, labels: tuple[tuple[str, str], ...], stamp: Stamp) -> Series:
        return _key(self._encoder.labels(name, labels, synced=stamp.synced))


def _key(labels: Mapping[str, str]) -> Series:
    return frozenset((name, text) for name, text in labels.items() if text)


def _tally(values: list[tuple[float, str]], window: Window) -> Tally:
    samples = {round(at * 1000): float(value) for at, value in values}
    known = [value for at_ms, value in samples.items() if window.start_ms <= at_ms < window.end_ms]
    return Tally(len(known), sum(known))
