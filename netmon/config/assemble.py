"""From files to a configuration, by way of every mistake that they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from netmon.config.alerting import EvidenceSection, NotifySection
from netmon.config.attribution import unattributable
from netmon.config.check import check_section
from netmon.config.credential import CredentialSection
from netmon.config.document import Entry, join
from netmon.config.files import ParsedFile
from netmon.config.incidents import IncidentsSection, MaintenanceSection, RuleSection
from netmon.config.metrics import check_metrics
from netmon.config.outputs import FileSection, InfluxSection, RemoteWriteSection, StoreSection
from netmon.config.overlaps import Checked, check_overlaps
from netmon.config.references import check_names, check_references
from netmon.config.schema import UNSUPPORTED, Configuration, SourceKey
from netmon.config.secret import Scope
from netmon.config.site import CircuitSection, SiteSection
from netmon.config.sources import Catalogue, SourceCheck
from netmon.config.timeouts import with_timeouts
from netmon.config.traps import TrapsSection
from netmon.config.watch import DeviceSection, ProbeSection
from netmon.config.web import WebSection
from netmon.errors import Mistake
from netmon.sdk import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a configuration is checked against: environment, sources; `offline_only` leaves secrets alone."""

    environ: Mapping[str, str]
    catalogue: Catalogue
    offline_only: bool = False


@dataclass(frozen=True, slots=True)
class Assembled:
    """The configuration (None when there are mistakes), mistakes, and what works but should be known.

    `unsupported` are mistakes for whoever wants to run it: sections that this version cannot bring to life.
    """

    configuration: Configuration | None
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]
    unsupported: tuple[Mistake, ...]


def assemble(files: Sequence[ParsedFile], surroundings: Surroundings, *, complete: bool = True) -> Assembled:
    """Check everything that the files say and put it together.

    `complete` is false when a file could not be read: what is missing then may stand in that one.
    """
    document = join(files)
    warnings: list[Mistake] = []
    mistakes = list(document.mistakes)
    sections: list[Checked] = []
    for entry in document.entries:
        scope = Scope(entry.file, entry.path, surroundings.environ, surroundings.offline_only, warnings)
        section, found = check_section(entry, scope)
        mistakes.extend(found)
        sections.append((entry, section))
    warnings += unattributable(sections)
    sections = list(with_timeouts(sections, surroundings.catalogue))
    sources = SourceCheck(surroundings.catalogue)
    sources.check(sections)
    mistakes += [*check_names(document.entries), *sources.mistakes, *check_overlaps(sections)]
    mistakes += check_metrics(sections, sources.declared)
    if complete:
        mistakes += [*_no_site(files), *check_references(document.entries)]
    return Assembled(
        None if mistakes or not complete else _configuration(sections, sources.settings),
        tuple(_in_order(mistakes, files, document.entries)),
        tuple(warnings),
        tuple(_unsupported(document.entries)),
    )


def _no_site(files: Sequence[ParsedFile]) -> Iterator[Mistake]:
    if not any("site" in file.table for file in files):
        yield Mistake(files[0].name, "site", "is missing", 'add [site] with id = "a-short-name"')


def _in_order(
    mistakes: Sequence[Mistake], files: Sequence[ParsedFile], entries: Sequence[Entry]
) -> Sequence[Mistake]:
    """Put mistakes into the order of the files and their tables; each once, even when two checks see it."""
    names = [file.name for file in files]
    places = {(entry.file, entry.path): number for number, entry in enumerate(entries)}

    def place(mistake: Mistake) -> tuple[int, int]:
        ends = [at for at, character in enumerate(mistake.path) if character == "."]
        starts = ((mistake.file, mistake.path[:end]) for end in (*ends, len(mistake.path)))
        number = next((places[start] for start in starts if start in places), -1)
        return (names.index(mistake.file) if mistake.file in names else len(names)), number

    return sorted(dict.fromkeys(mistakes), key=place)


def _unsupported(entries: Sequence[Entry]) -> Iterator[Mistake]:
    for entry in entries:
        if entry.section in UNSUPPORTED:
            yield entry.mistake("", "this version of netmon cannot do this yet", "remove the section")


def _configuration(sections: Sequence[Checked], settings: Mapping[SourceKey, Settings]) -> Configuration:
    values = [section for _, section in sections]
    return Configuration(
        site=_all(values, SiteSection)[0],
        circuits=_all(values, CircuitSection),
        devices=_all(values, DeviceSection),
        credentials=_named(sections, CredentialSection),
        probes=_all(values, ProbeSection),
        influxdb=_one(values, InfluxSection),
        remote_write=_one(values, RemoteWriteSection),
        file=_one(values, FileSection),
        web=_one(values, WebSection) or WebSection(),
        store=_one(values, StoreSection) or StoreSection(),
        rules=_all(values, RuleSection),
        incidents=_one(values, IncidentsSection) or IncidentsSection(),
        maintenance=_all(values, MaintenanceSection),
        notify=_named(sections, NotifySection),
        evidence=_one(values, EvidenceSection) or EvidenceSection(),
        traps=_one(values, TrapsSection),
        settings=settings,
    )


def _all(values: Sequence[object], kind: type[T]) -> tuple[T, ...]:
    return tuple(value for value in values if isinstance(value, kind))


def _one(values: Sequence[object], kind: type[T]) -> T | None:
    return next((value for value in values if isinstance(value, kind)), None)


def _named(sections: Sequence[Checked], kind: type[T]) -> dict[str, T]:
    return {entry.name: section for entry, section in sections if isinstance(section, kind)}
