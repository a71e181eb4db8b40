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
    device_assignment,
    device_job,
    host_assignment,
    probe_assignment,
    probe_job,
    sdk_device,
)
from netmon.config.schema import SourceKey
from netmon.config.site import CircuitSection
from netmon.config.watch import DeviceSection, ProbeSection
from netmon.config.wording import nearest
from netmon.errors import Mistake, UsageError
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


@dataclass(slots=True)
class SourceCheck:
    """Checks the sources that entries ask for, and keeps their settings and mistakes."""

    catalogue: Catalogue
    settings: dict[SourceKey, Settings] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def check(self, sections: Sequence[Checked]) -> None:
        """Check all probes and devices, and the own host, which nobody has to configure."""
        credentials = {
            entry.name: section for entry, section in sections if isinstance(section, CredentialSection)
        }
        lines = [section for _, section in sections if isinstance(section, CircuitSection)]
        for entry, section in sections:
            if isinstance(section, ProbeSection):
                self._probe(entry, section)
            elif isinstance(section, DeviceSection):
                self._device(entry, section, credentials.get(section.credential), lines)
        if HOST in self.catalogue.names and not any(_is_own_host(section) for _, section in sections):
            self._own_host()

    def _probe(self, entry: Entry, section: ProbeSection) -> None:
        source = self._find(entry, "type", section.type, "probe")
        if source is None:
            return
        settings = self._settings(entry, "settings", section.settings, source)
        if settings is not None:
            key = probe_job(section.name), section.type
            self._build(entry, key, source, probe_assignment(section), settings)

    def _device(
        self,
        entry: Entry,
        section: DeviceSection,
        credential: CredentialSection | None,
        lines: Sequence[CircuitSection],
    ) -> None:
        for place, name in enumerate(section.collect, 1):
            key = f"collect[{place}]"
            source = self._find(entry, key, name, "collector")
            if source is None:
                continue
            if issubclass(source, Probe):
                self.mistakes.append(entry.mistake(key, f'"{name}" is a probe', "write it as a [[probe]]"))
                continue
            settings = self._settings(entry, f"settings.{name}", section.settings.get(name, {}), source)
            if settings is not None and credential is not None:
                assignment = device_assignment(section, sdk_device(section, credential, lines), name)
                self._build(entry, (device_job(section.name), name), source, assignment, settings)

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

    def _settings(
        self, entry: Entry, key: str, table: Mapping[str, object], source: SourceType
    ) -> Settings | None:
        settings, mistakes = check_settings(entry, key, table, source.settings_type)
        self.mistakes.extend(mistakes)
        return settings

    def _build(
        self, entry: Entry, key: SourceKey, source: SourceType, assignment: Assignment, settings: Settings
    ) -> None:
        """Make the source once: its constructor checks targets and settings, and touches no network."""
        try:
            source(assignment, settings)
        except UsageError as error:
            self.mistakes.append(entry.mistake("", str(error)))
            return
        self.settings[key] = settings


def _is_own_host(section: object) -> bool:
    return isinstance(section, ProbeSection) and section.type == HOST
