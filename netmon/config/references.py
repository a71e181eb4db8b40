"""What entries say of each other: names that must exist, be unique, and not lead in circles.

Works on the entries as written, so that a mistake elsewhere in one of them hides nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.config.document import Entry
from netmon.config.wording import nearest
from netmon.errors import Mistake


@dataclass(frozen=True, slots=True)
class _Reference:
    """A key of a section (dotted for a table in it) that holds names of entries of another."""

    section: str
    key: str
    target: str


_REFERENCES = (
    _Reference("circuit", "wan.device", "device"),
    _Reference("circuit", "backup_of", "circuit"),
    _Reference("device", "credential", "credential"),
    _Reference("device", "parent", "device"),
    _Reference("probe", "circuit", "circuit"),
    _Reference("rule", "notify", "notify"),
    _Reference("notify", "fallback", "notify"),
    _Reference("evidence", "roots_to", "notify"),
    _Reference("traps", "credentials", "credential"),
)
_CHAINS = (("circuit", "backup_of"), ("device", "parent"), ("notify", "fallback"))


def check_references(entries: Sequence[Entry]) -> Iterator[Mistake]:
    """Yield names that do not exist, and circles."""
    for reference in _REFERENCES:
        names = {entry.name for entry in entries if entry.section == reference.target}
        for entry in entries:
            if entry.section == reference.section:
                yield from _dangling(entry, reference, names)
    yield from _covered(entries)
    yield from _keepers(entries)
    for section, key in _CHAINS:
        yield from _circles([entry for entry in entries if entry.section == section], key)


def _covered(entries: Sequence[Entry]) -> Iterator[Mistake]:
    """Yield names of neither a circuit nor a device that maintenance is to cover."""
    names = {entry.name for entry in entries if entry.section in ("circuit", "device")}
    for entry in entries:
        if entry.section == "maintenance":
            for key, name in _values(entry, "covers"):
                if name not in names:
                    problem = f'no circuit or device is called "{name}"'
                    yield entry.mistake(key, problem, nearest(name, sorted(names)))


def _keepers(entries: Sequence[Entry]) -> Iterator[Mistake]:
    """Yield channels that are to keep daily roots and cannot, and those that hear of nothing at all."""
    keepers = [entry for entry in entries if entry.section == "evidence"]
    wanted = [name for entry in keepers for _, name in _values(entry, "roots_to")]
    for entry in entries:
        if entry.section == "notify" and entry.table.get("severities") == [] and entry.name not in wanted:
            hint = "name one of page, ticket, note, or the channel in [evidence] roots_to"
            yield entry.mistake("severities", "is empty: it would hear of nothing", hint)
    channels = {entry.name: entry.table for entry in entries if entry.section == "notify"}
    for entry in keepers:
        for key, name in _values(entry, "roots_to"):
            channel = channels.get(name, {})
            if channel.get("type") == "alertmanager":
                hint = "name a channel of type email, webhook or apprise"
                yield entry.mistake(key, f'"{name}" is an Alertmanager, which keeps nothing', hint)
            if channel.get("type") == "govuk_notify" and not channel.get("email_to"):
                hint = "give it email_to and email_template"
                yield entry.mistake(key, f'"{name}" sends text messages, which are too short', hint)


def check_names(entries: Sequence[Entry]) -> Iterator[Mistake]:
    """Yield names used twice, with both places."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if not entry.name:
            continue
        other = first.setdefault((entry.section, entry.name), entry)
        if other is not entry:
            key = "id" if entry.section == "circuit" else "name"
            yield entry.mistake(
                key,
                f'"{entry.name}" is already the {key} of {other.place} in {other.file}',
                "call one of them differently",
            )


def _dangling(entry: Entry, reference: _Reference, names: set[str]) -> Iterator[Mistake]:
    for key, name in _values(entry, reference.key):
        if name not in names:
            yield entry.mistake(
                key, f'no {reference.target} is called "{name}"', nearest(name, sorted(names))
            )


def _values(entry: Entry, dotted: str) -> Iterator[tuple[str, str]]:
    """Yield the names at a key, each with its own path; what is not text is another check's matter."""
    value: object = entry.table
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, str):
        yield dotted, value
    elif isinstance(value, list):
        for place, name in enumerate(value, 1):
            if isinstance(name, str):
                yield f"{dotted}[{place}]", name


def _circles(entries: Sequence[Entry], key: str) -> Iterator[Mistake]:
    """Yield each circle once, at the first entry in it; each entry is visited once."""
    by_name = {entry.name: entry for entry in reversed(entries) if entry.name}
    done: set[str] = set()
    for entry in entries:
        chain: dict[str, None] = {}
        name: object = entry.name
        while isinstance(name, str) and name in by_name and name not in chain and name not in done:
            chain[name] = None
            name = by_name[name].table.get(key)
        done.update(chain)
        if isinstance(name, str) and name in chain:
            names = list(chain)
            circle = names[names.index(name) :]
            first = next(other for other in entries if other.name in circle)
            at = circle.index(first.name)
            words = " > ".join((*circle[at:], *circle[:at], first.name))
            yield first.mistake(key, f"goes in a circle: {words}", "break it")
