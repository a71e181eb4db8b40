"""Find sources and commands by name; import only those in use."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any

from netmon.errors import UsageError
from netmon.sdk import Command, Source

SOURCES = "netmon.sources"
COMMANDS = "netmon.commands"


@cache
def _installed(group: str) -> EntryPoints:
    """Read what is installed once: it takes 5 ms, and fifty devices ask a hundred times at a start."""
    return entry_points(group=group)


def names(group: str) -> tuple[str, ...]:
    """Return all names of a group, sorted; nothing is imported."""
    return tuple(sorted({entry.name for entry in _installed(group)}))


def source_type(name: str) -> type[Source[Any]]:
    """Return the probe or collector of that name; UsageError names the nearest one."""
    found = _load(SOURCES, name, "probe or collector")
    if not (isinstance(found, type) and issubclass(found, Source)):
        raise UsageError(f"{name!r} is not a netmon.sdk.Source")
    return found


def command(name: str) -> Command:
    """Return the command of that name; UsageError when there is none."""
    found = _load(COMMANDS, name, "command")
    if not (isinstance(found, type) and issubclass(found, Command)):
        raise UsageError(f"{name!r} is not a netmon.sdk.Command")
    return found()


def _load(group: str, name: str, what: str) -> object:
    found = tuple(_installed(group).select(name=name))
    if not found:
        raise UsageError(_unknown(group, name, what))
    if len({entry.value for entry in found}) > 1:
        raise UsageError(f"the {what} {name!r} is provided more than once: {', '.join(map(_owner, found))}")
    loaded: object = found[0].load()
    return loaded


def _unknown(group: str, name: str, what: str) -> str:
    known = names(group)
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"no {what} is called {name!r}; {hint}there are: {', '.join(known)}"


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name if entry.dist else '?'} ({entry.value})"
