"""What the page at / shows: gathered on the event loop, composed and rendered on the press."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from netmon.web import format as human
from netmon.web.charts import Chart, chart
from netmon.web.documents import (
    CircuitDocument,
    DeviceDocument,
    EventDocument,
    InterfaceDocument,
    ProbeDocument,
    VerdictDocument,
)
from netmon.web.interfaces import interface_documents, own_interface_documents
from netmon.web.site import Health
from netmon.web.snapshot import OWN_INTERFACES, Snapshot
from netmon.web.trends import SeriesKey, TrendQuery, Trends
from netmon.web.views import (
    ANSWER_TIME,
    WHOLE_RUN,
    circuit_documents,
    device_documents,
    probe_documents,
    verdict_document,
)

PORTS_SHOWN = 200
"""More would be a page that nobody reads; the devices' names lead to the rest."""
OWN = ""
"""Stands for netmon's own machine among the devices."""

_WIDE = ("ifHCInOctets", "ifHCOutOctets")
_NARROW = ("ifInOctets", "ifOutOctets")
_OWN_OCTETS = ("netmon_host_network_receive_bytes_total", "netmon_host_network_transmit_bytes_total")

Series = Mapping[SeriesKey, Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one page is made from; nothing in it changes any more."""

    snapshot: Snapshot
    now: datetime
    events: tuple[EventDocument, ...]
    health: Health
    traffic: Mapping[str, Series]
    timings: Mapping[str, Series]
    device: str
    """The only device whose interfaces are shown; empty: all."""


@dataclass(frozen=True, slots=True)
class Port:
    """An interface with its last hours."""

    now: InterfaceDocument
    chart: Chart | None

    @property
    def in_use(self) -> bool:
        """Tell whether somebody would miss it: it is up, a WAN port, or down although it has a name."""
        one = self.now
        if one.device == OWN and one.name == "lo":
            return False
        return one.oper == "up" or bool(one.circuit) or (one.admin == "up" and bool(one.alias))


@dataclass(frozen=True, slots=True)
class PortGroup:
    """The interfaces of one device."""

    device: str
    shown: tuple[Port, ...]
    unused: tuple[Port, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Target:
    """A probe's target with its last hours."""

    now: ProbeDocument
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class SitePage:
    """Everything that the page shows."""

    site: str
    site_name: str
    now: datetime
    verdict: VerdictDocument
    circuits: tuple[CircuitDocument, ...]
    devices: tuple[DeviceDocument, ...]
    groups: tuple[PortGroup, ...]
    targets: tuple[Target, ...]
    events: tuple[EventDocument, ...]
    health: Health
    device: str


async def traffic(trends: Trends, snapshot: Snapshot, now_ms: int, device: str) -> dict[str, Series]:
    """Return the last hours of the interfaces that will be shown, by device."""
    shown, ports = ([device] if device else [OWN]), len(snapshot.own_ports)
    for name in () if device else snapshot.watch.devices:
        if ports < PORTS_SHOWN and snapshot.ports.get(name):
            shown.append(name)
        ports += len(snapshot.ports.get(name, ()))
    # All at once: however many there are, the page waits for the history's deadline only once.
    found = await asyncio.gather(*(trends.series(_octets(name), now_ms) for name in shown))
    return dict(zip(shown, found, strict=True))


async def timings(trends: Trends, snapshot: Snapshot, now_ms: int) -> dict[str, Series]:
    """Return the last hours of all probes, by kind."""
    kinds = list(dict.fromkeys(target.probe.kind for target in snapshot.targets))
    found = await asyncio.gather(*(trends.series(_timing(kind), now_ms) for kind in kinds))
    return dict(zip(kinds, found, strict=True))


def _octets(device: str) -> TrendQuery:
    if device == OWN:
        return TrendQuery(OWN_INTERFACES, (), _OWN_OCTETS)
    return TrendQuery("interface", (("device", device),), (*_WIDE, *_NARROW))


def _timing(kind: str) -> TrendQuery:
    return TrendQuery(kind, (), (ANSWER_TIME.get(kind, WHOLE_RUN)[0], "probe_success"))


def compose(gathered: Gathered) -> SitePage:
    """Return the page's content; pure."""
    snapshot = gathered.snapshot
    return SitePage(
        site=snapshot.watch.site,
        site_name=snapshot.watch.site_name,
        now=gathered.now,
        verdict=verdict_document(snapshot),
        circuits=circuit_documents(snapshot),
        devices=device_documents(snapshot),
        groups=_groups(gathered),
        targets=tuple(
            Target(one, _answers(one, gathered.timings[one.kind])) for one in probe_documents(snapshot)
        ),
        events=gathered.events,
        health=gathered.health,
        device=gathered.device,
    )


def _groups(gathered: Gathered) -> tuple[PortGroup, ...]:
    snapshot, room, groups = gathered.snapshot, PORTS_SHOWN, list[PortGroup]()
    for name in (gathered.device,) if gathered.device else (OWN, *snapshot.watch.devices):
        documents = own_interface_documents(snapshot) if name == OWN else interface_documents(snapshot, name)
        if documents:
            groups.append(_group(name, documents, room, gathered.traffic.get(name, {})))
            room = max(0, room - len(documents))
    return tuple(groups)


def _group(device: str, documents: Sequence[InterfaceDocument], room: int, series: Series) -> PortGroup:
    ports = [Port(one, _traffic(one, series, _octets(device).hours)) for one in documents[:room]]
    return PortGroup(
        device,
        tuple(port for port in ports if port.in_use),
        tuple(port for port in ports if not port.in_use),
        len(documents) - len(ports),
    )


def _traffic(one: InterfaceDocument, series: Series, hours: float) -> Chart | None:
    key = tuple(one.key.items())
    for names in (_WIDE, _NARROW, _OWN_OCTETS):
        known = [values for name in names if (values := series.get((key, name, ())))]
        if any(value is not None for values in known for value in values):
            return chart(known, _octet_rate, hours=hours)
    return None


def _octet_rate(octets_per_second: float) -> str:
    return human.bit_rate(octets_per_second * 8)


def _answers(one: ProbeDocument, series: Series) -> Chart | None:
    key = tuple(one.key.items())
    name, labels = ANSWER_TIME.get(one.kind, WHOLE_RUN)
    success = series.get((key, "probe_success", ()), ())
    times = series.get((key, name, labels), ())
    # A window without any answer has a duration too (that of the waiting), which is no answer time.
    answered = [None if good == 0 else time for time, good in zip(times, success, strict=False)]
    return chart([answered or times], human.duration, success, _timing(one.kind).hours)
