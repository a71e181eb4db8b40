"""Where a page's charts come from: which series of the history, and how far back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from netmon.verdict.view import Watch
from netmon.web import format as human
from netmon.web.snapshot import OWN_INTERFACES, Snapshot
from netmon.web.trends import WINDOWS, SeriesKey, TrendQuery, Trends
from netmon.web.views import ANSWER_TIME, WHOLE_RUN

PORTS_SHOWN = 200
"""More would be a page that nobody reads; the devices' names lead to the rest."""
OWN = ""
"""Stands for netmon's own machine among the devices."""
WIDE = ("ifHCInOctets", "ifHCOutOctets")
NARROW = ("ifInOctets", "ifOutOctets")
"""Counters of ports without 64-bit ones."""
OWN_OCTETS = ("netmon_host_network_receive_bytes_total", "netmon_host_network_transmit_bytes_total")
_WINDOWS_MS = (10_000, 20_000, 60_000, 300_000)
_FEWEST_SHOWN = 6

Series = Mapping[SeriesKey, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """Where the charts of one page come from, and how far back they go."""

    trends: Trends
    snapshot: Snapshot
    now_ms: int
    window_ms: int
    shown: int = WINDOWS
    """Windows shown: those before the history began would be an empty stretch."""

    @classmethod
    def into(cls, trends: Trends, snapshot: Snapshot, now_ms: int, history_ms: int) -> Self:
        """Return a look that fits a history of this age."""
        window = window_ms(snapshot.watch, history_ms)
        shown = min(WINDOWS, max(_FEWEST_SHOWN, history_ms // window + 1))
        return cls(trends, snapshot, now_ms, window, shown)

    @property
    def period(self) -> str:
        """Return how far back, in words."""
        return human.span(self.window_ms * self.shown / 1000)

    async def traffic(self, device: str) -> dict[str, Series]:
        """Return the last hours of the interfaces that will be shown, by device."""
        snapshot = self.snapshot
        shown, ports = ([device] if device else [OWN]), len(snapshot.own_ports)
        for name in () if device else snapshot.watch.devices:
            if ports < PORTS_SHOWN and snapshot.ports.get(name):
                shown.append(name)
            ports += len(snapshot.ports.get(name, ()))
        return await self._all({name: self._octets(name) for name in shown})

    async def timings(self) -> dict[str, Series]:
        """Return the last hours of all probes, by kind."""
        kinds = {target.probe.kind for target in self.snapshot.targets}
        return await self._all({kind: self._timing(kind) for kind in kinds})

    async def _all(self, queries: Mapping[str, TrendQuery]) -> dict[str, Series]:
        # All at once: however many there are, the page waits for the history's deadline only once.
        found = await asyncio.gather(*(self.trends.series(query, self.now_ms) for query in queries.values()))
        recent = [{key: values[-self.shown :] for key, values in series.items()} for series in found]
        return dict(zip(queries, recent, strict=True))

    def _octets(self, device: str) -> TrendQuery:
        if device == OWN:
            return TrendQuery(OWN_INTERFACES, (), OWN_OCTETS, self.window_ms)
        return TrendQuery("interface", (("device", device),), (*WIDE, *NARROW), self.window_ms)

    def _timing(self, kind: str) -> TrendQuery:
        name, _ = ANSWER_TIME.get(kind, WHOLE_RUN)
        return TrendQuery(kind, (), (name, "probe_success"), self.window_ms)


def window_ms(watch: Watch, history_ms: int) -> int:
    """Return the charts' window in ms: the shortest that a young history fits in, with two polls in each."""
    probes, devices = watch.probes.values(), watch.devices.values()
    intervals = [*(one.every_seconds for one in probes), *(one.every_seconds for one in devices)]
    slowest_seconds = max(intervals, default=0.0)
    fitting = (
        window
        for window in _WINDOWS_MS
        if window * WINDOWS >= history_ms and window >= 2000 * slowest_seconds
    )
    return next(fitting, _WINDOWS_MS[-1])
