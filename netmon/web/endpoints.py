"""The paths of the API: what each takes and returns. Routes and the OpenAPI document are made from this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netmon.web.arguments import Parameter
from netmon.web.document_json import Schema
from netmon.web.documents import (
    CircuitDocument,
    DeviceDocument,
    EventsDocument,
    FactDocument,
    InterfaceDocument,
    ProbeDocument,
    ReadingsDocument,
    RollupsDocument,
    VerdictDocument,
)
from netmon.web.equipment import DeviceDetailDocument
from netmon.web.incidents import IncidentsDocument
from netmon.web.site import Health
from netmon.web.topology import TopologyDocument

API_FORMAT = 1
"""Grows when an answer changes in a way that a client may notice."""
ROWS_DEFAULT, ROWS_MAX = 1000, 5000

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}

KEY = Parameter(
    "key",
    "label that the row's key must have, as name:value; may be given several times",
    {"type": "array", "items": _TEXT},
)
DEVICE = Parameter("device", "name of the device; without it: all", _TEXT)
NAME = Parameter("name", "name of a configured device", _TEXT, required=True)
KIND = Parameter("kind", "kind of the fact or event; without it: all", _TEXT)
FROM = Parameter("from", "start of the period, RFC 3339; without it: a while before its end", _TIME)
TO = Parameter("to", "end of the period (excluded), RFC 3339; without it: now", _TIME)
MEASUREMENT = Parameter(
    "measurement", "name of a measurement, such as interface or icmp", _TEXT, required=True
)
METRIC = Parameter("metric", "name of a metric; without it: all of the measurement", _TEXT)
LIMIT = Parameter(
    "limit",
    "rows to return at most",
    {"type": "integer", "minimum": 1, "maximum": ROWS_MAX, "default": ROWS_DEFAULT},
)
WINDOW = Parameter("window", "length of a window, such as 5m", {"type": "string", "default": "5m"})


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One path below /api/v1; `returns` is the type of `data` in its answer. Compared by identity."""

    name: str
    summary: str
    returns: Any
    parameters: tuple[Parameter, ...] = ()

    @property
    def path(self) -> str:
        """Return the whole path."""
        return f"/api/v1/{self.name}"


VERDICT = Endpoint("verdict", "Is the site's connectivity good, and what to do next", VerdictDocument)
CIRCUITS = Endpoint("circuits", "Lines from suppliers, now", tuple[CircuitDocument, ...])
DEVICES = Endpoint("devices", "Devices that are asked, now", tuple[DeviceDocument, ...])
DEVICE_DETAIL = Endpoint("device", "Everything that is known about one device", DeviceDetailDocument, (NAME,))
TOPOLOGY = Endpoint("topology", "How devices and their neighbours are connected", TopologyDocument)
INTERFACES = Endpoint("interfaces", "Interfaces, now", tuple[InterfaceDocument, ...], (DEVICE,))
PROBES = Endpoint("probes", "Targets of probes, now", tuple[ProbeDocument, ...])
READINGS = Endpoint(
    "readings",
    "What was measured in a period (an hour by default, a week at most)",
    ReadingsDocument,
    (MEASUREMENT, FROM, TO, KEY, LIMIT),
)
ROLLUPS = Endpoint(
    "rollups",
    "Statistics by window of a period (six hours by default, 92 days at most)",
    RollupsDocument,
    (MEASUREMENT, METRIC, FROM, TO, KEY, WINDOW, LIMIT),
)
FACTS = Endpoint("facts", "Texts and structures that hold now", tuple[FactDocument, ...], (KIND, KEY))
EVENTS = Endpoint(
    "events",
    "What happened in a period (a day by default, 92 days at most)",
    EventsDocument,
    (KIND, FROM, TO, LIMIT),
)
INCIDENTS = Endpoint(
    "incidents",
    "Incidents of a period (a week by default, 400 days at most), each with its story, newest first",
    IncidentsDocument,
    (FROM, TO, LIMIT),
)
STATUS = Endpoint("status", "How netmon itself is doing", Health)

ENDPOINTS = (
    VERDICT, CIRCUITS, DEVICES, DEVICE_DETAIL, TOPOLOGY, INTERFACES, PROBES, READINGS, ROLLUPS, FACTS,
    EVENTS, INCIDENTS, STATUS,
)  # fmt: skip
