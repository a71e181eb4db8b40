"""One probe's day: what was planned, and what came of it, so that page and metrics can say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from netmon import sdk
from probes.bandwidth.agenda import Appointment, Fleet, Timetable, appointments
from probes.bandwidth.manners import Decision


@dataclass(slots=True)
class Diary:
    """Keeps today's appointments. `began` is the Unix time from which on they are this process's."""

    timetable: Timetable
    fleet: Fleet
    site: str
    began: float
    today: tuple[Appointment, ...] = ()
    told: bool = False
    """Whether today's plan is out."""
    _day: str = ""
    _done: dict[str, Decision] = field(default_factory=dict)
    _last: Decision = Decision.WAITING
    _shape: sdk.Shape | None = None
    _synchronised: bool = True

    def look(self, now: float, *, synchronised: bool) -> None:
        """Look at the clock; one that nobody set says neither the day nor the hour."""
        self.began = min(self.began, now)  # a clock that was set back
        if synchronised is not self._synchronised:
            self._synchronised, self.told = synchronised, False
        self.turn_to(now)

    def turn_to(self, now: float) -> None:
        """Open the page of the day that a moment (Unix time) lies in."""
        day = self.local(now).date()
        if self._day != str(day):
            self._day, self._done, self.told = str(day), {}, False
            self.today = appointments(self.timetable, self.fleet, self.site, day)

    def local(self, moment: float) -> datetime:
        """Return a moment in the site's own time."""
        return datetime.fromtimestamp(moment, ZoneInfo(self.timetable.timezone))

    def due(self, now: float) -> Appointment | None:
        """Return the appointment whose moment has come; None: there is none, or the clock is not set."""
        if not self._synchronised:
            return None
        return next((one for one in self._own if one.at <= now <= one.latest), None)

    def missed(self, now: float) -> list[Appointment]:
        """Return appointments whose turn is over; those of before this process are not its own."""
        gone = [one for one in self._own if one.latest < now]
        return gone if self._synchronised else []

    def note(self, appointment: Appointment, decision: Decision) -> None:
        """Write down what came of an appointment."""
        self._done[appointment.stratum] = self._last = decision
        self.told = False

    def reading(self, key: sdk.Labels, stamp: sdk.Stamp) -> sdk.Reading:
        """Return the page as a row, and take it as told."""
        self.told = True
        decision = self._last if self._synchronised else Decision.CLOCK
        row = sdk.Row(key, texts=(("netmon_bandwidth_decision_info", str(decision)),))
        if self._shape is None or self._shape.rows != (row,):
            self._shape = sdk.Shape(
                sdk.BANDWIDTH_PLAN, sdk.BANDWIDTH_PLAN_METRICS, (row,), sdk.Retention.EVIDENCE
            )
        tested = sum(decision is Decision.TESTED for decision in self._done.values())
        coming = [one.at for one in self._open if one.at >= stamp.wall_ms / 1000]
        values: Sequence[sdk.Value] = (
            len(self.today),
            tested,
            len(self._done) - tested,
            min(coming, default=None),
            1,
        )
        return sdk.Reading(self._shape, stamp, tuple((value,) for value in values), (sdk.Outcome.OK,))

    @property
    def _own(self) -> list[Appointment]:
        """Open ones since this process began: one of before may have been kept by the process before."""
        return [one for one in self._open if one.at >= self.began]

    @property
    def _open(self) -> list[Appointment]:
        return [one for one in self.today if one.stratum not in self._done]


def described(appointment: Appointment) -> dict[str, sdk.Json]:
    """Return an appointment as the records of its test have it."""
    return {
        "day": str(appointment.day),
        "stratum": appointment.stratum,
        "peak": appointment.peak,
        "planned_at": round(appointment.at, 3),
    }
