"""netmon's own metrics, by prometheus-client: the only module that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from netmon.metrics.text_format import TextFormat
from netmon.model import Kind, Labels, Metric

OwnSample = tuple[Metric, Labels, float]
"""One number of netmon's own, with its declaration and the labels that vary."""

Watched = Callable[[], Iterable[OwnSample]]


class OwnMetrics:
    """A registry of its own that asks the watched parts when it is scraped.

    Parts keep plain attributes; nothing is counted twice, and no series outlives its object.
    """

    def __init__(self) -> None:
        self._watched: list[Watched] = []
        self._registry = CollectorRegistry()
        self._registry.register(_Collected(self._families))
        ProcessCollector(registry=self._registry)

    def watch(self, samples: Watched) -> None:
        """Ask this function at every scrape; it reads attributes and never waits."""
        self._watched.append(samples)

    def render(self, form: TextFormat = TextFormat.PLAIN) -> bytes:
        """Return the text with its end; ValueError when a declared counter's name lacks `_total`."""
        encode, _ = choose_encoder(form.value)
        return encode(self._registry)

    def _families(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        found: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for samples in self._watched:
            for metric, labels, value in samples():
                every = (*labels, *metric.labels)
                family = found.get(metric.name)
                if family is None:
                    family = found[metric.name] = _family(metric, [label for label, _ in every])
                family.add_metric([text for _, text in every], value)
        yield from found.values()


def negotiate(accept: str) -> TextFormat:
    """Return the format that an Accept header asks for; 0.0.4 where it asks for nothing that we have."""
    _, media_type = choose_encoder(accept)
    return TextFormat.OPEN if media_type.startswith("application/openmetrics-text") else TextFormat.PLAIN


class _Collected(Collector):
    def __init__(self, families: Callable[[], Iterator[CounterMetricFamily | GaugeMetricFamily]]) -> None:
        self._families = families

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """Collect what the watched parts say now."""
        return self._families()

    def describe(self) -> Iterable[CounterMetricFamily]:
        """Say nothing beforehand: parts are watched later than this is registered."""
        return ()


def _family(metric: Metric, labels: list[str]) -> CounterMetricFamily | GaugeMetricFamily:
    if metric.kind is not Kind.COUNTER:
        return GaugeMetricFamily(metric.name, metric.help, labels=labels)
    if not metric.name.endswith("_total"):
        raise ValueError(f"{metric.name}: a counter of netmon's own ends in _total")
    return CounterMetricFamily(metric.name, metric.help, labels=labels)
