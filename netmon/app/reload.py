"""Take up a configuration, the first one or a later one, without losing state."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from netmon.app.body import Body
from netmon.app.jobs import PlannedJob, planned_jobs
from netmon.app.settings import web_settings
from netmon.app.watch import watch
from netmon.config.load import Loaded
from netmon.config.plan import assignments
from netmon.config.routes import connected
from netmon.errors import ConfigError
from netmon.model import Labels
from netmon.systemd import Notifier
from netmon.verdict.view import View
from netmon.web.settings import WebSettings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 60.0


class Reloader:
    """Holds the configuration in use. A broken new one leaves it as it is, and is remembered as failed."""

    def __init__(self, body: Body, read: Callable[[], Loaded], notifier: Notifier) -> None:
        self._body, self._read, self._notifier = body, read, notifier
        self.web_wanted: Callable[[WebSettings], None] = lambda _settings: None
        """Told how the web server shall listen, after each configuration that was taken up."""
        self._one_at_a_time = asyncio.Lock()
        self.wanted = asyncio.Event()
        self.last_ok: bool | None = None
        self.last_problem = ""
        self.last_success_seconds = 0.0
        self.last_try_seconds: float | None = None

    @property
    def loaded(self) -> Loaded:
        """The configuration in use."""
        return self._loaded

    @property
    def view(self) -> View:
        """The latest values, seen with the configuration in use."""
        return self._view

    @property
    def web_settings(self) -> WebSettings:
        """How the web server was told to listen."""
        return web_settings(self._loaded.configuration)

    async def run(self) -> None:
        """Reload whenever it is wanted (SIGHUP); a storm of wishes is one reload."""
        while True:
            await self.wanted.wait()
            self.wanted.clear()
            try:
                await self.reload()
            except ConfigError as error:
                for mistake in error.mistakes:
                    log.error("the new configuration is not used: %s", mistake)  # noqa: TRY400 - for a person

    async def follow_network(self) -> None:
        """Look again at where this machine stands: at boot it may have had no address yet.

        Without a configuration, what is watched follows; with one, only the verdict's idea of the site's
        own networks does.
        """
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                loaded = self._loaded if self._loaded.files else self._read()
            except ConfigError as error:
                log.warning("what this machine suggests cannot be used: %s", error)
                continue
            async with self._one_at_a_time:
                if loaded.configuration == self._loaded.configuration:
                    self.expect(self._loaded)
                else:
                    log.info("this machine's network changed: watching what it suggests now")
                    await self.adopt(loaded)

    async def reload(self) -> None:
        """Read the configuration again and take it up; ConfigError: the old one goes on."""
        async with self._one_at_a_time:
            self._notifier.reloading(self._body.clock.monotonic())
            self.last_try_seconds = self._body.clock.wall_ns() / 1e9
            try:
                loaded = self._read()
            except ConfigError as error:
                self.last_ok, self.last_problem = False, str(error.mistakes[0])
                raise
            finally:
                self._notifier.ready()
            await self.adopt(loaded)
            log.info("the configuration was read again")

    def expect(self, loaded: Loaded) -> None:
        """Show this configuration to the web, before or while it is taken up."""
        planned = assignments(loaded.configuration)
        self._loaded = loaded
        shown = watch(loaded.configuration, planned, connected())
        self._view = View(shown, self._body.latest, self._body.clock)
        self._body.book.expect(shown)
        self._body.planned.expect(loaded.configuration)
        self._body.incidents.expect(loaded.configuration, shown)

    async def adopt(self, loaded: Loaded) -> None:
        """Run what this configuration says, from now on."""
        before, configuration = self._loaded.configuration, loaded.configuration
        self.expect(loaded)
        jobs = planned_jobs(assignments(configuration))
        self._end_series(await self._body.jobs.apply(jobs, self._body.context(configuration)))
        if before.site.id != configuration.site.id:
            self._drop((("site", before.site.id),))
        for circuit in {one.id for one in before.circuits} - {one.id for one in configuration.circuits}:
            self._drop((("circuit", circuit),))
        self._body.exposition.limit(configuration.web.max_series)
        self._body.history.commit_every(configuration.store.commit_every_seconds)
        self._body.history.hold_seconds = configuration.store.hold_unsynced_seconds
        await self._body.sinks.apply(configuration)
        await self._body.channels.apply(configuration)
        self.web_wanted(self.web_settings)
        self.last_ok, self.last_problem = True, ""
        self.last_success_seconds = self._body.clock.wall_ns() / 1e9

    def _end_series(self, gone: list[PlannedJob]) -> None:
        """End the series of what was stopped; what runs again begins them anew at its first run."""
        for job in gone:
            for labels in _identities(job):
                self._drop(labels)

    def _drop(self, labels: Labels) -> None:
        self._body.latest.drop(labels)
        self._body.exposition.drop(labels)


def _identities(job: PlannedJob) -> Iterator[Labels]:
    """Yield the labels that only this job's rows have, those about its runs included."""
    first = job.sources[0].assignment
    yield (("device", first.device.name),) if first.device is not None else (("probe", first.name),)
    for one in job.sources:
        run = (("source", one.source_name), ("name", one.assignment.name))
        yield from ((*run, ("target", target)) for target in one.assignment.targets)
