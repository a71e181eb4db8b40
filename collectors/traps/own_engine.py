"""netmon's own SNMP engine: an inform of version 3 is made for its receiver (RFC 3414 section 1.5.1)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.snmp.usm_message import MAX_INTEGER

# RFC 3411 section 5, SnmpEngineID: RFC 5612's number for who has none, and octets (5).
_FRONT: Final = bytes.fromhex("80007ed905")
_FILE: Final = "snmp-engine"


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """Identity, number of starts, and when this start was (monotonic seconds)."""

    engine_id: bytes
    boots: int
    started_seconds: float

    def seconds(self, now: float) -> int:
        """Return the engine's time."""
        return min(int(now - self.started_seconds), MAX_INTEGER)


def begin(folder: Path | None, now: float) -> OwnEngine:
    """Return the engine for one more start; it is kept in the folder. Blocks.

    Where nothing can be kept, it is another engine each time: senders discover it anew, and those that
    were given its ID by hand cannot reach it.
    """
    kept = _read(folder / _FILE) if folder is not None else None
    engine_id, boots = kept or (_FRONT + secrets.token_bytes(8), 0)
    if boots >= MAX_INTEGER - 1:
        engine_id, boots = _FRONT + secrets.token_bytes(8), 0
    if folder is not None and not _write(folder / _FILE, f"{engine_id.hex()} {boots + 1}\n"):
        engine_id, boots = _FRONT + secrets.token_bytes(8), 0
    return OwnEngine(engine_id, boots + 1, now)


def _read(path: Path) -> tuple[bytes, int] | None:
    try:
        identity, boots = path.read_text("ascii").split()
        engine_id, number = bytes.fromhex(identity), int(boots)
    except (OSError, ValueError):
        return None
    return (engine_id, number) if 5 <= len(engine_id) <= 32 and 0 <= number <= MAX_INTEGER else None


def _write(path: Path, text: str) -> bool:
    beside = path.with_suffix(".new")
    try:
        beside.write_text(text, "ascii")
        beside.replace(path)
    except OSError:
        return False
    return True
