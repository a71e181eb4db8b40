"""Log lines for a terminal and for the journal; no text from outside can break or forge one."""

from __future__ import annotations

import logging
import os
import sys
from typing import ClassVar


class OneLine(logging.Formatter):
    """Keeps a message on its line: control characters are shown as escapes. Tracebacks keep their lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the line without the traceback."""
        line = super().formatMessage(record)
        return "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)


class Journal(OneLine):
    """Adds the priority that the journal reads from the start of a line (sd-daemon(3))."""

    _PRIORITIES: ClassVar[dict[int, int]] = {10: 7, 20: 6, 30: 4, 40: 3, 50: 2}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and each line of a traceback, with the priority in front."""
        mark = f"<{self._PRIORITIES.get(record.levelno, 5)}>"
        return "\n".join(mark + line for line in super().format(record).splitlines())


def set_up(level: str) -> None:
    """Send log lines to standard error, as the journal or a person likes them."""
    handler = logging.StreamHandler(sys.stderr)
    if "JOURNAL_STREAM" in os.environ:
        handler.setFormatter(Journal("%(name)s: %(message)s"))
    else:
        handler.setFormatter(OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Libraries tell stories on INFO that nobody asked for.
    for name in ("apscheduler", "aiohttp.access", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
