"""Run a probe once against targets, the way the runner does."""

from __future__ import annotations

from dataclasses import dataclass

from fakes.context import make_context

from netmon import sdk

EVERY_SECONDS = 0.05
"""Short, because trains begin up to a tenth of it later."""


@dataclass
class Probed:
    """The first row of a reading, by metric name and phase."""

    reading: sdk.Reading
    story: list[str]

    @property
    def outcome(self) -> sdk.Outcome:
        return self.reading.outcomes[0]

    @property
    def detail(self) -> str:
        return self.story[-1]

    @property
    def key(self) -> dict[str, str]:
        return dict(self.reading.shape.rows[0].key)

    @property
    def texts(self) -> dict[str, str]:
        return dict(self.reading.shape.rows[0].texts)

    def __getitem__(self, name: str) -> sdk.Value:
        """Return a value by name, such as `probe_success` or `probe_icmp_duration_seconds rtt`."""
        wanted, _, phase = name.partition(" ")
        for metric, column in zip(self.reading.shape.metrics, self.reading.columns, strict=True):
            if metric.name == wanted and dict(metric.labels).get("phase", "") == phase:
                return column[0]
        raise KeyError(name)


async def probe_once(source, targets, settings=None, timeout_seconds=5.0, circuit="", **overrides) -> Probed:
    """Open, read once, close; `settings` are the source's own, by name."""
    if isinstance(targets, str):
        targets = (targets,)
    story: list[str] = []
    context = overrides.pop("context", None) or make_context(trace=story.append, **overrides)
    assignment = sdk.Assignment("under test", targets, EVERY_SECONDS, timeout_seconds, circuit=circuit)
    probe = source(assignment, source.settings_type(**(settings or {})))
    try:
        await probe.open(context)
        reading, *_others = await probe.read()
    finally:
        await probe.close()
        await context.shared.close()
    return Probed(reading, story)
