"""How many series a scrape may have: a source that would burst it is left out, and named."""

from __future__ import annotations

import logging

from netmon.model import Kind, Labels, Shape
from netmon.series import Owner

log = logging.getLogger(__name__)

MOST_SERIES = 200_000
_NAMED = 3


class SeriesBudget:
    """Counts the series of each owner, as many as its shape can have, against `most`.

    A database keeps every series that it has ever seen: a device that invents port names must not
    spoil it for all.
    """

    def __init__(self, most: int = MOST_SERIES) -> None:
        self.most = most
        self.claimed = 0
        self.refusals_total = 0
        self._claims: dict[Owner, int] = {}
        self._refused: dict[Owner, int] = {}

    @property
    def left_out(self) -> int:
        """Return how many series are left out now."""
        return sum(self._refused.values())

    def claim(self, who: Owner, shape: Shape) -> bool:
        """Take room for a shape; False, with a line in the log the first time, when there is not enough."""
        wanted = _series(shape)
        if self.claimed + wanted > self.most:
            self._refuse(who, wanted)
            return False
        if self._refused.pop(who, None) is not None:
            log.info("/metrics has the series of %s again", _name(who))
        self._claims[who] = wanted
        self.claimed += wanted
        return True

    def release(self, who: Owner) -> None:
        """Give back what an owner had."""
        self.claimed -= self._claims.pop(who, 0)

    def forgive(self, labels: Labels) -> None:
        """Forget what was refused to owners with these labels: they left the configuration."""
        for who in [who for who in self._refused if set(labels) <= set(who[1])]:
            del self._refused[who]

    def _refuse(self, who: Owner, wanted: int) -> None:
        self.refusals_total += 1
        if who not in self._refused:
            largest = sorted(self._claims.items(), key=lambda claim: claim[1], reverse=True)[:_NAMED]
            log.error(
                "/metrics leaves out %s: its %d series would make %d, and [web] max_series is %d; the largest"
                " are %s. Raise max_series, or take collectors out of collect, or targets out of a probe",
                _name(who),
                wanted,
                self.claimed + wanted,
                self.most,
                ", ".join(f"{_name(one)} with {count}" for one, count in largest) or "none",
            )
        self._refused[who] = wanted


def _series(shape: Shape) -> int:
    """Return how many series a shape can have: a text of a row is one, where it is known."""
    numbers = sum(metric.kind is not Kind.INFO for metric in shape.metrics)
    return numbers * len(shape.rows) + sum(len(row.texts) for row in shape.rows)


def _name(who: Owner) -> str:
    measurement, key = who
    return f"{measurement} of {', '.join(text for label, text in key if label != 'site') or 'this site'}"
