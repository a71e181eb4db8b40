"""What the page at / shows: gathered on the event loop, composed and rendered on the press."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from netmon import wording as human
from netmon.web.charts import Chart, chart
from netmon.web.documents import (
    CircuitDocument,
    DeviceDocument,
    EventDocument,
    InterfaceDocument,
    ProbeDocument,
    VerdictDocument,
)
from netmon.web.incidents import IncidentDocument
from netmon.web.interfaces import interface_documents, own_interface_documents
from netmon.web.line_tests import LineTests, line_tests
from netmon.web.look import NARROW, OWN, OWN_OCTETS, PORTS_SHOWN, WIDE, Series
from netmon.web.scale import Scales
from netmon.web.site import Health
from netmon.web.sitemap import SiteMap, site_map
from netmon.web.snapshot import Snapshot
from netmon.web.topology import topology
from netmon.web.views import (
    ANSWER_TIME,
    WHOLE_RUN,
    circuit_documents,
    device_documents,
    probe_documents,
    verdict_document,
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one page is made from; nothing in it changes any more."""

    snapshot: Snapshot
    now: datetime
    events: tuple[EventDocument, ...]
    incidents: tuple[IncidentDocument, ...]
    health: Health
    traffic: Mapping[str, Series]
    timings: Mapping[str, Series]
    scales: Scales


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
    period: str
    """How far back its charts go, in words."""


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
    incidents: tuple[IncidentDocument, ...]
    health: Health
    period: str
    map: SiteMap | None
    tests: tuple[LineTests, ...] = ()


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
            Target(one, _answers(one, gathered.timings[one.kind], gathered.scales.probes.period))
            for one in probe_documents(snapshot)
        ),
        events=gathered.events,
        incidents=gathered.incidents,
        health=gathered.health,
        period=gathered.scales.probes.period,
        map=site_map(topology(snapshot)),
        tests=line_tests(snapshot, gathered.now.tzinfo),
    )


def _groups(gathered: Gathered) -> tuple[PortGroup, ...]:
    snapshot, room, groups = gathered.snapshot, PORTS_SHOWN, list[PortGroup]()
    for name in (OWN, *snapshot.watch.devices):
        documents = own_interface_documents(snapshot) if name == OWN else interface_documents(snapshot, name)
        period = (gathered.scales.own if name == OWN else gathered.scales.devices).period
        group = port_group(name, documents, gathered.traffic.get(name, {}), period, room)
        if group is not None:
            groups.append(group)
            room = max(0, room - len(documents))
    return tuple(groups)


def port_group(
    device: str, documents: Sequence[InterfaceDocument], series: Series, period: str, room: int = PORTS_SHOWN
) -> PortGroup | None:
    """Return the interfaces of one device, as many as there is room for; None when it has none."""
    if not documents:
        return None
    ports = [Port(one, _traffic(one, series, period)) for one in documents[:room]]
    return PortGroup(
        device,
        tuple(port for port in ports if port.in_use),
        tuple(port for port in ports if not port.in_use),
        len(documents) - len(ports),
        period,
    )


def _traffic(one: InterfaceDocument, series: Series, period: str) -> Chart | None:
    key = tuple(one.key.items())
    for names in (WIDE, NARROW, OWN_OCTETS):
        known = [values for name in names if (values := series.get((key, name, ())))]
        if any(value is not None for values in known for value in values):
            return chart(known, _octet_rate, period=period)
    return None


def _octet_rate(octets_per_second: float) -> str:
    return human.bit_rate(octets_per_second * 8)


def _answers(one: ProbeDocument, series: Series, period: str) -> Chart | None:
    key = tuple(one.key.items())
    name, labels = ANSWER_TIME.get(one.kind, WHOLE_RUN)
    success = series.get((key, "probe_success", ()), ())
    times = series.get((key, name, labels), ())
    # A run that failed took its time too, which is no answer time: where most failed, the median is theirs.
    least = 0.5 if (name, labels) == WHOLE_RUN else 0.0
    answered = [
        None if good == 0 or (good is not None and good < least) else time
        for time, good in zip(times, success, strict=False)
    ]
    return chart([answered or times], human.duration, success, period)
