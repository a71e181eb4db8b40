"""What a source is going to send that costs, before it does: for `netmon plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netmon.sdk.settings import Circuit


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a source is going to run: the site, its time zone and its circuits."""

    site: str
    timezone: str = "UTC"
    circuits: Mapping[str, Circuit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """One test to come: Unix time in s, the circuit that pays (empty: none), and IP bytes of both directions.

    `usual_bytes` is what such a test takes as a rule, `most_bytes` where it is cut off. `forbidden` says why
    it will not take place; empty: it will. `stratum` is the part of the day that it stands for, and `peak`
    tells whether that lies in the peak hours.
    """

    at: float
    circuit: str
    usual_bytes: int
    most_bytes: int
    forbidden: str = ""
    stratum: str = ""
    peak: bool = False
