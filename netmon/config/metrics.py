"""Rules must be about metrics that something in this configuration yields, and about what these can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from netmon.config.document import Entry
from netmon.config.incidents import RuleSection
from netmon.config.overlaps import Checked
from netmon.config.wording import nearest
from netmon.errors import Mistake
from netmon.model import Kind, Metric
from netmon.model.derived import (
    BANDWIDTH_TEST_METRICS,
    CIRCUIT_MINUTE_METRICS,
    OUTSIDE_MINUTE_METRICS,
    RUN_METRICS,
    SITE_MINUTE_METRICS,
)

_DERIVED = (
    *RUN_METRICS, *CIRCUIT_MINUTE_METRICS, *SITE_MINUTE_METRICS, *OUTSIDE_MINUTE_METRICS,
    *BANDWIDTH_TEST_METRICS,
)  # fmt: skip


def check_metrics(sections: Sequence[Checked], declared: Mapping[str, Metric]) -> Iterator[Mistake]:
    """Yield rules about metrics that nothing declares, and conditions that a metric cannot meet."""
    known = {**{metric.name: metric for metric in _DERIVED}, **declared}
    for entry, section in sections:
        if isinstance(section, RuleSection):
            metric = known.get(section.metric)
            if metric is None:
                hint = nearest(section.metric, sorted(known), listed=False)
                problem = f'nothing in this configuration yields "{section.metric}"'
                yield entry.mistake("metric", problem, hint or "see the README's table of metrics")
            else:
                yield from _fits(entry, section, metric)


def _fits(entry: Entry, section: RuleSection, metric: Metric) -> Iterator[Mistake]:
    of_rate = section.rate_above is not None or section.rate_below is not None
    of_value = section.above is not None or section.below is not None
    counts = metric.kind is Kind.COUNTER
    if of_rate and not counts:
        yield entry.mistake("metric", f"{metric.name} is no counter", "use above or below")
    elif of_value and counts:
        yield entry.mistake("metric", f"{metric.name} is a counter", "use rate_above or rate_below")
    elif metric.kind is Kind.INFO and section.no_data_for_seconds is None:
        yield entry.mistake("metric", f"{metric.name} is a text, which rules do not compare")
