"""`netmon store`: how large the history is, whether it is sound, and what is over put into files."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from netmon.clock import SystemClock
from netmon.sdk import Command
from netmon.store.folder import state_directory
from netmon.store.history import open_history
from netmon.store.interface import StoreStats, Verdict
from netmon.store.reader import open_reader
from netmon.units import iso_8601

_POSITIONS_SHOWN = 20


class StoreCommand(Command):
    """Tell about the history; works beside the daemon."""

    summary = "sizes and health of the history"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what to tell and where the history is."""
        parser.add_argument(
            "action",
            choices=("stats", "verify", "compact"),
            help="sizes; or check every record; or seal all days (the daemon must not run)",
        )
        parser.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")

    def run(self, options: Namespace) -> int:
        """Tell; exit code 1 when anything is damaged."""
        folder = options.state or state_directory()
        if options.action == "compact":
            asyncio.run(_compact(folder))
        with closing(open_reader(folder)) as reader:
            if options.action != "verify":
                found = _stats(folder, reader.stats())
                _tell(found | {"sealed_bytes": dict(reader.shelves())}, as_json=options.json)
                return 0
            verdict = reader.verify()
        _tell(_verdict(folder, verdict), as_json=options.json)
        return 0 if verdict.sound else 1


async def _compact(folder: Path) -> None:
    """Seal what can be sealed; StoreBusy while a daemon holds the folder."""
    history = open_history(folder, SystemClock())
    try:
        await history.seal(everything=True)
    finally:
        await history.close()


def _stats(folder: Path, stats: StoreStats) -> dict[str, object]:
    def moment(wall_ms: int | None) -> str | None:
        return None if wall_ms is None else iso_8601(wall_ms)

    aside = sorted(path.name for path in folder.glob("history.db.*-*") if path.suffix != "")
    return {
        "folder": str(folder),
        **asdict(stats),
        "oldest": moment(stats.oldest_ms),
        "newest_time": moment(stats.newest_ms),
        "set_aside": aside,
    }


def _verdict(folder: Path, verdict: Verdict) -> dict[str, object]:
    return {
        "folder": str(folder),
        "sound": verdict.sound,
        "records": verdict.records,
        "damaged": len(verdict.damaged),
        "damaged_positions": list(verdict.damaged[:_POSITIONS_SHOWN]),
        "complaints": list(verdict.complaints),
    }


def _tell(found: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    for name, value in found.items():
        shown = ", ".join(map(str, value)) or "none" if isinstance(value, list) else value
        if isinstance(value, dict):
            shown = ", ".join(f"{one} {size}" for one, size in value.items())
        sys.stdout.write(f"{name.replace('_', ' ')}: {'unknown' if shown is None else shown}\n")
