"""Where a page's charts come from: which series of the history, and how far back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmon.web.scale import Scale, Scales
from netmon.web.snapshot import OWN_INTERFACES, Snapshot
from netmon.web.trends import SeriesKey, TrendQuery, Trends
from netmon.web.views import ANSWER_TIME, WHOLE_RUN

PORTS_SHOWN = 200
"""More would be a page that nobody reads; the devices' names lead to the rest."""
OWN = ""
"""Stands for netmon's own machine among the devices."""
WIDE = ("ifHCInOctets", "ifHCOutOctets")
NARROW = ("ifInOctets", "ifOutOctets")
"""Counters of ports without 64-bit ones."""
OWN_OCTETS = ("netmon_host_network_receive_bytes_total", "netmon_host_network_transmit_bytes_total")

Series = Mapping[SeriesKey, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """Where the charts of one page come from, and how far back they go."""

    trends: Trends
    snapshot: Snapshot
    now_ms: int
    scales: Scales

    async def traffic(self) -> dict[str, Series]:
        """Return the last hours of the interfaces that will be shown, by device."""
        snapshot = self.snapshot
        shown, ports = list[str](), len(snapshot.own_ports)
        for name in snapshot.watch.devices:
            if ports < PORTS_SHOWN and snapshot.ports.get(name):
                shown.append(name)
            ports += len(snapshot.ports.get(name, ()))
        own_query = TrendQuery(OWN_INTERFACES, (), OWN_OCTETS, self.scales.own.window_ms)
        own = self._all({OWN: own_query}, self.scales.own)
        found = await asyncio.gather(own, self._devices(shown))
        return found[0] | found[1]

    async def device_traffic(self, device: str) -> Series:
        """Return the last hours of the interfaces of one device."""
        return (await self._devices([device]))[device]

    async def timings(self) -> dict[str, Series]:
        """Return the last hours of all probes, by kind."""
        kinds = {target.probe.kind for target in self.snapshot.targets}
        return await self._all({kind: self._timing(kind) for kind in kinds}, self.scales.probes)

    async def _devices(self, names: Sequence[str]) -> dict[str, Series]:
        return await self._all({name: self._octets(name) for name in names}, self.scales.devices)

    async def _all(self, queries: Mapping[str, TrendQuery], scale: Scale) -> dict[str, Series]:
        # All at once: however many there are, the page waits for the history's deadline only once.
        found = await asyncio.gather(*(self.trends.series(query, self.now_ms) for query in queries.values()))
        recent = [{key: values[-scale.windows :] for key, values in series.items()} for series in found]
        return dict(zip(queries, recent, strict=True))

    def _octets(self, device: str) -> TrendQuery:
        window_ms = self.scales.devices.window_ms
        return TrendQuery("interface", (("device", device),), (*WIDE, *NARROW), window_ms)

    def _timing(self, kind: str) -> TrendQuery:
        name, _ = ANSWER_TIME.get(kind, WHOLE_RUN)
        return TrendQuery(kind, (), (name, "probe_success"), self.scales.probes.window_ms)
