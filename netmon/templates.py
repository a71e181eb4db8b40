"""The door to jinja2: templates of a folder, with everything escaped."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from netmon import wording as human

_FILTERS = {
    "bit_rate": human.bit_rate,
    "size": human.size,
    "duration": human.duration,
    "span": human.span,
    "share": human.share,
    "frequency": human.frequency,
    "count": human.count,
    "moment": human.moment,
    "watts": human.watts,
}


class Templates:
    """Renders pages. Device strings are text here and everywhere: nothing is marked as safe."""

    def __init__(self, folder: Path) -> None:
        # Autoescape is on for every file, whatever its name; a missing value is an error, not a blank.
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(_FILTERS)
        self._environment.globals["unknown"] = human.UNKNOWN

    def render(self, name: str, **values: object) -> bytes:
        """Return a page in UTF-8."""
        return self._environment.get_template(name).render(values).encode("utf-8", "replace")


def csp_hash(inline: str) -> str:
    """Return the source expression that allows exactly this inline style (CSP3 §2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
