"""The two text formats of a scrape."""

from __future__ import annotations

from enum import Enum


class TextFormat(Enum):
    """A format, by its media type."""

    PLAIN = "text/plain; version=0.0.4; charset=utf-8"
    OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    @property
    def end(self) -> bytes:
        """What the last line must be: OpenMetrics tells a whole scrape from one that was cut off."""
        return b"# EOF\n" if self is TextFormat.OPEN else b""
