"""The door to pysmi: MIB files to the objects that they define. Never imported by the daemon."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from collectors.mibs import base
from netmon import sdk

_COUNTERS = frozenset({"Counter", "Counter32", "Counter64", "ZeroBasedCounter32", "ZeroBasedCounter64"})
_TEXTS = frozenset(
    {"DisplayString", "SnmpAdminString", "OCTET STRING", "OctetString", "OBJECT IDENTIFIER", "BITS", "Bits",
     "ObjectIdentifier", "PhysAddress", "MacAddress", "IpAddress", "DateAndTime", "Opaque"}
)  # fmt: skip
_STATES = frozenset({"TruthValue", "RowStatus"})
_REMEDY = "compiling MIBs needs pysmi: pip install 'netmon-edge[mibs]'"


def compiled(files: Sequence[Path]) -> dict[str, Mapping[str, Any]]:
    """Return all objects of MIB files by name, as pysmi describes them; UsageError with its words.

    Files beside the given ones may be imported by them.
    """
    try:
        from pysmi.codegen import JsonCodeGen  # noqa: PLC0415 - an extra, used by this command alone
        from pysmi.compiler import MibCompiler  # noqa: PLC0415 - as above
        from pysmi.error import PySmiError  # noqa: PLC0415 - as above
        from pysmi.parser import SmiStarParser  # noqa: PLC0415 - as above
        from pysmi.reader import CallbackReader, FileReader  # noqa: PLC0415 - as above
        from pysmi.searcher import StubSearcher  # noqa: PLC0415 - as above
        from pysmi.writer import CallbackWriter  # noqa: PLC0415 - as above
    except ImportError as error:
        raise sdk.UsageError(_REMEDY) from error
    written: dict[str, str] = {}
    compiler = MibCompiler(
        SmiStarParser(),
        JsonCodeGen(),
        CallbackWriter(lambda name, text, _context: written.update({name: text})),
    )
    texts = {module_name(text): text for text in map(_text, files)}
    compiler.add_sources(CallbackReader(lambda name, _context: texts.get(name) or base.module(name) or ""))
    compiler.add_sources(*(FileReader(str(folder)) for folder in {path.parent for path in files}))
    compiler.add_searchers(StubSearcher(*JsonCodeGen.baseMibs))
    try:
        told = compiler.compile(*texts, noDeps=True)
    except PySmiError as error:
        raise sdk.UsageError(str(error)) from error
    missing = [str(name) for name, status in told.items() if status == "missing" and name not in written]
    failed = [name for name in texts if name not in written]
    if failed:
        reason = getattr(told.get(failed[0]), "error", None) or f"it imports from {', '.join(missing)}"
        raise sdk.UsageError(
            f"{failed[0]} could not be compiled: {reason}; give the files it imports from, too"
        )
    return {name: found for text in written.values() for name, found in json.loads(text).items()}


def module_name(text: str) -> str:
    """Return the name of the module that a MIB file defines; UsageError when it defines none."""
    before = text.partition("DEFINITIONS")[0].split()
    if "DEFINITIONS" not in text or not before:
        raise sdk.UsageError("the file is no MIB: there is no DEFINITIONS in it")
    return before[-1]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise sdk.UsageError(f"{path}: {error.strerror}") from error


def definitions(objects: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Yield the numbers among compiled objects as definitions, each with its table's first text as label."""
    labels = _labels(objects)
    for name, found in objects.items():
        if found.get("nodetype") not in ("scalar", "column") or found.get("maxaccess") == "not-accessible":
            continue
        syntax = found.get("syntax", {})
        kind = _kind(syntax)
        if kind is None:
            continue
        scalar = found["nodetype"] == "scalar"
        oid = f"{found['oid']}.0" if scalar else str(found["oid"])
        label = "" if scalar else labels.get(str(found["oid"]).rpartition(".")[0], "")
        yield {"name": name, "oid": oid, "kind": kind, "help": _help(found, syntax), "label": label}


def _kind(syntax: Mapping[str, Any]) -> str | None:
    name = str(syntax.get("type", ""))
    if name in _TEXTS:
        return None
    if name in _COUNTERS:
        return "counter"
    return "state" if name in _STATES or _enumeration(syntax) else "gauge"


def _enumeration(syntax: Mapping[str, Any]) -> Mapping[str, int]:
    found = syntax.get("constraints", {}).get("enumeration", {})
    return found if isinstance(found, Mapping) else {}


def _help(found: Mapping[str, Any], syntax: Mapping[str, Any]) -> str:
    """Return what the MIB says of units and states: these are facts, its prose is its author's."""
    words = sorted((number, word) for word, number in _enumeration(syntax).items())
    states = ", ".join(f"{number} {word}" for number, word in words)
    units = str(found.get("units", ""))
    told = states or (f"in {units}" if units else "")
    return f"{found['name']}{': ' if told else ''}{told}."


def _labels(objects: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the first text column of each table, by the table's entry."""
    labels: dict[str, str] = {}
    for found in objects.values():
        text = str(found.get("syntax", {}).get("type", "")) in ("DisplayString", "SnmpAdminString")
        if found.get("nodetype") == "column" and text and found.get("maxaccess") != "not-accessible":
            labels.setdefault(str(found["oid"]).rpartition(".")[0], str(found["oid"]))
    return labels
