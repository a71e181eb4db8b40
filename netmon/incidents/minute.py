"""From records to what one minute says: of lines, of the site, of devices, of sites seen from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netmon.incidents.incident import Badness
from netmon.incidents.look import Said
from netmon.model import Fact, Fault, Json, Outcome, Reading, Record, SlotState, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, OUTSIDE_MINUTE, RUN, SITE_MINUTE
from netmon.verdict.sample import failed_run
from netmon.verdict.view import Watch

_STATES = {1: SlotState.UP, 0: SlotState.DOWN}
_OTHERS = {1: Badness.GOOD, 0: Badness.DOWN}
_HALF_NS, _HALF_MS = 30_000_000_000, 30_000


@dataclass(slots=True)
class Minute:
    """What was said; a device that nobody asked is left out."""

    began: Stamp
    circuits: Mapping[str, Said] = field(default_factory=dict)
    site: Said | None = None
    devices: Mapping[str, bool] = field(default_factory=dict)
    others: Mapping[str, Badness | None] = field(default_factory=dict)


class Listener:
    """Gathers what belongs to a minute until it is decided."""

    def __init__(self) -> None:
        self.watch = Watch("", "")
        self._words: dict[tuple[str, str], Mapping[str, Json]] = {}
        self._minute: Minute | None = None
        self._circuits: dict[str, Said] = {}
        self._others: dict[str, Badness | None] = {}

    def accept(self, records: Sequence[Record]) -> Minute | None:
        """Take records; return the minute that they complete, if they do."""
        # Facts first: they come after the numbers that they explain.
        for fact in records:
            if isinstance(fact, Fact) and fact.kind in (CIRCUIT_MINUTE, SITE_MINUTE):
                self._words[fact.kind, dict(fact.key).get("circuit", "")] = fact.values
        site: tuple[Stamp, Said] | None = None
        for record in records:
            if isinstance(record, Reading) and record.shape.rows:
                site = self._reading(record) or site
        return None if site is None else self._taken(*site)

    def devices(self, records: Sequence[Record]) -> dict[str, bool]:
        """Return whether each device that was asked has answered."""
        found: dict[str, bool] = {}
        for reading in records:
            if not isinstance(reading, Reading) or reading.shape.measurement != RUN:
                continue
            for row, outcome in zip(reading.shape.rows, reading.outcomes, strict=True):
                labels = dict(row.key)
                device = self.watch.devices.get(labels.get("target", ""))
                if device is not None and labels.get("source") in device.sources:
                    sample = failed_run("", outcome)
                    answers = sample.heard and outcome is not Outcome.REFUSED
                    if sample.asked:
                        found[device.name] = found.get(device.name, False) or answers
        return found

    def _reading(self, reading: Reading) -> tuple[Stamp, Said] | None:
        measurement = reading.shape.measurement
        if measurement == OUTSIDE_MINUTE:
            for at, row in enumerate(reading.shape.rows):
                name = dict(row.key).get("site", "")
                if name != self.watch.site:
                    self._others[name] = _OTHERS.get(_whole(reading, 0, at))
        elif measurement == CIRCUIT_MINUTE:
            for at, row in enumerate(reading.shape.rows):
                name = dict(row.key).get("circuit", "")
                self._circuits[name] = self._said(reading, at, name)
        elif measurement == SITE_MINUTE:
            return reading.stamp, self._said(reading, 0, "")
        return None

    def _said(self, reading: Reading, at: int, circuit: str) -> Said:
        """Read state and degraded, which are the first two columns; the fault is a text of the row."""
        state = _STATES.get(_whole(reading, 0, at), SlotState.UNKNOWN)
        told = [text for name, text in reading.shape.rows[at].texts if name.endswith("_fault_info")]
        fault = Fault(told[0]) if told else Fault.UNKNOWN
        words = self._words.get((reading.shape.measurement, circuit), {})
        return Said.of(state, fault, words, degraded=_whole(reading, 1, at) == 1)

    def _taken(self, middle: Stamp, site: Said) -> Minute:
        began = Stamp(middle.boot_id, middle.boottime_ns - _HALF_NS, middle.wall_ms - _HALF_MS, middle.synced)
        found = Minute(began, self._circuits, site, others=self._others)
        self._circuits, self._others = {}, {}
        return found


def _whole(reading: Reading, column: int, at: int) -> int:
    value = reading.columns[column][at]
    return -1 if value is None else int(value)
