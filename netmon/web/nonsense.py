"""What is not HTTP at all: counted, and kept out of the log, which any client on the network could fill."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError

log = logging.getLogger(__name__)


class Nonsense(logging.Filter):
    """Lets a record pass unless it is about bytes that break the protocol; those are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.requests_total = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is worth a line."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError):
            return True
        if not self.requests_total:
            log.info("a client sent what is not HTTP; from now on this is only counted")
        self.requests_total += 1
        return False

    def logger(self) -> logging.Logger:
        """Return a logger with this filter, for the library: one of its own, so that no other is changed."""
        own = logging.Logger(__name__)  # noqa: LOG001 - the registry's logger would keep a filter per server
        own.parent = log
        own.addFilter(self)
        return own
