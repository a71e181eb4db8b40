"""The sinks that run: one pump each, started again when their settings change."""

from __future__ import annotations

import asyncio

from netmon.app.sink_settings import SinkSettings, sink, sink_settings
from netmon.clock import Clock
from netmon.config.schema import Configuration
from netmon.delivery.gate import HoldLimits
from netmon.delivery.pump import Pump
from netmon.store.interface import History, Position


class Sinks:
    """Pumps by name."""

    def __init__(self, tasks: asyncio.TaskGroup, history: History, clock: Clock) -> None:
        self._tasks, self._history, self._clock = tasks, history, clock
        self._settings: dict[str, SinkSettings] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._pumps: dict[str, Pump] = {}
        self._ended = False

    def committed(self, newest: Position) -> None:
        """Tell all pumps that there is more to read."""
        for pump in self._pumps.values():
            pump.committed(newest)

    @property
    def pumps(self) -> tuple[Pump, ...]:
        """The pumps that run now."""
        return tuple(self._pumps.values())

    async def apply(self, configuration: Configuration) -> None:
        """Run what the configuration names; a sink with the same settings goes on undisturbed."""
        wanted = sink_settings(configuration)
        for name in [name for name in self._settings if wanted.get(name) != self._settings[name]]:
            await self._stop(name)
        for name, settings in wanted.items():
            if name not in self._settings and not self._ended:
                self._start(name, settings)
        store = configuration.store
        for pump in self._pumps.values():
            pump.gate.limits = HoldLimits(store.hold_unsynced_seconds, store.hold_unsynced_records)

    async def end(self) -> None:
        """Stop all for good."""
        self._ended = True
        for name in tuple(self._settings):
            await self._stop(name)

    def _start(self, name: str, settings: SinkSettings) -> None:
        pump = Pump(self._history, sink(settings, self._clock), self._clock)
        self._settings[name], self._pumps[name] = settings, pump
        self._running[name] = self._tasks.create_task(pump.run(), name=f"sink {name}")

    async def _stop(self, name: str) -> None:
        del self._settings[name], self._pumps[name]
        task = self._running.pop(name)
        task.cancel()
        await asyncio.wait([task])
