"""Join the files into one document of entries, each of which knows the file that it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from netmon.config.files import ParsedFile, Table
from netmon.config.schema import FORMAT, LISTS, NAMED, TABLES
from netmon.config.wording import nearest
from netmon.errors import Mistake

_GROUP = "output"
_OUTPUTS = tuple(section.removeprefix("output.") for section in TABLES if section.startswith("output."))
_TOP_LEVEL = ("format", "site", "circuit", "device", "credential", "probe", _GROUP, "web", "store", "rule",
              "incidents", "maintenance", "notify", "evidence", "traps")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of the file: its section, its name ("" if it has none), where it stands, what it says.

    `path` names it as messages do: `site`, `credential.core`, `device["core"]`, or `device[2]` (the
    second of its file) where there is no name of its own.
    """

    section: str
    name: str
    file: str
    path: str
    place: str
    table: Table

    def mistake(self, key: str, problem: str, hint: str = "") -> Mistake:
        """Return a mistake at one of its keys, or at the entry itself."""
        return Mistake(self.file, f"{self.path}.{key}" if key else self.path, problem, hint)


@dataclass(frozen=True, slots=True)
class Document:
    """All entries, in the order of files and headings, and what is wrong with the headings."""

    entries: tuple[Entry, ...]
    mistakes: tuple[Mistake, ...]


def join(files: Sequence[ParsedFile]) -> Document:
    """Join files: lists of tables append; the same table in two files is a mistake that names both."""
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    first: dict[str, Entry] = {}
    for found in (found for file in files for found in _entries(file)):
        if isinstance(found, Mistake):
            mistakes.append(found)
        elif found.section in LISTS:
            entries.append(found)
        elif found.path in first:
            mistakes.append(
                found.mistake("", f"is already in {first[found.path].file}", "keep one of the two")
            )
        else:
            first[found.path] = found
            entries.append(found)
    return Document(tuple(_by_name(entries)), tuple(mistakes))


def _by_name(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Call those of a list by their name that are alone in having it."""
    times = Counter((entry.section, entry.name) for entry in entries)
    for entry in entries:
        unique = entry.section in LISTS and entry.name and times[entry.section, entry.name] == 1
        yield replace(entry, path=f'{entry.section}["{entry.name}"]') if unique else entry


def _entries(file: ParsedFile) -> Iterator[Entry | Mistake]:
    for key, value in file.table.items():
        if key == "format":
            yield from _format(file, value)
        elif key in LISTS:
            yield from _list(file, key, value)
        elif key in NAMED:
            yield from _named(file, key, value)
        elif key == _GROUP:
            yield from _outputs(file, value)
        elif key in TABLES:
            yield _table(file, key, value)
        else:
            yield Mistake(file.name, key, "unknown section", nearest(key, _TOP_LEVEL))


def _format(file: ParsedFile, value: object) -> Iterator[Mistake]:
    if type(value) is int and value > FORMAT:
        yield Mistake(
            file.name, "format", f"{value} is newer than this netmon knows ({FORMAT})", "upgrade netmon"
        )
    elif type(value) is not int or value < 1:
        yield Mistake(file.name, "format", f"must be {FORMAT}")


def _list(file: ParsedFile, section: str, value: object) -> Iterator[Entry | Mistake]:
    if not isinstance(value, list):
        yield Mistake(file.name, section, "must be a list of tables", f"write [[{section}]], in two brackets")
        return
    for number, table in enumerate(value, 1):
        place = f"{section}[{number}]"
        if isinstance(table, dict):
            yield Entry(section, _own_name(section, table), file.name, place, place, table)
        else:
            yield Mistake(file.name, place, "must be a table", f"write [[{section}]], in two brackets")


def _own_name(section: str, table: Table) -> str:
    name = table.get(
        "id" if section == "circuit" else "name", table.get("type", "") if section == "probe" else ""
    )
    return name if isinstance(name, str) else ""


def _named(file: ParsedFile, section: str, value: object) -> Iterator[Entry | Mistake]:
    if not isinstance(value, dict):
        yield Mistake(file.name, section, "needs a name", f"write [{section}.NAME]")
        return
    for name, table in value.items():
        path = f"{section}.{name}"
        if isinstance(table, dict):
            yield Entry(section, name, file.name, path, path, table)
        else:
            yield Mistake(
                file.name, path, f"must be a table: [{section}] needs a name", f"write [{section}.NAME]"
            )


def _outputs(file: ParsedFile, value: object) -> Iterator[Entry | Mistake]:
    if not isinstance(value, dict):
        yield Mistake(file.name, _GROUP, "must be a table", f"write [{_GROUP}.{_OUTPUTS[0]}]")
        return
    for name, table in value.items():
        if name in _OUTPUTS:
            yield _table(file, f"{_GROUP}.{name}", table)
        else:
            yield Mistake(file.name, f"{_GROUP}.{name}", "unknown output", nearest(name, _OUTPUTS))


def _table(file: ParsedFile, section: str, value: object) -> Entry | Mistake:
    if isinstance(value, dict):
        return Entry(section, "", file.name, section, section, value)
    return Mistake(file.name, section, "must be a table", f"write [{section}], in single brackets")
