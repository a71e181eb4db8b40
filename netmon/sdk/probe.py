"""The base of probes: many targets at once, and the two numbers that every probe has."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from netmon.errors import SourceError
from netmon.model import Kind, Labels, Metric, Outcome, Reading, Record, Row, Shape, Value, gauge, state
from netmon.sdk.settings import Assignment, Circuit
from netmon.sdk.source import S, Source

PROBE_SUCCESS = state(
    "probe_success", "1 when the target gave the answer that was asked for, 0 when it did not."
)
PROBE_SECONDS = gauge(
    "probe_duration_seconds",
    "Time from the start of the probe to its end, name resolution included, by this process's clock.",
)
PROBE_UNDER_TEST = state(
    "netmon_probe_under_test",
    "1 when a bandwidth test filled the line while the probe ran: its times are then no measure of the line.",
)
PROBE_TIMEOUT = gauge("probe_timeout_seconds", "Longest time that the probe may take.")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one probe of one target found. Metrics left out are *not known*; `texts` are of INFO metrics.

    `records` are what else there is to publish: facts, events, readings of `further_metrics`.
    """

    values: Mapping[Metric, Value] = field(default_factory=dict)
    texts: Mapping[Metric, str] = field(default_factory=dict)
    outcome: Outcome = Outcome.OK
    detail: str = ""
    records: tuple[Record, ...] = ()


class Probe(Source[S]):
    """Measures one target at a time; asked for all targets of its assignment together.

    A subclass gives `measurement`, `own_metrics` and `measure()`. `probe_success` and
    `probe_duration_seconds` are added here, once.
    """

    measurement: ClassVar[str]
    own_metrics: ClassVar[tuple[Metric, ...]]
    further_metrics: ClassVar[Mapping[str, tuple[Metric, ...]]] = {}
    """Measurements of its own making beside the one that every probe has, by name."""
    binds: ClassVar[bool] = False
    """True for a probe whose packets leave by `circuit` or not at all; only such a one may name it."""
    metrics: ClassVar[dict[str, tuple[Metric, ...]]] = {}
    usual_seconds: ClassVar[float] = 5.0
    """How long a run by hand may take, unless the person says otherwise."""
    grace_seconds: ClassVar[float] = 0.0
    """How long after the timeout `measure()` is cut off: for probes that end their own waits at the timeout,
    so that they can still say what was lost when the loop is late."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "own_metrics"):
            metrics = (PROBE_SUCCESS, PROBE_SECONDS, PROBE_UNDER_TEST, *cls.own_metrics, PROBE_TIMEOUT)
            cls.metrics = {cls.measurement: metrics}
            cls.metrics |= cls.further_metrics

    def __init__(self, assignment: Assignment, settings: S) -> None:
        super().__init__(assignment, settings)
        self.row_labels: Labels = ()
        """What tells this probe's rows from those of another that shares its assignment."""
        self._shape: Shape | None = None
        self._texts: list[Mapping[Metric, str]] = []

    @property
    def circuit(self) -> Circuit | None:
        """The circuit that everything sent must leave by; None: whichever the routes choose."""
        return self.context.circuits.get(self.assignment.circuit)

    @abstractmethod
    async def measure(self, target: str) -> Sample:
        """Probe one target. SourceError and TimeoutError become that row's outcome."""

    async def read(self) -> Sequence[Record]:
        """Probe all targets at once, each within the assignment's timeout."""
        stamp = self.context.clock.stamp()
        found = await self.measure_all(self.assignment.targets)
        shape = self._shape_of([sample for sample, _ in found])
        disturbed = self._disturbed(stamp.boottime_ns)
        columns = tuple(self._column(metric, found, disturbed=disturbed) for metric in shape.metrics)
        reading = Reading(shape, stamp, columns, tuple(sample.outcome for sample, _ in found))
        return [reading, *(record for sample, _ in found for record in sample.records)]

    def _disturbed(self, since_ns: int) -> bool:
        """Tell whether a bandwidth test filled the line meanwhile; a probe that is one is not disturbed."""
        circuit = self.circuit.id if self.circuit else ""
        now_ns = self.context.clock.boottime_ns()
        return not self.exclusive and self.context.loads.filled(circuit, since_ns, now_ns)

    async def measure_all(self, targets: Sequence[str]) -> Sequence[tuple[Sample, float]]:
        """Probe targets side by side; return each sample and the seconds it took, in their order.

        For probes that can do better than a task for each.
        """
        return await asyncio.gather(*(self._timed(target) for target in targets))

    async def _timed(self, target: str) -> tuple[Sample, float]:
        began = self.context.clock.monotonic()
        try:
            async with asyncio.timeout(self.assignment.timeout_seconds + self.grace_seconds):
                sample = await self.measure(target)
        except TimeoutError:
            sample = Sample(
                outcome=Outcome.TIMEOUT, detail=f"no answer in {self.assignment.timeout_seconds:g} s"
            )
        except SourceError as error:
            sample = Sample(outcome=Outcome(error.outcome), detail=str(error))
        seconds = self.context.clock.monotonic() - began
        self.context.trace(f"{target}: {sample.outcome} in {seconds * 1000:.3f} ms {sample.detail}".rstrip())
        return sample, seconds

    def _shape_of(self, samples: Sequence[Sample]) -> Shape:
        """Return the same shape for as long as the texts stay the same."""
        texts = [sample.texts for sample in samples]
        if self._shape is None or self._texts != texts:
            metrics, targets = self.metrics[self.measurement], self.assignment.targets
            rows = tuple(
                Row(self._key(target), texts=tuple((m.name, said[m]) for m in metrics if m in said))
                for target, said in zip(targets, texts, strict=True)
            )
            self._shape, self._texts = Shape(self.measurement, metrics, rows), texts
        return self._shape

    def _column(
        self, metric: Metric, found: Sequence[tuple[Sample, float]], *, disturbed: bool
    ) -> Sequence[Value]:
        if metric is PROBE_UNDER_TEST:
            return [int(disturbed)] * len(found)
        if metric is PROBE_SUCCESS:
            return [int(sample.outcome is Outcome.OK) for sample, _ in found]
        if metric is PROBE_SECONDS:
            return [seconds for _, seconds in found]
        if metric is PROBE_TIMEOUT:
            return [self.assignment.timeout_seconds] * len(found)
        if metric.kind is Kind.INFO:
            return [1 if metric in sample.texts else None for sample, _ in found]
        return [sample.values.get(metric) for sample, _ in found]

    def _key(self, target: str) -> Labels:
        circuit = self.circuit
        carried = (("circuit", circuit.id),) if circuit and self._must_have_carried(circuit) else ()
        named = (("site", self.context.site), ("probe", self.assignment.name), ("target", target))
        return (*named, *self.row_labels, *carried)

    def _must_have_carried(self, circuit: Circuit) -> bool:
        """Tell whether a sample cannot have gone by another circuit: bound to this one, or the only one."""
        return (self.binds and circuit.has_source) or len(self.context.circuits) == 1
