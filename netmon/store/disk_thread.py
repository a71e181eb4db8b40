"""One thread for one disk: what may wait for the disk waits there, in order, never on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from netmon.errors import StoreError

T = TypeVar("T")


class DiskThread:
    """Runs callables one after the other on a thread of its own.

    Not the loop's default executor: that one fills up with name look-ups when the resolver is dead,
    and a commit would wait behind them. A daemon thread: a disk that hangs for ever cannot keep the
    process from ending.
    """

    def __init__(self, limit: int = 1000) -> None:
        self.refused_total = 0
        self._limit = limit
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended: Future[None] = Future()
        self._closing = False
        Thread(target=self._work, name="netmon-disk", daemon=True).start()

    async def call(self, work: Callable[..., T], *arguments: object) -> T:
        """Run a callable after those before it and return its result; StoreError when too many wait."""
        if self._closing:
            raise StoreError("the history is closed")
        if self._queue.qsize() >= self._limit:
            self.refused_total += 1
            raise StoreError(f"the disk does not keep up: {self._limit} jobs wait for it")
        result: Future[T] = Future()
        self._queue.put(lambda: _fulfil(result, work, arguments))
        return await asyncio.wrap_future(result)

    async def close(self, deadline_seconds: float, last: Callable[[], object] | None = None) -> bool:
        """Finish what waits, then `last`, and end the thread; False when it still hangs at the deadline."""
        if not self._closing:
            self._closing = True
            if last is not None:
                closed: Future[object] = Future()
                self._queue.put(lambda: _fulfil(closed, last, ()))
            self._queue.put(None)
        done, _ = await asyncio.wait([asyncio.wrap_future(self._ended)], timeout=deadline_seconds)
        return bool(done)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            job()
        self._ended.set_result(None)


def _fulfil(result: Future[T], work: Callable[..., T], arguments: tuple[object, ...]) -> None:
    if not result.set_running_or_notify_cancel():
        return
    try:
        result.set_result(work(*arguments))
    except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who waits for it
        result.set_exception(error)
