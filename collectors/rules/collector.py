"""The base of collectors that know by rules where to look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from collectors.rules.check import columns_in
from collectors.rules.model import TableRule, VendorFile
from collectors.rules.profile import Profile, Profiles
from collectors.rules.reader import RuleRow, TableReader
from collectors.snmp.collector import SnmpCollector
from netmon import sdk

_PERIOD_SECONDS = 60.0
_SILENT = frozenset({sdk.Outcome.TIMEOUT, sdk.Outcome.UNREACHABLE, sdk.Outcome.REFUSED, sdk.Outcome.DENIED})

_Rule = TypeVar("_Rule")
_Meaning = TypeVar("_Meaning")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one table, with the file whose states they may speak of; `lost`: it failed and had some."""

    file: VendorFile
    table: TableRule
    rows: Sequence[RuleRow]
    lost: bool = False


class RuleCollector(SnmpCollector[sdk.NoSettings]):
    """Reads those tables of a device's vendor that have rules in one of `sections`."""

    period_seconds = _PERIOD_SECONDS
    settings_type = sdk.NoSettings
    sections: ClassVar[tuple[str, ...]]

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._profile: Profile | None = None
        self._readers: list[tuple[VendorFile, TableReader]] = []
        self._failing: frozenset[str] = frozenset()
        self._told = False
        self.news = False
        """Whether what was found is worth a fact: all came, or the same failed before, or it is the first."""

    async def found(self) -> list[Found]:
        """Return the tables that could be read; SourceError when the device is silent or none could."""
        profiles = await self.context.shared.get(Profiles)
        profile = await profiles.of(self.session, self.context, self.left_seconds)
        if profile is not self._profile:
            self._readers = list(self._wanted(profile))
            self._profile = profile
        tables: list[Found] = []
        failures: dict[str, sdk.SourceError] = {}
        failed = 0
        for file, reader in self._readers:
            try:
                rows = await reader.rows(self.session, self.left_seconds, self.context.clock)
            except sdk.SourceError as error:
                if error.outcome in _SILENT:
                    raise
                failures[reader.rule.mib] = error
                tables.append(Found(file, reader.rule, (), lost=reader.had_rows))
                failed += 1
                continue
            if reader.partial:
                failures[reader.rule.mib] = sdk.SourceError(sdk.Outcome.PARTIAL, reader.partial)
            tables.append(Found(file, reader.rule, rows))
        self.news = not self._told or failures.keys() <= self._failing
        self._note(failures)
        if failed and failed == len(tables):
            raise next(iter(failures.values()))
        self._told = True
        return tables

    def _wanted(self, profile: Profile) -> Iterator[tuple[VendorFile, TableReader]]:
        """Yield the readers for a profile; those of the same tables stay until the device restarts."""
        same = self._profile is not None and self._profile.generation == profile.generation
        known = [reader for _, reader in self._readers] if same else []
        for file, table in profile.tables:
            rules = [rule for section in self.sections for rule in getattr(table, section)]
            if rules:
                moving = {name for rule in rules for name in _moving(rule)}
                reader = next((reader for reader in known if reader.rule == table), None)
                yield file, reader or TableReader(table, moving)

    def _note(self, failures: dict[str, sdk.SourceError]) -> None:
        """Log when a table begins or ceases to fail: the others are read all the same."""
        for name in failures.keys() - self._failing:
            log.warning("%s: %s cannot be read in full: %s", self.device.name, name, failures[name])
        for name in self._failing - failures.keys():
            log.info("%s: %s is read again", self.device.name, name)
        self._failing = frozenset(failures)


def meant(
    tables: Iterable[Found],
    rules: Callable[[TableRule], Iterable[_Rule]],
    meaning: Callable[[_Rule, RuleRow], _Meaning | None],
) -> Iterator[_Meaning]:
    """Yield what rows mean; a fallback table counts where the tables of its file before it have nothing."""
    told: set[str] = set()
    for found in tables:
        if found.table.fallback and found.file.vendor in told:
            continue
        for rule in rules(found.table):
            if found.lost:
                told.add(found.file.vendor)
            for row in found.rows:
                one = meaning(rule, row)
                if one is not None:
                    told.add(found.file.vendor)
                    yield one


def _moving(rule: object) -> Iterator[str]:
    """Yield the columns that must be read each time; labels stay."""
    for field in columns_in(rule):
        yield getattr(rule, field)
    for field in ("when", "unless"):
        yield from getattr(rule, field, ())
