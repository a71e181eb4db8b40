"""What all benchmarks share: cores, CPU seconds of a process, and the lines of results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
OURS, THEIRS = ({0}, {1}) if len(os.sched_getaffinity(0)) > 1 else ({0}, {0})
"""Cores: one for who is measured, the other one for agents and drivers."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its ended children included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def report(bench: str, metric: str, value: float | None, unit: str, **more: object) -> None:
    """Print one result; `better` (default: higher) says which way `ratio` goes."""
    peer_value, lower = more.pop("peer_value", None), more.pop("lower", False)
    ratio = None
    if isinstance(peer_value, float | int) and value:
        ratio = round(peer_value / value if lower else value / peer_value, 2)
    shown = None if value is None else round(value, 4)
    row = {"bench": bench, "metric": metric, "value": shown, "unit": unit}
    row |= {"peer": more.pop("peer", ""), "peer_value": peer_value, "ratio": ratio}
    print(json.dumps(row | {"runs": more.pop("runs", 1), "note": more.pop("note", "")} | more), flush=True)


def attempt(what: str, measure: Callable[[], float]) -> tuple[float | None, str]:
    """Measure a peer that may be absent; the note says why there is no figure."""
    try:
        return measure(), ""
    except (ImportError, FileNotFoundError) as error:
        say(f"{what}: {error}")
        return None, f"not installed: {error}"
