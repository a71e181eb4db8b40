"""Whether a test may run now: the purse, the kind of line, and whose line it is. Pure."""

from __future__ import annotations

from netmon import sdk
from probes.bandwidth.settings import THRIFTY, Kind


def why_not(
    method: Kind, circuit: sdk.Circuit | None, circuits: int, most_bytes: int, left_bytes: int | None
) -> str:
    """Return why a test must not run; empty: it may. `left_bytes` None: the circuit has no cap."""
    if method is Kind.PASSIVE:
        return "" if circuit is not None else "it is not told which circuit's WAN port to look at"
    if circuit is None:
        if circuits > 1:
            return "it is not told which circuit it tests: its bytes could be anybody's"
        return ""
    if circuit.metered and method not in THRIFTY:
        return f"circuit {circuit.id} is metered: only {' and '.join(sorted(THRIFTY))} are cheap enough"
    if left_bytes is not None and left_bytes < most_bytes:
        return (
            f"circuit {circuit.id} has {left_bytes / 1e6:.1f} MB left this month,"
            f" the test may take {most_bytes / 1e6:.1f} MB"
        )
    return ""
