"""Write what was found as configuration that `netmon check` accepts, or as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.discovery.register import Entry
from collectors.discovery.scan import Refused
from collectors.discovery.wan import Suggestion
from netmon import sdk


@dataclass(frozen=True, slots=True)
class Discovered:
    """Everything one search found. `wan` has the configured circuits, `likely` ports for lines not there."""

    entries: Sequence[Entry]
    refused: Sequence[Refused]
    wan: Mapping[str, Suggestion | None] = field(default_factory=dict)
    likely: Sequence[Suggestion] = ()
    new_credentials: Mapping[str, str] = field(default_factory=dict)
    """Communities of the command line: their name, and the environment variable to put them into."""


def toml(found: Discovered) -> str:
    """Return the configuration as text, with what is not sure in comments."""
    lines = [*_credentials(found), *_devices(found), *_circuits(found), *_refusals(found)]
    return "\n".join(lines) + "\n"


def document(found: Discovered) -> dict[str, sdk.Json]:
    """Return the same as one JSON document."""
    return {
        "devices": [_entry(entry) for entry in found.entries],
        "refused": [
            {"address": one.address, "credential": one.credential, "reason": one.reason}
            for one in found.refused
        ],
        "wan": {circuit: _wan(one) for circuit, one in found.wan.items()},
        "likely_wan": [_wan(one) for one in found.likely],
    }


def _entry(entry: Entry) -> dict[str, sdk.Json]:
    answered, details = entry.survey.answered, entry.survey.details
    shown = {name: details.get(name) for name in ("vendor", "os", "hardware", "version", "serial")}
    return {
        "name": entry.name,
        "address": entry.address,
        "also": list(entry.also),
        "credential": answered.device.credential.name,
        "role": entry.role,
        "parent": entry.parent or None,
        "sysName": answered.name,
        "sysDescr": answered.descr,
        "sysObjectID": answered.object_id,
        "ports": len(entry.survey.ports),
        **shown,
    }


def _wan(suggestion: Suggestion | None) -> sdk.Json:
    if suggestion is None:
        return None
    return {
        "device": suggestion.device,
        "interface": suggestion.interface,
        "reasons": list(suggestion.reasons),
    }


def _credentials(found: Discovered) -> Iterator[str]:
    for name, variable in found.new_credentials.items():
        yield f"[credential.{name}]"
        yield 'version = "2c"'
        yield f"community = {{ env = {_quoted(variable)} }}  # what --community said"
        yield ""


def _devices(found: Discovered) -> Iterator[str]:
    for entry in found.entries:
        device = entry.survey.answered.device
        if entry.configured:
            yield f"# {entry.name} at {entry.address} is in the configuration already"
            yield ""
            continue
        address = entry.address if device.port == 161 else _with_port(entry.address, device.port)
        yield "[[device]]"
        yield f"name = {_quoted(entry.name)}"
        yield f"address = {_quoted(address)}"
        yield f"credential = {_quoted(device.credential.name)}"
        yield f"role = {_quoted(entry.role)}"
        if entry.parent:
            yield f"parent = {_quoted(entry.parent)}"
        yield from _remarks(entry)
        yield ""


def _remarks(entry: Entry) -> Iterator[str]:
    details = entry.survey.details
    named = ("vendor", "hardware", "version", "serial")
    told = ", ".join(f"{name} {details[name]}" for name in named if details.get(name))
    yield _comment(told or entry.survey.answered.descr or "it does not say what it is")
    if entry.also:
        yield _comment(f"also answers at {', '.join(entry.also)}")


def _circuits(found: Discovered) -> Iterator[str]:
    for circuit, suggestion in found.wan.items():
        if suggestion is None:
            yield _comment(f"circuit {circuit}: no port found that a line is likely to be plugged into")
        else:
            yield _comment(f"circuit {circuit}, because {' and '.join(suggestion.reasons)}:")
            yield _comment(f"wan = {_inline(suggestion)}")
    if found.likely:
        yield _comment("ports that a line is likely to be plugged into; write a [[circuit]] for each line:")
    for suggestion in found.likely:
        yield _comment(f"wan = {_inline(suggestion)}  # {' and '.join(suggestion.reasons)}")


def _refusals(found: Discovered) -> Iterator[str]:
    for one in found.refused:
        yield _comment(f"{one.address} refuses credential {one.credential}: {one.reason}")


def _inline(suggestion: Suggestion) -> str:
    return f"{{ device = {_quoted(suggestion.device)}, interface = {_quoted(suggestion.interface)} }}"


def _with_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _quoted(text: str) -> str:
    # What JSON escapes, a basic string of TOML understands; clean text has nothing else to escape.
    return json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    return f"# {sdk.clean(text)}"
