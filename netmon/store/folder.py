"""The state folder: where it is, and whose it is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from netmon.errors import StoreBusy, StoreError

SERVICE_STATE = Path("/var/lib/netmon")
"""Where the installed service keeps its state; a person who may, looks there too."""


def state_directory(environment: Mapping[str, str] = os.environ, service: Path = SERVICE_STATE) -> Path:
    """Return $STATE_DIRECTORY (systemd gives it), else the service's, else the user's own place for state."""
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    if os.access(service, os.R_OK | os.W_OK | os.X_OK):
        return service
    state = environment.get("XDG_STATE_HOME", "")
    return (Path(state) if state else Path.home() / ".local" / "state") / "netmon"


class FolderLock:
    """Holds a state folder for one daemon; the kernel lets go of it with the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = (folder / "lock").open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(
                f"{folder} cannot be written ({error.strerror}); "
                "make it writable for this user or set STATE_DIRECTORY to another folder"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = _owner(self._file)
            self._file.close()
            raise StoreBusy(
                f"{folder} is used by another netmon ({owner}); stop it or set STATE_DIRECTORY"
            ) from error
        self._sign()

    def release(self) -> None:
        """Let others have the folder."""
        self._file.close()

    def _sign(self) -> None:
        try:
            self._file.truncate(0)
            self._file.write(str(os.getpid()))
            self._file.flush()
        except OSError:
            # The lock holds without the number in it: a full disk shall not be told here.
            return


def _owner(file: TextIO) -> str:
    file.seek(0)
    return f"pid {file.read(20).strip() or 'unknown'}"
