"""The one interface of everything that measures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Generic, TypeVar

from netmon.model import Metric, Record
from netmon.sdk.context import Context
from netmon.sdk.planned import PlannedTest, Standing
from netmon.sdk.settings import Assignment, Settings

S = TypeVar("S", bound=Settings)


class Source(ABC, Generic[S]):
    """One way of measuring: opened once, read many times, closed once.

    A source measures all targets of its assignment in one `read()`, which yields readings with an
    outcome per row. `metrics` declares every metric it may yield, by measurement.
    """

    metrics: ClassVar[dict[str, tuple[Metric, ...]]]
    settings_type: ClassVar[type[Settings]]
    exclusive: ClassVar[bool] = False
    """True for a source that must be alone on the line while it runs."""

    def __init__(self, assignment: Assignment, settings: S) -> None:
        """Keep and check the arguments (UsageError); touch no network."""
        self.assignment = assignment
        self.settings = settings

    @property
    def declared(self) -> Mapping[str, tuple[Metric, ...]]:
        """Every metric that it may yield under its settings, by measurement."""
        return self.metrics

    async def open(self, context: Context) -> None:
        """Get sockets and sessions ready. May fail with SourceError; it is tried again at the next run."""
        self.context = context

    def due(self) -> bool:
        """Tell whether there is something to measure at this tick; a run that is not due says nothing.

        For what changes rarely: the collectors of a device share one job, and inventory is no counter.
        """
        return True

    def planned_tests(self, _standing: Standing, _day: date) -> Sequence[PlannedTest]:
        """Return the tests of a local day that cost enough to be told beforehand; needs no open()."""
        return ()

    @abstractmethod
    async def read(self) -> Sequence[Record]:
        """Measure now. SourceError when no target answers; a row's outcome when only that one does not."""

    async def close(self) -> None:
        """Give back what open() took; called once, also after an open() that failed."""
