"""The daemon: what exists, in which order it comes and goes. Decisions live in the parts."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from netmon.app.body import Body
from netmon.app.chronicle import Chronicle
from netmon.app.front import Front
from netmon.app.reload import Reloader
from netmon.app.site import DaemonSite
from netmon.clock import Clock
from netmon.config.load import Loaded, load
from netmon.errors import NetmonError
from netmon.systemd import Notifier

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DaemonOptions:
    """Where the daemon finds things. `config` None: watch what this machine suggests."""

    config: Path | None
    state: Path
    environ: Mapping[str, str]


class _Stop(Exception):  # noqa: N818 - no error: the way out of a TaskGroup
    """Somebody asked the daemon to end."""


class Daemon:
    """Runs until it is asked to stop."""

    def __init__(self, options: DaemonOptions, clock: Clock) -> None:
        self._options, self._clock = options, clock
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ask it to end."""
        self._stopped.set()

    async def run(self) -> None:
        """Start everything, say so, wait, stop everything.

        ConfigError, StoreError and OSError of a listener leave before anything was measured.
        """
        loaded = load(self._options.config, self._options.environ)
        for warning in loaded.warnings:
            log.warning("%s", warning)
        try:
            await self._run(loaded)
        except BaseExceptionGroup as group:
            # Not `except*`: before Python 3.11.3 what it raises arrives in a group again.
            stopped, rest = group.split(_Stop)
            words = rest.subgroup(NetmonError) if rest is not None else None
            if words is not None:
                raise _first(words) from None
            if rest is not None or stopped is None:
                raise
        log.info("stopped")

    async def _run(self, loaded: Loaded) -> None:
        async with AsyncExitStack() as stack:
            body = await Body.open(stack, self._options.state, self._clock, loaded)
            async with asyncio.TaskGroup() as tasks:
                await self._live(tasks, stack, body, loaded)

    async def _live(
        self, tasks: asyncio.TaskGroup, stack: AsyncExitStack, body: Body, loaded: Loaded
    ) -> None:
        notifier = Notifier(self._options.environ)
        body.start(tasks, notifier)
        reloader = Reloader(body, lambda: load(self._options.config, self._options.environ), notifier)
        reloader.expect(loaded)
        site = DaemonSite(body, reloader)
        body.own.watch(site.samples)
        front = Front(site)
        await front.open(reloader.web_settings)
        stack.push_async_callback(front.close)
        reloader.web_wanted = front.want
        tasks.create_task(front.run(), name="web settings")
        chronicle = Chronicle(body.hub, self._clock, lambda: reloader.view)
        tasks.create_task(chronicle.run(), name="chronicle")
        self._listen_to_signals(reloader, tasks)
        site.became_ready()
        notifier.ready(f"watching {loaded.configuration.site.id}")
        settle_memory()
        # The first polls come last: fifty devices at once would keep the page waiting.
        await reloader.adopt(loaded)
        await self._stopped.wait()
        notifier.stopping()
        await front.close()
        await body.stop()
        raise _Stop

    def _listen_to_signals(self, reloader: Reloader, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, reloader.wanted.set)
        tasks.create_task(reloader.run(), name="reload on SIGHUP")
        tasks.create_task(reloader.follow_network(), name="follow the network")


def settle_memory() -> None:
    """Let collections of garbage pass over what was imported and made so far: it stays until the end.

    A full collection with all of it stops every thread for 50 ms, the event loop among them.
    """
    gc.collect()
    gc.freeze()


def _first(group: BaseExceptionGroup[NetmonError]) -> NetmonError:
    """Return the error that a person should see; the others came of it."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
