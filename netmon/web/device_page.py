"""What the page of one device shows: gathered on the event loop, composed and rendered on the press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from netmon.web.device_detail import device_detail
from netmon.web.device_readings import Rows
from netmon.web.documents import VerdictDocument
from netmon.web.equipment import (
    ComponentDocument,
    DeviceDetailDocument,
    NeighbourDocument,
    SensorDocument,
)
from netmon.web.faceplate import Faceplate, faceplate
from netmon.web.look import Series
from netmon.web.page import PortGroup, port_group
from netmon.web.scale import Scales
from netmon.web.snapshot import Snapshot
from netmon.web.views import verdict_document

LINES_MAX = 300
"""Lines of one table; the API has all."""


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Everything that the page shows."""

    site: str
    site_name: str
    now: datetime
    verdict: VerdictDocument
    detail: DeviceDetailDocument
    faceplate: Faceplate | None
    sensors: tuple[tuple[str, tuple[SensorDocument, ...]], ...]
    """By kind."""
    ports: PortGroup | None
    neighbours: tuple[NeighbourDocument, ...]
    components: tuple[ComponentDocument, ...]


@dataclass(frozen=True, slots=True)
class GatheredDevice:
    """What one page is made from; nothing in it changes any more."""

    snapshot: Snapshot
    now: datetime
    device: str
    rows: Rows
    traffic: Series
    scales: Scales


def compose(gathered: GatheredDevice) -> DevicePage:
    """Return the page's content; pure."""
    snapshot = gathered.snapshot
    detail = device_detail(snapshot, gathered.device, gathered.rows)
    interfaces = [port.interface for port in detail.ports]
    return DevicePage(
        site=snapshot.watch.site,
        site_name=snapshot.watch.site_name,
        now=gathered.now,
        verdict=verdict_document(snapshot),
        detail=detail,
        faceplate=faceplate(detail.ports),
        sensors=_by_kind(detail.sensors),
        ports=port_group(gathered.device, interfaces, gathered.traffic, gathered.scales.devices.period),
        neighbours=detail.neighbours[:LINES_MAX],
        components=detail.components[:LINES_MAX],
    )


def _by_kind(sensors: Sequence[SensorDocument]) -> tuple[tuple[str, tuple[SensorDocument, ...]], ...]:
    return tuple((kind, tuple(those)) for kind, those in groupby(sensors, key=lambda one: one.kind))
