"""How long the history takes to open after its process was killed with a day of the model site in the log."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import _store_site as site
from _store_day import commits

from netmon.store.history_file import HistoryFile
from netmon.store.journal import Journal

DAYS = float(os.environ.get("DAYS", "1"))
RUNS = 5


def write_and_die(folder: Path) -> None:
    journal = Journal(HistoryFile(folder), 16 * 2**20)
    for group in commits(site.site_readings(DAYS)):
        journal.commit(lambda group=group: group, {})
    os.kill(os.getpid(), 9)


def recovery_ms() -> float:
    """Return the quickest of some openings; the first one also folds the write-ahead log into the file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, name], check=False, env={**os.environ})
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        found = []
        for _ in range(RUNS):
            for path, content in files.items():
                (folder / path).write_bytes(content)
            began = time.perf_counter()
            journal = Journal(HistoryFile(folder), 2**20)
            found.append((time.perf_counter() - began) * 1e3)
            assert journal.newest > 0
            journal.close()
    return min(found)


if __name__ == "__main__":
    write_and_die(Path(sys.argv[1]))
