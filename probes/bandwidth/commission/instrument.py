"""What commissioning found: a signed record on disk, and what tests take from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from netmon import sdk
from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.measured import Direction

FORMAT = 1
_LARGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Instrument:
    """A commissioning that counts: ceilings in bit/s of TCP by method and direction; buckets by direction.

    `learned` has the directions in which a line's bucket was looked for: without one there, none was met.
    `document` is the whole record, as it was signed.
    """

    id: str
    document: Mapping[str, sdk.Json]
    fingerprint: str = ""
    ceilings: Mapping[tuple[str, Direction], int] = field(default_factory=dict)
    learned: frozenset[Direction] = frozenset()
    buckets: Mapping[Direction, Bucket] = field(default_factory=dict)

    @property
    def spent_bytes(self) -> int:
        """Return what commissioning cost the line."""
        spent = self.document.get("spent_bytes")
        return spent if isinstance(spent, int) else 0

    def stands_for(self, circuit: sdk.Circuit | None) -> bool:
        """Tell whether the contract is the one of its day: another rate may be another bucket."""
        rates = _table(self.document.get("contract"))
        now = (circuit.down_bits_per_second, circuit.up_bits_per_second) if circuit else (None, None)
        return (rates.get("down"), rates.get("up")) == now


def canonical(document: Mapping[str, sdk.Json]) -> bytes:
    """Return what is hashed and signed: sorted keys, no spaces, no floats in it."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def record_path(folder: Path, circuit: str) -> Path:
    """Return where the record of a circuit lies; an empty name: of the only line there is."""
    return folder / f"commission-{quote(circuit, safe='') or '_'}.json"


def write(path: Path, document: Mapping[str, sdk.Json], public_key: str, signature: str) -> None:
    """Put a signed record in place at once, so that no reader sees half of it."""
    signed = {"record": document, "public_key": public_key, "signature": signature}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(signed, indent=1, sort_keys=True) + "\n", "ascii")
    fresh.chmod(0o644)  # the daemon is another user than who commissions
    fresh.replace(path)


def read(path: Path) -> Instrument | None:
    """Return the record; None when there is none. SourceError when it is not as it was signed."""
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_BYTES)
    except OSError:
        return None
    try:
        signed = json.loads(text)
        document, key, signature = signed["record"], signed["public_key"], signed["signature"]
        found = _instrument(document, key)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise sdk.SourceError(sdk.Outcome.GARBLED, f"{path} is no record of a commissioning") from error
    if not _verified(canonical(document), key, signature):
        raise sdk.SourceError(sdk.Outcome.GARBLED, f"{path} is not what was signed")
    return found


def _verified(message: bytes, key: str, signature: str) -> bool:
    try:
        # A daemon without a record does not carry the library.
        from probes.bandwidth.commission.signature import verified  # noqa: PLC0415 - not on every platform
    except ImportError:
        return False
    return verified(message, key, signature)


def _instrument(document: Mapping[str, sdk.Json], public_key: str) -> Instrument:
    if document["format"] != FORMAT:
        raise ValueError
    path = _table(document["path"])
    learned = {direction: _table(path[direction]) for direction in Direction if path.get(direction)}
    return Instrument(
        hashlib.sha256(canonical(document)).hexdigest(),
        document,
        hashlib.sha256(public_key.encode()).hexdigest()[:16],
        {
            (method, direction): int(str(rates[direction]))
            for method, rates in _ceilings(document).items()
            for direction in Direction
            if rates.get(direction)
        },
        frozenset(learned),
        {direction: _bucket(_table(one["bucket"])) for direction, one in learned.items() if one["bucket"]},
    )


def _ceilings(document: Mapping[str, sdk.Json]) -> Mapping[str, Mapping[str, sdk.Json]]:
    return {method: _table(rates) for method, rates in _table(document["ceiling"]).items()}


def _bucket(said: Mapping[str, sdk.Json]) -> Bucket:
    peak, burst, sustained = (
        float(str(said[name]))
        for name in ("peak_bits_per_second", "burst_bytes", "sustained_bits_per_second")
    )
    return Bucket(peak, burst, sustained)


def _table(value: sdk.Json) -> Mapping[str, sdk.Json]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value
