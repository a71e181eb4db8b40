"""`[incidents]`, `[[rule]]` and `[[maintenance]]`: what is told, and when not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from netmon.config.section import Problem, Section
from netmon.config.values import Name, Words, within
from netmon.units import Seconds

Severity = Literal["page", "ticket", "note"]

_MOST_MINUTES = 15
"""As many minutes as a start reads again."""
_CONDITIONS = ("above", "below", "rate_above", "rate_below", "no_data_for", "changed")


def _metric(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,199}", text):
        raise ValueError(f"{text!r} is not the name of a metric")
    return text


def _moment(text: str) -> str:
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the site's own time, of another table
    except ValueError:
        raise ValueError(f"{text!r} is not a day and a time such as '2026-03-01 22:00'") from None
    return moment.strftime("%Y-%m-%d %H:%M")


def _calendar(text: str) -> str:
    if text.startswith("https://") and "@" not in text and text.isprintable():
        return text
    if text.startswith("/") and text.isprintable():
        return text
    raise ValueError("is neither a file's path that begins with / nor an https URL without a password")


Moment = Annotated[str, AfterValidator(_moment)]
CalendarPlace = Annotated[str, AfterValidator(_calendar)]


class RuleSection(Section):
    """A condition of a metric that somebody wants to hear of; exactly one condition."""

    name: Name = Field(description="name of the rule, in its alerts")
    metric: Annotated[str, AfterValidator(_metric)] = Field(
        description="name of the metric, as /metrics shows it"
    )
    where: dict[str, str] = Field({}, description="labels that a row must have")
    above: float | None = Field(None, description="condition: the value is above this")
    below: float | None = Field(None, description="condition: the value is below this")
    rate_above: float | None = Field(
        None, description="condition: a counter grows faster than this per second"
    )
    rate_below: float | None = Field(
        None, description="condition: a counter grows slower than this per second"
    )
    no_data_for_seconds: Annotated[Seconds, AfterValidator(within("1m", "31d"))] | None = Field(
        None, alias="no_data_for", description="condition: nothing was read for so long"
    )
    changed: Literal[True] | None = Field(None, description="condition: the value is another than before")
    for_seconds: Annotated[Seconds, AfterValidator(within("0s", "31d"))] = Field(
        0.0, alias="for", description="how long the condition must hold first"
    )
    severity: Severity = Field("ticket", description="page, ticket or note")
    notify: tuple[Name, ...] = Field((), description="NAMEs of [notify.NAME] to tell; without it: all")

    def mistakes(self) -> Iterator[Problem]:
        """Yield rules with no condition, or several."""
        values = (
            self.above, self.below, self.rate_above, self.rate_below, self.no_data_for_seconds, self.changed
        )  # fmt: skip
        given = [key for key, value in zip(_CONDITIONS, values, strict=True) if value is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            yield Problem("", f"needs one condition, has {found}", f"one of {', '.join(_CONDITIONS)}")


def _count_of(text: str) -> str:
    match = re.fullmatch(r"([1-9][0-9]?) of ([1-9][0-9]?)", text, re.ASCII)
    if match is None or int(match[1]) > int(match[2]) or int(match[2]) > _MOST_MINUTES:
        raise ValueError(f"{text!r} does not say how many of how many minutes (15 at most), such as '2 of 3'")
    return text


CountOf = Annotated[str, AfterValidator(_count_of)]


class IncidentsSection(Section):
    """When incidents open and close; minutes."""

    open_down: CountOf = Field("2 of 3", description="bad minutes that open an incident: a line is down")
    open_unseen: CountOf = Field("3 of 4", description="the same: something that should be seen is not")
    open_degraded: CountOf = Field("4 of 6", description="the same: a line is degraded")
    close_after: int = Field(5, ge=1, le=60, description="good minutes in a row that close it")


class MaintenanceSection(Section):
    """A time in which trouble is expected: its incidents are recorded, and nobody is told."""

    name: Name = Field(description="what is done, in the incidents that it keeps quiet")
    start: Moment | None = Field(
        None, description='begin of a single time, in the site\'s own: "2026-03-01 22:00"'
    )
    end: Moment | None = Field(None, description="end of it")
    calendar: CalendarPlace | None = Field(
        None, description="file or https URL of a calendar (iCalendar) whose entries are such times"
    )
    matching: Words = Field("", description="words that an entry of the calendar must have; without it: all")
    covers: tuple[Name, ...] = Field(
        (), description="ids of circuits and names of devices that it is about; without it: the site"
    )

    def mistakes(self) -> Iterator[Problem]:
        """Yield windows that are no time, or two."""
        single = self.start is not None or self.end is not None
        if single == (self.calendar is not None):
            yield Problem("", "needs start and end, or a calendar", "one of both")
        elif single and (self.start is None or self.end is None):
            yield Problem("end" if self.end is None else "start", "is missing")
        elif self.start is not None and self.end is not None and self.start >= self.end:
            yield Problem("end", "is not after start")
        if self.matching and self.calendar is None:
            yield Problem("matching", "is of use for a calendar only")
