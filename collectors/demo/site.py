"""The simulated site put together: one clock that runs fast, two devices, one line."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Self

from collectors.demo.day import OUTAGE_HOURS, START_HOUR, Moment, moment, until_cut_hours
from collectors.demo.devices import DOWN, UP, SimulatedDevice
from collectors.demo.library import DOWN_BITS_PER_SECOND, UP_BITS_PER_SECOND, router, switch
from collectors.demo.line import Line, serve_resolver, serve_web
from collectors.snmp.agent import Agent, serve
from netmon import sdk

COMMUNITY = "demo"
_TICK_SECONDS = 0.5


@dataclass(slots=True)
class SimulatedSite:
    """Serves everything on loopback; `ports` says where, by name."""

    clock: sdk.Clock
    day_seconds: float
    start_hour: float = START_HOUR
    random: Random = field(default_factory=lambda: Random(7))
    ports: dict[str, int] = field(default_factory=dict)
    _devices: list[SimulatedDevice] = field(default_factory=list)
    _began: float = 0.0
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def now(self) -> Moment:
        """Return the line's state at this moment of the fast day."""
        elapsed = self.clock.monotonic() - self._began
        return moment(self.start_hour + elapsed / self.day_seconds * 24)

    def cut(self) -> tuple[float, float]:
        """Return in how many seconds of real time the line is cut next, and for how many."""
        start, end = OUTAGE_HOURS
        hour_seconds = self.day_seconds / 24
        return until_cut_hours(self.now().hour) * hour_seconds, (end - start) * hour_seconds

    async def __aenter__(self) -> Self:
        """Start all servers on free ports of loopback addresses."""
        self._began = self.clock.monotonic()
        self._devices = [router(self.clock.monotonic), switch(self.clock.monotonic, self.random)]
        for number, device in enumerate(self._devices):
            agent = Agent(device.objects, COMMUNITY)
            transport, self.ports[device.name] = await serve(agent, f"127.0.0.{11 + number}")
            self._stack.callback(transport.close)
        line = Line(self.now, self.random)
        for number, name in enumerate(("anchor-a", "anchor-b", "portal")):
            server, self.ports[name] = await serve_web(line, f"127.0.0.{21 + number}")
            self._stack.callback(server.close)
        resolver, self.ports["resolver"] = await serve_resolver(line, "127.0.0.31")
        self._stack.callback(resolver.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def live(self) -> None:
        """Move counters and port states until cancelled."""
        while True:
            self.advance()
            await asyncio.sleep(_TICK_SECONDS)

    def advance(self) -> None:
        """Count what was carried since the last time, then set the traffic of this moment."""
        now = self.now()
        for device in self._devices:
            device.advance()
        first, second = self._devices
        wan, lan = first.ports[0], first.ports[1]
        first.set_oper_status(wan, DOWN if now.cut else UP)
        wan.in_bits_per_second = now.use * DOWN_BITS_PER_SECOND
        wan.out_bits_per_second = now.use * 0.4 * UP_BITS_PER_SECOND
        lan.in_bits_per_second, lan.out_bits_per_second = wan.out_bits_per_second, wan.in_bits_per_second
        self._spread(second, wan.in_bits_per_second, wan.out_bits_per_second)

    def _spread(self, device: SimulatedDevice, down: float, up: float) -> None:
        """Let the uplink carry the line's traffic and share it among the ports in use."""
        uplink, users = device.ports[48], [port for port in device.ports[:48] if port.oper_status == UP]
        uplink.in_bits_per_second, uplink.out_bits_per_second = down, up
        weights = [self.random.uniform(0.2, 1.0) for _ in users]
        total = sum(weights)
        for port, weight in zip(users, weights, strict=True):
            port.out_bits_per_second = down * weight / total
            port.in_bits_per_second = up * weight / total
