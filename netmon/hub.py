"""Hand every record to every subscriber, at once and in order."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from netmon.model import Record

log = logging.getLogger(__name__)


class Subscriber(Protocol):
    """Takes records without waiting; one that needs time owns a bounded queue and counts what it drops."""

    def accept(self, records: Sequence[Record]) -> None:
        """Take the records now."""


class Hub:
    """The only place where sources and subscribers meet."""

    def __init__(self, subscribers: Sequence[Subscriber] = ()) -> None:
        self._subscribers = tuple(subscribers)
        self.records_total = 0
        self.failures_total: Counter[str] = Counter()

    def publish(self, records: Sequence[Record]) -> None:
        """Give the records to every subscriber; a broken one never starves another."""
        self.records_total += len(records)
        for subscriber in self._subscribers:
            try:
                subscriber.accept(records)
            except Exception:
                name = type(subscriber).__name__
                if not self.failures_total[name]:
                    log.exception("subscriber %s failed; further failures are only counted", name)
                self.failures_total[name] += 1
