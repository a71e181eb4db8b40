"""When the next commit comes: every few seconds, and at once when something cannot wait."""

from __future__ import annotations

import asyncio


class Pace:
    """Waits between commits: `seconds` at most, not at all for what came while in a hurry."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._in_a_hurry = False
        self._at_once = asyncio.Event()

    def every(self, seconds: float) -> None:
        """Wait this long from now on."""
        self._seconds = seconds
        self._at_once.set()

    def hurry(self, *, on: bool) -> None:
        """Begin or end a time in which nothing waits; what waits already goes first."""
        self._in_a_hurry = on
        if on:
            self._at_once.set()

    def came(self, *, much: bool) -> None:
        """Note that something waits; `much`: too much to let it wait."""
        if much or self._in_a_hurry:
            self._at_once.set()

    async def wait(self) -> None:
        """Return when it is time. What comes until the caller has gone on is part of the same group."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._at_once.wait()
        except TimeoutError:
            pass
        self._at_once.clear()
