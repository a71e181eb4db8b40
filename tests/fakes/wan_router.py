"""A router before the emulated path: its WAN port counts what really passed, and what others have."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from fakes.context import make_context
from fakes.namespaces import Host
from fakes.snmp_agent import FakePort, FakeSwitch, bench

from collectors.interfaces import InterfacesCollector
from collectors.snmp.agent import counter64
from netmon import sdk
from netmon.hub import Hub
from netmon.latest import Latest
from netmon.runner import Runner
from netmon.schedule.ticker import Job, Ticker

_IF_X = "1.3.6.1.2.1.31.1.1.1"
_FCS_BYTES, _FRAME_BYTES, _PACKET_BYTES = 4, 18, 1500
_RX_BYTES, _RX_PACKETS, _TX_BYTES, _TX_PACKETS = 0, 1, 8, 9


@dataclass
class WanCounters:
    """Counters of a host's eth0, `others` (down, up; bit/s of IP) on top; refreshed so often, 0: live."""

    file: TextIO
    others: tuple[float, float] = (0.0, 0.0)
    refresh_seconds: float = 0.0
    _began: float = field(default_factory=time.monotonic)
    _kept_at: float = 0.0
    _kept: list[int] = field(default_factory=list)

    def now(self) -> list[int]:
        """Return octets in, packets in, octets out, packets out."""
        moment = time.monotonic()
        if not self._kept or moment - self._kept_at >= self.refresh_seconds:
            self._kept_at, self._kept = moment, self._read(moment - self._began)
        return self._kept

    def _read(self, seconds: float) -> list[int]:
        self.file.seek(0)
        line = next(line for line in self.file if line.strip().startswith("eth0:"))
        fields = [int(word) for word in line.split(":")[1].split()]
        real = ((fields[_RX_BYTES], fields[_RX_PACKETS]), (fields[_TX_BYTES], fields[_TX_PACKETS]))
        found: list[int] = []
        for (octets, packets), rate in zip(real, self.others, strict=True):
            more = int(rate * seconds / 8 / _PACKET_BYTES)
            found += [
                octets + packets * _FCS_BYTES + more * (_PACKET_BYTES + _FRAME_BYTES),
                packets + more,
            ]
        return found


@asynccontextmanager
async def wan_router(
    host: Host, others: tuple[float, float], refresh_seconds: float = 0.0, **overrides
) -> AsyncIterator[sdk.Context]:
    """Give a context whose newest values are those of this router, polled as the daemon does."""
    with host.entered():
        file = Path("/proc/thread-self/net/dev").open()  # noqa: ASYNC230, SIM115 - this host's, also later
    counters = WanCounters(file, others, refresh_seconds)
    switch = FakeSwitch([FakePort(1, b"wan")])
    for number, at in ((6, 0), (7, 1), (10, 2), (11, 3)):
        switch.changes[f"{_IF_X}.{number}.1"] = _live(counters, at)
    async with bench(switch, wan={"wan": "line"}) as router, Ticker(sdk.SystemClock()) as ticker:
        latest = Latest()
        context = make_context(latest=latest, run_now=ticker.run_now, **overrides)
        runner = Runner(
            "interfaces",
            InterfacesCollector(router.assignment("interfaces"), sdk.NoSettings()),
            Hub([latest]),
        )
        ticker.add(Job(f"device/{router.device.name}", 30.0, lambda: runner.run(context)))
        await runner.run(context)
        try:
            yield context
        finally:
            await ticker.remove(f"device/{router.device.name}")
            await runner.close()
            await context.shared.close()
            file.close()


def _live(counters: WanCounters, at: int) -> Callable[[], object]:
    return lambda: counter64(counters.now()[at])
