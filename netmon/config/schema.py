"""The whole file: which tables there are, and what a checked configuration holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netmon.config.alerting import NOTIFY_TYPES, EvidenceSection, NotifySection, NotifyType
from netmon.config.credential import CredentialSection
from netmon.config.incidents import IncidentsSection, MaintenanceSection, RuleSection
from netmon.config.outputs import FileSection, InfluxSection, RemoteWriteSection, StoreSection
from netmon.config.section import Section
from netmon.config.site import CircuitSection, SiteSection
from netmon.config.traps import TrapsSection
from netmon.config.watch import DeviceSection, ProbeSection
from netmon.config.web import WebSection
from netmon.sdk import Settings

FORMAT = 1
"""Number of the format of the file; an older netmon refuses a newer one with words."""

LISTS: Mapping[str, type[Section]] = {
    "circuit": CircuitSection,
    "device": DeviceSection,
    "probe": ProbeSection,
    "rule": RuleSection,
    "maintenance": MaintenanceSection,
}
"""`[[circuit]]`: any number, in any file."""

NAMED: Mapping[str, type[Section]] = {"credential": CredentialSection, "notify": NotifySection}
"""`[credential.NAME]`: any number, the name is part of the heading."""

TABLES: Mapping[str, type[Section]] = {
    "site": SiteSection,
    "web": WebSection,
    "store": StoreSection,
    "incidents": IncidentsSection,
    "evidence": EvidenceSection,
    "traps": TrapsSection,
    "output.influxdb": InfluxSection,
    "output.remote_write": RemoteWriteSection,
    "output.file": FileSection,
}
"""`[site]`: once, in one file."""

UNSUPPORTED: frozenset[str] = frozenset()
"""Sections that are checked, and that this version of netmon has no code for."""

SourceKey = tuple[str, str]
"""Job and source, by name."""


def model_of(section: str, table: Mapping[str, object]) -> type[Section]:
    """Return the model of a section; a channel's depends on its type."""
    if section == "notify":
        return NOTIFY_TYPES.get(str(table.get("type")), NotifyType)
    return {**LISTS, **NAMED, **TABLES}[section]


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration without mistakes. Outputs and traps are None when their table is absent."""

    site: SiteSection
    circuits: tuple[CircuitSection, ...] = ()
    devices: tuple[DeviceSection, ...] = ()
    credentials: Mapping[str, CredentialSection] = field(default_factory=dict)
    probes: tuple[ProbeSection, ...] = ()
    influxdb: InfluxSection | None = None
    remote_write: RemoteWriteSection | None = None
    file: FileSection | None = None
    web: WebSection = field(default_factory=WebSection)
    store: StoreSection = field(default_factory=StoreSection)
    rules: tuple[RuleSection, ...] = ()
    incidents: IncidentsSection = field(default_factory=IncidentsSection)
    maintenance: tuple[MaintenanceSection, ...] = ()
    notify: Mapping[str, NotifySection] = field(default_factory=dict)
    evidence: EvidenceSection = field(default_factory=EvidenceSection)
    traps: TrapsSection | None = None
    settings: Mapping[SourceKey, Settings] = field(default_factory=dict)
    """Checked settings of every source that will run."""
