"""One poll as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from netmon import sdk

_COLUMNS: Final = (
    ("ifIndex", "index"),
    ("name", "name"),
    ("admin", "admin"),
    ("oper", "oper"),
    ("speed", "speed_bps"),
    ("in octets", "in_octets"),
    ("out octets", "out_octets"),
    ("in err", "in_errors"),
    ("out err", "out_errors"),
    ("alias", "alias"),
)
_SECTIONS: Final = {
    "sensors": ("class", "descr", "value", "unit"),
    "states": ("descr", "text"),
    "processors": ("descr", "percent"),
    "memory": ("descr", "percent", "used", "total"),
    "storage": ("descr", "percent", "used", "total"),
    "wireless": ("descr", "clients", "channel", "busy_percent", "noise_dbm"),
    "neighbours": ("protocol", "local_port", "remote_sysname", "remote_port"),
    "inventory": ("class", "name", "model", "serial", "software_rev"),
    "addresses": ("address", "prefixlen", "if_name"),
    "vlans": ("id", "name"),
}
"""The other sections, and which of their fields fit on a terminal."""
_STEPS: Final = ((10**9, "Gbit/s"), (10**6, "Mbit/s"), (10**3, "kbit/s"))


def listing(found: Mapping[str, sdk.Json]) -> str:
    """Return the sections of a document as text; a dash for what the device did not say."""
    lines: list[str] = []
    system, interfaces = found.get("system"), found.get("interfaces")
    if isinstance(system, Mapping):
        lines += [f"{name:12} {value}" for name, value in system.items()]
    if isinstance(interfaces, Sequence):
        rows = [
            [_cell(port, name) for _, name in _COLUMNS] for port in interfaces if isinstance(port, Mapping)
        ]
        lines += ["", *_table([[title for title, _ in _COLUMNS], *rows])]
    for name, fields in _SECTIONS.items():
        section = found.get(name)
        if isinstance(section, Sequence) and not isinstance(section, str) and section:
            rows = [[_cell(one, field) for field in fields] for one in section if isinstance(one, Mapping)]
            lines += ["", name, *_table([fields, *rows])]
    return "\n".join(lines) + "\n" if lines else ""


def _cell(port: Mapping[str, sdk.Json], name: str) -> str:
    value = port.get(name)
    if value is None:
        return "-"
    return speed_text(value) if name == "speed_bps" and isinstance(value, int) else str(value)


def speed_text(bits: int) -> str:
    """Return bit/s in the largest unit that leaves a whole number."""
    for size, unit in _STEPS:
        if bits >= size and bits % size == 0:
            return f"{bits // size} {unit}"
    return f"{bits} bit/s"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
