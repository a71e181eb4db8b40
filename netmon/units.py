"""Durations, rates and sizes as people write them in the configuration: "30s", "100Mbit/s", "2GB"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator

# ASCII digits only, and few enough of them that no unit can carry the number out of a float's range.
_AMOUNT = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([^\s0-9.,]*)\s*")

_SECONDS: Mapping[str, float] = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
}
_BITS_PER_SECOND: Mapping[str, float] = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}
_BYTES: Mapping[str, float] = {
    "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip


def _parse(text: object, units: Mapping[str, float], example: str) -> float:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError(f"must be text with a unit, such as {example!r}")  # noqa: TRY004 - pydantic collects ValueError
    match = _AMOUNT.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is not an amount with a unit, such as {example!r}")
    number, unit = match.groups()
    if unit not in units:
        raise ValueError(f"{_unit_problem(text, unit, units)}, such as {example!r}")
    return float(number) * units[unit]


def _unit_problem(text: object, unit: str, units: Mapping[str, float]) -> str:
    if not unit:
        return f"{text!r} has no unit; use one of {', '.join(units)}"
    same = [known for known in units if known.lower() == unit.replace("bps", "bit/s").lower()]
    if same:
        return f"{unit!r} is not a unit here; did you mean {same[0]!r}"
    return f"{unit!r} is not a unit here; use one of {', '.join(units)}"


def duration_seconds(text: object) -> float:
    """Return seconds for "500ms", "30s", "5m", "2h", "7d", "2w"; ValueError names the remedy."""
    return _parse(text, _SECONDS, "30s")


def rate_bits_per_second(text: object) -> int:
    """Return bit/s for "512kbit/s", "100Mbit/s", "1Gbit/s"; ValueError names the remedy."""
    return round(_parse(text, _BITS_PER_SECOND, "100Mbit/s"))


def size_bytes(text: object) -> int:
    """Return bytes for "10MB", "2GB", "4GiB"; ValueError names the remedy."""
    return round(_parse(text, _BYTES, "2GB"))


# A default is already a number; only what the file says is parsed.
Seconds = Annotated[float, BeforeValidator(duration_seconds)]
BitsPerSecond = Annotated[int, BeforeValidator(rate_bits_per_second)]
Bytes = Annotated[int, BeforeValidator(size_bytes)]


def iso_8601(wall_ms: int) -> str:
    """Return a moment in UTC with milliseconds, such as 2026-01-31T08:00:00.000Z."""
    moment = datetime.fromtimestamp(wall_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{wall_ms % 1000:03d}Z"
