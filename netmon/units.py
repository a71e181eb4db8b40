"""Durations, rates and sizes as people write them in the configuration: "30s", "100Mbit/s", "2GB"."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z/%]*)\s*")

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BITS_PER_SECOND = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}
_BYTES = {
    "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip


def _parse(text: object, units: dict[str, float], example: str) -> float:
    if isinstance(text, bool) or not isinstance(text, str):
        raise ValueError(f"needs a unit, such as {example!r}")  # noqa: TRY004 - pydantic collects ValueError
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an amount with a unit, such as {example!r}")
    number, unit = match.groups()
    if unit not in units:
        known = ", ".join(units)
        what = f"{unit!r} is not a unit here" if unit else f"{text!r} has no unit"
        raise ValueError(f"{what}; use one of {known}, such as {example!r}")
    return float(number) * units[unit]


def duration_seconds(text: object) -> float:
    """Return seconds for "500ms", "30s", "5m", "2h", "7d", "2w"; ValueError names the remedy."""
    return _parse(text, dict(_SECONDS), "30s")


def rate_bits_per_second(text: object) -> int:
    """Return bit/s for "512kbit/s", "100Mbit/s", "1Gbit/s"; ValueError names the remedy."""
    return round(_parse(text, dict(_BITS_PER_SECOND), "100Mbit/s"))


def size_bytes(text: object) -> int:
    """Return bytes for "10MB", "2GB", "4GiB"; ValueError names the remedy."""
    return round(_parse(text, dict(_BYTES), "2GB"))


def _once(parse: object) -> BeforeValidator:
    # A default is already a number; only text from the file is parsed.
    return BeforeValidator(parse)  # type: ignore[arg-type] # pydantic types its callables by arity


Seconds = Annotated[float, _once(duration_seconds)]
BitsPerSecond = Annotated[int, _once(rate_bits_per_second)]
Bytes = Annotated[int, _once(size_bytes)]
