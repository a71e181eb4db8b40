"""Work shared out to processes: each opens the source for itself, and answers keep the order of the jobs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from os import sched_getaffinity
from typing import Generic, TypeVar

from netmon.errors import NetmonError
from netmon.evidence.sources.source import Source

Job = TypeVar("Job")
Answer = TypeVar("Answer")
_PATIENCE_SECONDS = 5.0


class WorkError(NetmonError):
    """A process could not do its share of a report."""


@dataclass(frozen=True, slots=True)
class _Failed:
    words: str


@dataclass(frozen=True, slots=True)
class Workshop(Generic[Job, Answer]):
    """What every process gets once: how to open the source, and what to do with a job. Both are pickled."""

    open_source: Callable[[], Source]
    work: Callable[[Source, Job], Answer]

    def answers(self, jobs: Sequence[Job], processes: int) -> list[Answer]:
        """Return the answers in the order of the jobs, which does not depend on the number of processes.

        NetmonErrors of the work are raised here; WorkError when a process died.
        """
        count = min(processes, len(jobs))
        if count > 1:
            return self._shared(jobs, count)
        if not jobs:
            return []
        with closing(self.open_source()) as source:
            return [self.work(source, job) for job in jobs]

    def _shared(self, jobs: Sequence[Job], count: int) -> list[Answer]:
        hired = [_hire(self) for _ in range(count)]
        try:
            return _collect([pipe for pipe, _ in hired], jobs)
        finally:
            for pipe, _ in hired:
                pipe.close()
            for _, process in hired:
                process.join(_PATIENCE_SECONDS)
                process.kill()

    def serve(self, pipe: Connection) -> None:
        """Do jobs as they come, until nobody sends any more."""
        # Whoever stops the command stops the parent, which then stops us: one word about it is enough.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with closing(self.open_source()) as source:
                while True:
                    try:
                        job = pipe.recv()
                    except EOFError:
                        return
                    pipe.send(self.work(source, job))
        except NetmonError as error:
            pipe.send(_Failed(str(error)))
        except BrokenPipeError:
            return


def cores() -> int:
    """Return how many processes this one may run at the same time."""
    return len(sched_getaffinity(0))


def _hire(shop: Workshop[Job, Answer]) -> tuple[Connection, SpawnProcess]:
    """Start a process of our own: none inherits threads, files or locks of this one."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=shop.serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _collect(pipes: Sequence[Connection], jobs: Sequence[Job]) -> list[Answer]:
    answers: dict[int, Answer] = {}
    left = iter(enumerate(jobs))
    busy: dict[object, tuple[Connection, int]] = {}

    def give(pipe: Connection) -> None:
        place, job = next(left, (None, None))
        if place is not None:
            try:
                pipe.send(job)
            except OSError:
                raise _died() from None
            busy[pipe] = pipe, place

    for pipe in pipes:
        give(pipe)
    while busy:
        for ready in wait([pipe for pipe, _ in busy.values()]):
            pipe, place = busy.pop(ready)
            answers[place] = _answer(pipe)
            give(pipe)
    return [answers[place] for place in range(len(jobs))]


def _answer(pipe: Connection) -> Answer:  # type: ignore[type-var]  # what the work returned, by pickle
    try:
        found = pipe.recv()
    except (EOFError, OSError):
        raise _died() from None
    if isinstance(found, _Failed):
        raise WorkError(found.words)
    return found  # type: ignore[no-any-return]  # the other end of the pipe runs the same work


def _died() -> WorkError:
    return WorkError(
        "a process that read measurements for this report died (out of memory?): "
        "nothing is reported; try fewer days, or --processes 1"
    )
