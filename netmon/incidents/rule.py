"""A rule of the configuration: which rows of which metric, and what must hold of their values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from netmon.incidents.incident import Level, Severity, Thing
from netmon.model import Labels, Metric, Row
from netmon.rates import Count, rate

_HIDDEN = frozenset({"site", "device"})
_BEHIND_LINE = frozenset({"probe", "circuit"})


class Condition(StrEnum):
    """What must hold."""

    ABOVE = "above"
    BELOW = "below"
    RATE_ABOVE = "rate_above"
    RATE_BELOW = "rate_below"
    NO_DATA = "no_data_for"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Rule:
    """`limit` is a value, a growth per second, or the seconds without data; of no use for `changed`."""

    name: str
    metric: str
    condition: Condition
    limit: float = 0.0
    where: Labels = ()
    for_seconds: float = 0.0
    severity: Severity = Severity.TICKET
    notify: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The condition of its things."""
        return f"rule:{self.name}"

    def covers(self, row: Row, metric: Metric) -> bool:
        """Tell whether it is about this metric of this row."""
        if metric.name != self.metric:
            return False
        return set(self.where) <= {*row.key, *row.info, *row.texts, *metric.labels}

    def thing(self, row: Row, metric: Metric) -> Thing:
        """Return what an incident of this row is of: a port, a device, or the site with the row's labels."""
        labels = dict(row.key)
        rest = tuple((name, text) for name, text in (*row.key, *metric.labels) if name != "site")
        device = labels.get("device", "")
        if not device:
            name = " ".join(text for _, text in rest)
            return Thing(labels.get("site", ""), Level.SITE, name, self.word, details=rest)
        beyond = tuple((name, text) for name, text in rest if name not in _HIDDEN)
        if not beyond:
            return Thing(labels.get("site", ""), Level.DEVICE, device, self.word)
        name = " ".join((device, *(text for _, text in beyond)))
        return Thing(labels.get("site", ""), Level.PORT, name, self.word, details=rest)

    def holds(self, now: Count, before: Count | None, wrap_bits: int) -> bool | None:
        """Tell whether the condition holds for a new value; None when that cannot be known."""
        if self.condition in (Condition.ABOVE, Condition.BELOW):
            return self._beyond(now.value)
        if self.condition is Condition.NO_DATA:
            return False
        if before is None:
            return None
        if self.condition is Condition.CHANGED:
            return now.value != before.value
        per_second = rate(before, now, wrap_bits)
        return None if per_second is None else self._beyond(per_second)

    def _beyond(self, value: float) -> bool:
        above = self.condition in (Condition.ABOVE, Condition.RATE_ABOVE)
        return value > self.limit if above else value < self.limit

    def sentence(self, now: Count | None, before: Count | None) -> str:
        """Say what holds."""
        value = "" if now is None else f" {now.value:g}"
        if self.condition is Condition.NO_DATA:
            return f"{self.metric}: nothing was read for {self.limit / 60:g} min."
        if self.condition is Condition.CHANGED:
            old = "" if before is None else f", it was {before.value:g}"
            return f"{self.metric} is{value} now{old}."
        if self.condition in (Condition.RATE_ABOVE, Condition.RATE_BELOW):
            per_second = rate(before, now) if before is not None and now is not None else None
            value = "" if per_second is None else f" by {per_second:g} a second"
            word = "more" if self.condition is Condition.RATE_ABOVE else "less"
            return f"{self.metric} grows{value}, {word} than {self.limit:g}."
        return f"{self.metric} is{value}, {self.condition} {self.limit:g}."


def behind_line(thing: Thing) -> bool:
    """Tell whether a rule's thing is measured by way of the line."""
    return any(name in _BEHIND_LINE for name, _ in thing.details)
