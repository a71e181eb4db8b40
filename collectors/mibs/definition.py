"""What a user says about an object, in the configuration or in a file that `netmon mib` wrote."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from collectors.snmp import ber
from netmon import sdk

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_TAKEN = re.compile(r"(netmon|probe|smokeping|snmp)_.*|(if|sys|hr|ent|dot3Stats)[A-Z].*")
"""Names with a meaning that netmon or dashboards rely on."""


class Definition(sdk.Settings):
    """One object. `oid` is a column, or a scalar with its instance 0. `label` is a text column of its table.

    A value is `scale` times what the device says; a counter is never scaled. `help` says what it means.
    """

    name: str
    oid: str
    kind: Literal["gauge", "counter", "state"] = "gauge"
    scale: float = 1.0
    help: str = ""
    label: str = ""

    @property
    def table(self) -> str:
        """Return the table's entry that the object is a column of; empty for a scalar."""
        return "" if self.oid.endswith(".0") else self.oid.rpartition(".")[0]

    def metric(self) -> sdk.Metric:
        """Return the object's metric; UsageError for a name or an identifier that cannot be."""
        if not _NAME.fullmatch(self.name) or _TAKEN.fullmatch(self.name):
            raise sdk.UsageError(
                f"object {self.name!r}: choose a name of letters that netmon does not use itself"
            )
        for place in filter(None, (self.oid, self.label)):
            try:
                ber.encode_oid(ber.oid(place))
            except (ValueError, ber.BerError) as error:
                raise sdk.UsageError(f"object {self.name}: {place!r} is no object identifier") from error
        if not math.isfinite(self.scale):
            raise sdk.UsageError(f"object {self.name}: scale must be finite")
        if self.kind == "counter" and self.scale != 1.0:
            raise sdk.UsageError(
                f"object {self.name}: a counter is not scaled; scale its rate where it is shown"
            )
        help_text = sdk.clean(self.help) or f"Object {self.oid}."
        if self.kind == "counter":
            return sdk.counter(self.name, help_text)
        return sdk.state(self.name, help_text) if self.kind == "state" else sdk.gauge(self.name, help_text)


class DefinitionsFile(sdk.Settings):
    """A file of definitions."""

    object: tuple[Definition, ...]


def read_definitions(path: str) -> tuple[Definition, ...]:
    """Return the definitions of a file; UsageError names the file and what is wrong."""
    if not Path(path).is_absolute():
        raise sdk.UsageError(f"{path}: the path must begin with a slash: netmon may be started anywhere")
    try:
        found = sdk.parse(DefinitionsFile, tomllib.loads(Path(path).read_text()))
    except (OSError, ValueError, sdk.MistakesError) as error:
        raise sdk.UsageError(f"{path}: {error}; `netmon mib` writes such files") from error
    return found.object


def digest(path: str) -> str:
    """Return what tells a file's content from another one; empty for a file that cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def chosen(definitions: Iterable[Definition], names: Iterable[str]) -> list[Definition]:
    """Return the definitions of these names; UsageError for one that is not defined."""
    known = {definition.name: definition for definition in definitions}
    missing = [name for name in names if name not in known]
    if missing:
        raise sdk.UsageError(
            f"object {missing[0]!r} is not defined; there are: {', '.join(sorted(known)) or 'none'}"
        )
    return [known[name] for name in names]
