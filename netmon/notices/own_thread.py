"""A thread of a channel's own, for libraries that wait: one call at a time, each within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from netmon.errors import Unreachable
from netmon.threads import DaemonThreads

T = TypeVar("T")


class OwnThread:
    """Runs calls in their order. One that outlives its deadline is waited for by the next, never doubled."""

    def __init__(self, name: str, timeout_seconds: float) -> None:
        self._threads, self._timeout_seconds = DaemonThreads(1, name), timeout_seconds

    async def call(self, work: Callable[[], T]) -> T:
        """Return what the call returns; Unreachable when that takes too long."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await future
        except TimeoutError as error:
            raise Unreachable(f"no answer in {self._timeout_seconds:g} s") from error

    def close(self) -> None:
        """Let the thread go."""
        self._threads.shutdown(wait=False)
