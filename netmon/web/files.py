"""Where the pages' templates are, and the few files that are served as they are."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
TEMPLATES = _FOLDER / "templates"


def static_file(name: str) -> bytes:
    """Return a file of the package's `static` folder; for names that the code knows, never a client's."""
    return (_FOLDER / "static" / name).read_bytes()
