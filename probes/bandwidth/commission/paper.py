"""The record of a commissioning: integers and text only, so that its canonical form has one spelling."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netmon import sdk
from probes.bandwidth.commission.instrument import FORMAT
from probes.bandwidth.commission.path_test import PathFinding
from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Direction
from probes.bandwidth.place import AGENT
from probes.bandwidth.witness import HostState


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the instrument stands, on which line, and who saw it."""

    site: str
    circuit: sdk.Circuit | None
    demarcation: str
    witness: str
    host: HostState


def paper(
    standing: Standing,
    clock: sdk.Clock,
    own: Mapping[str, Mapping[Direction, int]],
    found: Mapping[Direction, PathFinding],
    failures: Mapping[Direction, str],
) -> dict[str, sdk.Json]:
    """Return the record."""
    circuit, card = standing.circuit, standing.host.card
    system = os.uname()
    return {
        "format": FORMAT,
        "kind": "netmon-commission",
        "time_ms": clock.stamp().wall_ms,
        "clock_synchronised": standing.host.clock_synchronised,
        "site": standing.site,
        "circuit": circuit.id if circuit else "",
        "contract": {
            "down": circuit.down_bits_per_second if circuit else None,
            "up": circuit.up_bits_per_second if circuit else None,
            "rate_layer": circuit.rate_layer if circuit else None,
        },
        "demarcation": sdk.clean(standing.demarcation),
        "witness": sdk.clean(standing.witness),
        "software": AGENT,
        "machine": {"cores": os.cpu_count(), "architecture": system.machine, "kernel": system.release},
        "interface": {
            "name": card.name if card else None,
            "bits_per_second": card.speed_bits_per_second if card else None,
            "full_duplex": card.full_duplex if card else None,
            "wireless": card.wireless if card else None,
        },
        "ceiling": _lowest(own, found),
        "path": {str(direction): _path(one) for direction, one in found.items()},
        "not_measured": {str(direction): reason for direction, reason in failures.items()},
        "spent_bytes": sum(one.spent_bytes for one in found.values()),
    }


def _lowest(
    own: Mapping[str, Mapping[Direction, int]], found: Mapping[Direction, PathFinding]
) -> dict[str, sdk.Json]:
    """Return ceilings; where the path's test showed what a card costs on top, by that."""
    lowest = {method: {str(one): rate for one, rate in rates.items()} for method, rates in own.items()}
    for direction, one in found.items():
        seen = one.ceiling_bits_per_second
        rates = lowest.get(one.method)
        if seen is not None and rates is not None:
            rates[str(direction)] = min(rates[str(direction)], round(seen))
    return {method: dict(rates) for method, rates in lowest.items()}


def _path(one: PathFinding) -> dict[str, sdk.Json]:
    measured, peak = one.measured, one.trains_bits_per_second
    ticks = measured.curve.ticks if measured.curve else []
    unit_bytes = measured.curve.unit_bytes if measured.curve else 0.0
    return {
        "method": one.method,
        "server": measured.server,
        "milliseconds": round(measured.seconds * 1000),
        "spent_bytes": one.spent_bytes,
        "bits_per_second": {
            str(layer): None if (rate := measured.rate(layer)) is None else round(rate) for layer in Layer
        },
        "trains_bits_per_second": None if peak is None else round(peak),
        "bucket": _bucket(one.bucket),
        "curve": [[round(tick.seconds * 1000), round(tick.units * unit_bytes)] for tick in ticks],
    }


def _bucket(bucket: Bucket | None) -> sdk.Json:
    if bucket is None:
        return None
    return {
        "peak_bits_per_second": round(bucket.peak_bits_per_second),
        "burst_bytes": round(bucket.burst_bytes),
        "sustained_bits_per_second": round(bucket.sustained_bits_per_second),
    }


def summary(document: Mapping[str, sdk.Json], name: str, fingerprint: str, path: Path) -> str:
    """Return the record in words."""
    lines = [f"commissioned {document['circuit'] or 'the line'} at {document['demarcation']}"]
    lines += [f"  interface   {_pairs(document['interface'])}"]
    for method, rates in _items(document["ceiling"]):
        lines.append(f"  ceiling     {method}: {_rates(rates)}")
    for direction, one in _items(document["path"]):
        said = dict(_items(one))
        lines.append(f"  {direction:<11} {_rates(said['bits_per_second'])}")
        bucket = dict(_items(said["bucket"]))
        lines.append(f"    bucket    {_words(bucket) if bucket else 'none was met'}")
    lines += [f"  {direction:<11} not measured: {why}" for direction, why in _items(document["not_measured"])]
    lines += [f"  record      {name}", f"  signed by   {fingerprint}", f"  kept in     {path}"]
    return "\n".join(lines)


def _words(bucket: Mapping[str, sdk.Json]) -> str:
    peak, sustained = (int(str(bucket[f"{name}_bits_per_second"])) / 1e6 for name in ("peak", "sustained"))
    burst = int(str(bucket["burst_bytes"])) / 1e6
    return f"{peak:.2f} Mbit/s for {burst:.2f} MB, then {sustained:.2f} Mbit/s (IP)"


def _items(value: sdk.Json) -> list[tuple[str, sdk.Json]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _rates(value: sdk.Json) -> str:
    return ", ".join(f"{name} {int(str(rate)) / 1e6:.2f} Mbit/s" for name, rate in _items(value) if rate)


def _pairs(value: sdk.Json) -> str:
    return ", ".join(f"{name} {one}" for name, one in _items(value) if one is not None)
