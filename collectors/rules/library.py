"""All vendor files, each read when the first device needs it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from collectors.rules.load import VendorFileError, enterprises, vendor_file, vendor_files
from collectors.rules.model import VendorFile
from netmon import sdk

OWN_FOLDER: Final = Path(__file__).parents[1] / "vendors"
_USER_FOLDER: Final = "/etc/netmon/vendors"
FOLDER_VARIABLE: Final = "NETMON_VENDOR_FILES"
"""Environment variable with the folder of the user's own vendor files, in place of /etc/netmon/vendors."""

log = logging.getLogger(__name__)


class Library:
    """Shared by all collectors: `await context.shared.get(Library)`."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Keep the folders; a file of a later one replaces one of the same name in an earlier one."""
        self._folders = tuple(folders)
        self._by_enterprise: dict[int, list[Path]] = {}
        self._everywhere: list[Path] = []
        self._files: dict[Path, VendorFile | None] = {}
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Look which files there are."""
        del clock
        library = cls((OWN_FOLDER, Path(os.environ.get(FOLDER_VARIABLE, _USER_FOLDER))))
        await asyncio.to_thread(library.scan)
        return library

    async def close(self) -> None:
        """Do nothing: it holds no resource."""

    def scan(self) -> None:
        """Note which file is about which enterprise; blocks on the disk."""
        for path in vendor_files(filter(_may_be_read, self._folders)):
            try:
                numbers = enterprises(path)
            except VendorFileError as error:
                log.warning("a vendor file is left out: %s", error)
                continue
            if not numbers:  # for everybody, or a mistake that reading it will tell
                self._everywhere.append(path)
            for number in numbers or ():
                self._by_enterprise.setdefault(number, []).append(path)

    async def of(self, enterprise: int | None) -> list[VendorFile]:
        """Return the files about an enterprise (None: not known), those for everybody last."""
        paths = [*self._by_enterprise.get(-1 if enterprise is None else enterprise, ()), *self._everywhere]
        async with self._one_at_a_time:
            found = [await asyncio.to_thread(self._file, path) for path in paths]
        return [file for file in found if file is not None]

    def _file(self, path: Path) -> VendorFile | None:
        if path not in self._files:
            try:
                self._files[path] = vendor_file(path)
            except VendorFileError as error:
                self._files[path] = None
                log.warning("a vendor file is left out:\n%s", error)
        return self._files[path]


def _may_be_read(folder: Path) -> bool:
    """Tell whether a folder is there; one that this user may not look into is told, and does without."""
    try:
        os.listdir(folder)  # noqa: PTH208 - Path's asks nobody before it is iterated
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        log.warning("vendor files in %s are left out: %s", folder, error.strerror)
        return False
    return True
