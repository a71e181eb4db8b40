"""What an upgrade may be meant to make better, and how much of it a person would notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """One measure of a day. A `ratio` is compared as one (by logarithms), the others by difference.

    `better` is the sign of a change for the better. `worthwhile` is the change that matters in practice:
    a ratio less 1, or a difference in the outcome's unit. A day's value is the median of its hours, or
    their sum where it is `counted`.
    """

    title: str
    unit: str
    ratio: bool
    better: int
    worthwhile: float
    counted: bool = False


OUTCOMES: Mapping[str, Outcome] = {
    "loaded_rtt": Outcome("round trip under load, busy hour, p95", "s", True, -1, -0.2),
    "rtt": Outcome("round trip in service hours", "s", True, -1, -0.2),
    "saturation": Outcome("saturated minutes a day", "min", False, -1, -5.0, counted=True),
    "capacity": Outcome("delivered capacity", "bit/s", True, 1, 0.2),
    "loss": Outcome("loss in service hours", "ratio", False, -1, -0.001),
    "failures": Outcome("failed transactions", "ratio", False, -1, -0.001),
}
