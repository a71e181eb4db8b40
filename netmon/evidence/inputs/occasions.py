"""`exclusions.csv`, `tickets.csv` and `claims.csv`: what people agreed, reported, claimed and got."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from netmon.config.section import Problem, Section
from netmon.evidence.inputs.cells import Day, Moment, Name, Pounds, Words, moment

MINUTE_SECONDS = 60
_ORIGIN = "which record of a site the row was made of; empty: it was written here"
_PAUSE = re.compile(r"([a-z_]+) (\S+)/(\S+)")


def minute_of(when: datetime) -> int:
    """Return the minute since 1970 that a moment lies in."""
    return int(when.timestamp()) // MINUTE_SECONDS


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the supplier waited for somebody else; the end is not part of it."""

    reason: str
    start_minute: int
    end_minute: int


def parse_pauses(text: object) -> tuple[Pause, ...]:
    """Return "customer_access 2026-03-01T10:00Z/2026-03-01T11:00Z; ..."; ValueError names the wrong part."""
    found = []
    for part in str(text).split(";"):
        match = _PAUSE.fullmatch(part.strip())
        if match is None:
            raise ValueError(
                f"{part.strip()!r} is no pause such as customer_access 2026-03-01T10:00Z/...T11:00Z"
            )
        start, end = minute_of(moment(match[2])), minute_of(moment(match[3]))
        if end <= start:
            raise ValueError(f"{part.strip()!r} ends before it begins")
        found.append(Pause(match[1], start, end))
    return tuple(found)


class Exclusion(Section):
    """Time that both sides agreed not to count, or that the contract does not count; the end is not part."""

    circuit: Name = Field(description="id of the circuit")
    starts: Moment = Field(alias="from", description="first minute, with its zone")
    ends: Moment = Field(alias="to", description="the minute after the last one")
    cause: Literal["planned", "customer", "force_majeure"] = Field(description="why it does not count")
    announced: Moment | None = Field(None, description="when planned works were announced")
    agreed_by: Words = Field(description="who agreed to it")
    reference: Words = Field(description="where that is written")
    origin: Words | None = Field(None, description=_ORIGIN)

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        if self.ends <= self.starts:
            yield Problem("to", "is not after from", "the minute after the last one that is excluded")

    @property
    def minutes(self) -> tuple[int, int]:
        """First minute, and the one after the last."""
        return minute_of(self.starts), minute_of(self.ends)

    @property
    def notice_days(self) -> float | None:
        """Days between announcement and beginning; None: not known when it was announced."""
        return None if self.announced is None else (self.starts - self.announced) / timedelta(days=1)


class Ticket(Section):
    """A fault as it was told to the supplier: the contract's clock usually starts here."""

    circuit: Name = Field(description="id of the circuit")
    reference: Words = Field(description="the supplier's number")
    raised: Moment = Field(description="when it was raised")
    closed: Moment | None = Field(None, description="when the supplier called it mended; empty: not known")
    pauses: Annotated[tuple[Pause, ...], PlainValidator(parse_pauses)] = Field(
        (), description="when the supplier waited: reason FROM/TO; ..."
    )
    origin: Words | None = Field(None, description=_ORIGIN)

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        if self.closed is not None and self.closed < self.raised:
            yield Problem(
                "closed", "is before raised", "when the supplier called it mended; empty: not known"
            )

    @property
    def raised_minute(self) -> int:
        """The minute in which it was raised."""
        return minute_of(self.raised)


class Claim(Section):
    """Money that was asked for, and what came of it."""

    circuit: Name = Field(description="id of the circuit")
    period: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")] = Field(
        description="month that it is for, such as 2026-03"
    )
    claimed_on: Day = Field(description="day of the claim")
    claimed: Pounds = Field(description="what was asked for")
    received_on: Day | None = Field(None, description="day of the answer in money")
    received: Pounds | None = Field(None, description="what came; empty: nothing is known yet")
    reference: Words = Field(description="number of the claim")

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        if (self.received is None) != (self.received_on is None):
            yield Problem("received", "needs received_on, and the other way round")

    def in_time(self, bar: date | None) -> bool:
        """Tell whether it was made on or before a day; None: there is no such day."""
        return bar is None or self.claimed_on <= bar
