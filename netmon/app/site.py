"""What the web server sees of the daemon, and netmon's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TypeVar

from netmon.app.body import Body
from netmon.app.reload import Reloader
from netmon.clock import Clock
from netmon.delivery.health import pump_samples
from netmon.kernel_clock import kernel_clock
from netmon.metrics import daemon as declared
from netmon.metrics.excerpt import Part
from netmon.metrics.fragment import Cut
from netmon.metrics.own import OwnSample
from netmon.metrics.text_format import TextFormat
from netmon.store.health import store_samples
from netmon.store.interface import HistoryReader
from netmon.verdict.rules import Verdict, decide
from netmon.verdict.view import View
from netmon.web.site import Health, SinkHealth, StoreHealth

T = TypeVar("T")

VERSION = version("netmon-edge")


class DaemonSite:
    """The daemon as its web server sees it."""

    def __init__(self, body: Body, reloader: Reloader) -> None:
        self._body, self._reloader = body, reloader
        self._started = datetime.fromtimestamp(body.clock.wall_ns() / 1e9, UTC)
        self._began = body.clock.monotonic()
        self._ready = False

    @property
    def clock(self) -> Clock:
        """The daemon's clock."""
        return self._body.clock

    @property
    def view(self) -> View:
        """The latest values, seen with the configuration in use."""
        return self._reloader.view

    def verdict(self) -> Verdict:
        """Return the verdict on the site, now."""
        return decide(self.view)

    async def query(self, question: Callable[[HistoryReader], T]) -> T:
        """Put a question to the history, off the event loop."""
        return await self._body.query(question)

    async def exposition(self, form: TextFormat) -> Sequence[bytes]:
        """Return all series as text."""
        await self._body.exposition.prepare()
        return [*self._body.exposition.render(form), self._body.own.render(form)]

    def parts(self, measurement: str, cut: Cut) -> Sequence[Part]:
        """Return the newest readings of a measurement that have rows for a cut."""
        return self._body.exposition.parts(measurement, cut)

    async def reload(self) -> None:
        """Read the configuration again; ConfigError leaves the old one running."""
        await self._reloader.reload()

    def became_ready(self) -> None:
        """Note that everything runs."""
        self._ready = True

    def ready(self) -> bool:
        """Tell whether everything runs."""
        return self._ready

    def health(self) -> Health:
        """Return how netmon itself is doing."""
        reloader, pulse = self._reloader, self._body.pulse
        tried = reloader.last_try_seconds
        return Health(
            version=VERSION,
            started=self._started,
            uptime_seconds=self._body.clock.monotonic() - self._began,
            clock_synchronised=kernel_clock().synchronised,
            loop_lag_seconds=pulse.lag_seconds if pulse else None,
            config_digest=reloader.loaded.digest,
            config_source=", ".join(map(str, reloader.loaded.files)),
            last_reload=None if tried is None else datetime.fromtimestamp(tried, UTC),
            last_reload_ok=None if tried is None else reloader.last_ok,
            last_reload_problem=reloader.last_problem,
            store=self._store(),
            sinks=tuple(self._sinks()),
            notes=tuple(str(warning) for warning in reloader.loaded.warnings),
        )

    def samples(self) -> Iterator[OwnSample]:
        """Yield netmon's own numbers for the scrape."""
        body, reloader = self._body, self._reloader
        yield from declared.build_samples(VERSION)
        yield declared.RELOAD_SUCCESSFUL, (), int(reloader.last_ok is True)
        yield declared.RELOAD_TIME, (), reloader.last_success_seconds
        if body.pulse is not None:
            yield declared.LOOP_LAG, (), body.pulse.lag_seconds
            yield declared.LOOP_LAG_MAX, (), body.pulse.lag_max_seconds
        yield declared.CLOCK_STEPS, (), body.timekeeping.watch.steps_total
        yield from declared.job_samples(body.ticker.states)
        yield from declared.hub_samples(body.hub)
        yield from declared.exposition_samples(body.exposition.budget)
        yield from store_samples(body.history)
        yield from pump_samples(body.sinks.pumps)
        yield from body.channels.samples()

    def _store(self) -> StoreHealth:
        history = self._body.history
        return StoreHealth(
            size_bytes=history.size_bytes,
            records=history.newest,
            commits_total=history.commits_total,
            dropped_total=history.dropped_total,
            damaged_total=history.damaged_total,
            oldest=self._body.oldest,
            problem=history.refusal,
        )

    def _sinks(self) -> Iterator[SinkHealth]:
        for pump in self._body.sinks.pumps:
            yield SinkHealth(pump.sink.name, pump.state, pump.queued_records, pump.lag_seconds, pump.trouble)
