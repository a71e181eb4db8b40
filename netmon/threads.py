"""Threads that never keep the process from ending."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Job = Callable[[], None] | None


class DaemonThreads(ThreadPoolExecutor):
    """An executor for work that may hang: a look-up without a resolver, a file on a dead disk.

    The library's own executors are joined when the interpreter ends, hanging work included: a stop then
    takes as long as the resolver's patience. A ThreadPoolExecutor by type only, as asyncio asks for one.
    """

    def __init__(self, most: int, name: str) -> None:
        super().__init__(max_workers=most, thread_name_prefix=name)
        self._most, self._name = most, name
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._started = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a callable on one of the threads; jobs wait in order when all are busy."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who waits
                future.set_exception(error)

        self._jobs.put(job)
        if self._started < self._most:
            self._started += 1
            Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - the library's signature
        """Let idle threads go; wait for none."""
        for _ in range(self._started):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
