"""Where files go, and when a new one is begun."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class FileSettings:
    """A folder, a format and limits. `keep_seconds` is how long finished files stay."""

    folder: Path
    format: Literal["line", "csv"] = "line"
    rotate_seconds: float = 86_400.0
    rotate_bytes: int = 100_000_000
    keep_seconds: float = 2_592_000.0
    gzip: bool = False
    batch_lines: int = 5000

    @property
    def cursor(self) -> str:
        """Name of this folder's place in the store."""
        return f"file {self.folder}"
