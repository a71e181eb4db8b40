"""One thread that renders pages and JSON, so that the event loop never waits for a template."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from netmon.threads import DaemonThreads

P = ParamSpec("P")
T = TypeVar("T")


class Press:
    """Runs pure functions on its own thread: asyncio's default pool may be full of something that hangs."""

    def __init__(self) -> None:
        self._threads = DaemonThreads(1, "web-press")

    async def render(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns; its arguments must not change meanwhile."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Let go of the thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)
