"""A wall clock for one process: set, synchronised and announced by a test (tests/tools/wallclock)."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "tools" / "wallclock" / "wallclock.c"


def build() -> Path | None:
    """Return the library, built once per source; None without a compiler."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"netmon-wallclock-{digest}.so"
    if not library.exists():
        fresh = library.with_suffix(f".{os.getpid()}")
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O2", "-o", str(fresh), str(SOURCE), "-ldl"], check=True
        )
        fresh.rename(library)
    return library


class WallClock:
    """What a process that is started with `environ` takes for the time."""

    def __init__(self, folder: Path, *, behind_seconds: float = 0.0, synchronised: bool = True) -> None:
        library = build()
        if library is None:
            pytest.skip("gcc is needed to build a wall clock that can be set")
        self._state, self._bell = folder / "wallclock", folder / "wallclock.bell"
        self._add_ns, self._synchronised = round(-behind_seconds * 1e9), synchronised
        self._write()
        os.mkfifo(self._bell)
        # Both ends, so that neither the process nor the test has to be there first.
        self._ring = os.open(self._bell, os.O_RDWR | os.O_NONBLOCK)
        self.environ = {
            "LD_PRELOAD": str(library),
            "WALLCLOCK_STATE": str(self._state),
            "WALLCLOCK_BELL": str(self._bell),
        }

    def step(self, seconds: float, *, synchronised: bool = True) -> None:
        """Set the clock, and let the process know as the kernel would."""
        self._add_ns += round(seconds * 1e9)
        self._synchronised = synchronised
        self._write()
        os.write(self._ring, b"the time")

    def close(self) -> None:
        """Give back the bell."""
        os.close(self._ring)

    def _write(self) -> None:
        # One write of a mapped file's sixteen bytes: the process sees both change together.
        with self._state.open("r+b" if self._state.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("=qq", self._add_ns, self._synchronised))
