"""Check what only probes and collectors know: their names, their settings, their targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netmon import plugins
from netmon.config.check import check_settings
from netmon.config.credential import CredentialSection
from netmon.config.document import Entry
from netmon.config.overlaps import Checked
from netmon.config.plan import (
    HOST,
    TRAPS,
    device_assignment,
    device_job,
    host_assignment,
    probe_assignment,
    probe_job,
    sdk_device,
    traps_assignment,
)
from netmon.config.schema import SourceKey
from netmon.config.site import CircuitSection
from netmon.config.traps import TrapsSection
from netmon.config.watch import DEFAULT_COLLECT, DeviceSection, ProbeSection
from netmon.config.wording import nearest
from netmon.errors import Mistake, UsageError
from netmon.model import Metric
from netmon.sdk import Assignment, Probe, Settings, Source

SourceType = type[Source[Any]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Which probes and collectors there are; `find` imports one and raises UsageError or ImportError."""

    names: tuple[str, ...]
    find: Callable[[str], SourceType]


def installed() -> Catalogue:
    """Return what is installed; nothing is imported before it is used."""
    return Catalogue(plugins.names(plugins.SOURCES), plugins.source_type)


@dataclass(frozen=True, slots=True)
class _Known:
    credentials: Mapping[str, CredentialSection]
    circuits: Sequence[CircuitSection]
    devices: Sequence[DeviceSection]


@dataclass(slots=True)
class SourceCheck:
    """Checks the sources that entries ask for, and keeps their settings and mistakes."""

    catalogue: Catalogue
    settings: dict[SourceKey, Settings] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    declared: dict[str, Metric] = field(default_factory=dict)
    """Metrics that the sources of this configuration may yield, by name."""

    def check(self, sections: Sequence[Checked]) -> None:
        """Check all probes and devices, and the own host, which nobody has to configure."""
        known = _Known(
            {entry.name: section for entry, section in sections if isinstance(section, CredentialSection)},
            tuple(section for _, section in sections if isinstance(section, CircuitSection)),
            tuple(section for _, section in sections if isinstance(section, DeviceSection)),
        )
        for entry, section in sections:
            if entry.section == "probe":
                self._probe(entry, section if isinstance(section, ProbeSection) else None)
            elif entry.section == "device":
                self._device(entry, section if isinstance(section, DeviceSection) else None, known)
            elif entry.section == "traps":
                self._traps(entry, section if isinstance(section, TrapsSection) else None, known)
        if HOST in self.catalogue.names and not any(_is_own_host(entry) for entry, _ in sections):
            self._own_host()

    def _probe(self, entry: Entry, section: ProbeSection | None) -> None:
        name = entry.table.get("type")
        source = self._find(entry, "type", name, "probe") if isinstance(name, str) else None
        if source is None:
            return
        settings = self._settings(entry, "settings", entry.table.get("settings", {}), source)
        if settings is not None and section is not None:
            key = probe_job(section.name), section.type
            self._build(entry, key, source, probe_assignment(section), settings)

    def _device(self, entry: Entry, section: DeviceSection | None, known: _Known) -> None:
        collect, tables = entry.table.get("collect", DEFAULT_COLLECT), entry.table.get("settings", {})
        for place, name in enumerate(collect if isinstance(collect, list | tuple) else (), 1):
            source = self._collector(entry, f"collect[{place}]", name)
            if source is None:
                continue
            table = tables.get(name, {}) if isinstance(tables, dict) else {}
            settings = self._settings(entry, f"settings.{name}", table, source)
            credential = known.credentials.get(section.credential) if section is not None else None
            if settings is not None and section is not None and credential is not None:
                assignment = device_assignment(section, sdk_device(section, credential, known.circuits), name)
                self._build(entry, (device_job(section.name), name), source, assignment, settings)

    def _traps(self, entry: Entry, section: TrapsSection | None, known: _Known) -> None:
        source = self._find(entry, "", TRAPS, "source")
        if source is None:
            return
        settings = self._settings(entry, "settings", entry.table.get("settings", {}), source)
        names = section.credentials if section is not None else ()
        if settings is None or section is None or not all(name in known.credentials for name in names):
            return
        devices = tuple(
            sdk_device(device, known.credentials[device.credential], known.circuits)
            for device in known.devices
            if device.credential in known.credentials
        )
        assignment = traps_assignment(section, devices, known.credentials)
        self._build(entry, (TRAPS, TRAPS), source, assignment, settings)

    def _collector(self, entry: Entry, key: str, name: object) -> SourceType | None:
        source = self._find(entry, key, name, "collector") if isinstance(name, str) else None
        if source is not None and issubclass(source, Probe):
            self.mistakes.append(entry.mistake(key, f'"{name}" is a probe', "write it as a [[probe]]"))
            return None
        return source

    def _own_host(self) -> None:
        entry = Entry(HOST, HOST, "netmon", HOST, HOST, {})
        source = self._find(entry, "", HOST, "collector")
        if source is not None:
            settings = self._settings(entry, "", {}, source)
            if settings is not None:
                self._build(entry, (HOST, HOST), source, host_assignment(), settings)

    def _find(self, entry: Entry, key: str, name: str, what: str) -> SourceType | None:
        if name not in self.catalogue.names:
            hint = nearest(name, self.catalogue.names)
            self.mistakes.append(entry.mistake(key, f'no {what} is called "{name}"', hint))
            return None
        try:
            return self.catalogue.find(name)
        except (ImportError, UsageError) as error:
            self.mistakes.append(entry.mistake(key, f'"{name}" cannot be loaded: {error}'))
            return None

    def _settings(self, entry: Entry, key: str, table: object, source: SourceType) -> Settings | None:
        if not isinstance(table, dict):
            return None  # the section's own check says so
        settings, mistakes = check_settings(entry, key, table, source.settings_type)
        self.mistakes.extend(mistakes)
        return settings

    def _build(
        self, entry: Entry, key: SourceKey, source: SourceType, assignment: Assignment, settings: Settings
    ) -> None:
        """Make the source once: its constructor checks targets and settings, and touches no network."""
        try:
            made = source(assignment, settings)
        except UsageError as error:
            self.mistakes.append(entry.mistake("", str(error)))
            return
        self.settings[key] = settings
        for metrics in made.declared.values():
            self.declared |= {metric.name: metric for metric in metrics}


def _is_own_host(entry: Entry) -> bool:
    return entry.section == "probe" and entry.table.get("type") == HOST
