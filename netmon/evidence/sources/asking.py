"""Questions to a server of the centre, asked from a command that waits; what went wrong, in words."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from netmon.errors import DeliveryError, NetmonError, RetryLater

T = TypeVar("T")
TIMEOUT_SECONDS = 60.0
"""For each question: a week of one circuit takes a second, a server that reads from tape some more."""


class CentreError(NetmonError):
    """The centre's database does not tell what was asked; says what to do."""


class Asking:
    """An event loop for the blocking side. One thread at a time, and none that runs a loop already."""

    def __init__(self, url: str, account: str) -> None:
        self._url, self._account = url, account
        self._runner = asyncio.Runner()

    def wait(self, question: Coroutine[Any, Any, T]) -> T:
        """Return the answer; CentreError in words."""
        try:
            return self._runner.run(question)
        except DeliveryError as error:
            raise CentreError(f"{self._url}: {error}{self._remedy(error)}") from error

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Wait for what is to be done last."""
        self._runner.run(last)
        self._runner.close()

    def _remedy(self, error: DeliveryError) -> str:
        words = str(error)
        if isinstance(error, RetryLater):
            return "; is that the centre's address, and may this machine reach it?"
        if words.startswith(("401", "403")):
            return f"; {self._account}"
        if "database not found" in words or "mapping" in words:
            return "; name the database that the sites write to"
        return ""
