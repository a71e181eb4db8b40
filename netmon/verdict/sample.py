"""What one run of a probe said about one target, in a shape that minutes can be made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from netmon.model import Outcome, Reading, Shape, Value
from netmon.sdk import PROBE_UNDER_TEST
from netmon.verdict.view import ANSWERED, NOT_ASKED

_SENT, _RECEIVED = "netmon_probe_packets_sent", "netmon_probe_packets_received"
_TRIP_PHASES = frozenset({"rtt", "connect"})
_TRIPS = frozenset({"netmon_probe_rtt_min_seconds", "netmon_probe_rtt_max_seconds"})
_STAMP_TRIP = ("netmon_stamp_rtt_seconds", (("stat", "p50"),))


class TargetKey(NamedTuple):
    """One target of one probe; of one IP version where both are measured apart."""

    probe: str
    target: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run for one target. `circuit` is the one that must have carried it; empty: not told.

    `trips_seconds` are round trips: shortest, median and longest of a train, which are all of one of three.
    """

    circuit: str
    outcome: Outcome
    sent: int
    received: int
    trips_seconds: tuple[float, ...] = ()
    under_test: bool = False
    """Whether a bandwidth test filled the line meanwhile: its answer counts, its times and losses do not."""

    @property
    def asked(self) -> bool:
        """Tell whether anything was sent; if not, it was this machine's own affair."""
        return self.sent > 0

    @property
    def good(self) -> bool:
        """Tell whether the target gave what was asked for."""
        return self.outcome in (Outcome.OK, Outcome.PARTIAL)

    @property
    def heard(self) -> bool:
        """Tell whether anything came back, be it a refusal in the target's name."""
        return self.outcome in ANSWERED or self.outcome is Outcome.REFUSED


class SampleColumns:
    """Where a shape of a probe has what samples are made of."""

    def __init__(self, shape: Shape) -> None:
        places = {(metric.name, metric.labels): at for at, metric in enumerate(shape.metrics)}
        self._under_test = places.get((PROBE_UNDER_TEST.name, ()))
        self._sent = places.get((_SENT, ()))
        self._received = places.get((_RECEIVED, ()))
        self._trips = tuple(
            at
            for (name, labels), at in places.items()
            if name in _TRIPS
            or (name, labels) == _STAMP_TRIP
            or (name.endswith("_duration_seconds") and dict(labels).get("phase") in _TRIP_PHASES)
        )

    def sample(self, reading: Reading, at: int, circuit: str) -> Sample:
        """Return what a row says. Without counts of packets, a run counts as one."""
        outcome = reading.outcomes[at]
        good = outcome in (Outcome.OK, Outcome.PARTIAL)
        # Without a count, "unreachable" may be this machine's own word: its source or its route is gone.
        asked = outcome not in NOT_ASKED and outcome is not Outcome.UNREACHABLE
        sent = _whole(reading, self._sent, at)
        received = _whole(reading, self._received, at)
        trips = (reading.columns[place][at] for place in self._trips) if good else ()
        return Sample(
            circuit,
            outcome,
            int(asked) if sent is None else sent,
            int(good) if received is None else received,
            tuple(trip for trip in trips if trip is not None),
            bool(_whole(reading, self._under_test, at)),
        )


def failed_run(circuit: str, outcome: Outcome) -> Sample:
    """Return what a run without any row says; one that found no way sent nothing."""
    asked = outcome not in NOT_ASKED and outcome is not Outcome.UNREACHABLE
    return Sample(circuit, outcome, int(asked), 0)


def _whole(reading: Reading, place: int | None, at: int) -> int | None:
    value: Value = None if place is None else reading.columns[place][at]
    return None if value is None else int(value)
