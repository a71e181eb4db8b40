"""`sites.csv`: where people are served, when, and how many they are; `closed.csv`: days without service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import Field

from netmon.config.section import Problem, Section
from netmon.evidence.inputs.cells import (
    BitsPerSecond,
    Day,
    HoursText,
    Name,
    Timezone,
    Whole,
    WordList,
    Words,
)


class SiteRow(Section):
    """One site, as the centre knows it."""

    site: Name = Field(description="id of the site")
    name: str = Field("", description="full name")
    kind: str = Field("", description="what it is, such as library")
    uprn: str = Field("", description="Unique Property Reference Number")
    timezone: Timezone = Field("Europe/London", description="time zone of its hours")
    service_hours: HoursText | None = Field(None, description="when people are served; empty: always")
    users: Whole | None = Field(None, description="people in service hours; empty: not known")
    standard_down: BitsPerSecond | None = Field(
        None, description="least rate towards it that a standard asks"
    )
    standard_up: BitsPerSecond | None = Field(None, description="least rate from it that a standard asks")
    per_user: BitsPerSecond | None = Field(
        None, description="rate that each user is to have in the busy hour"
    )


class ClosedRow(Section):
    """Days on which service differs: holidays, closures. They are no evidence for what an upgrade did."""

    starts: Day = Field(alias="from", description="first day")
    ends: Day | None = Field(None, alias="to", description="last day; empty: the first")
    reason: Words = Field(description="such as bank holiday")
    sites: WordList = Field((), description="ids of the sites; empty: all")

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        if self.ends is not None and self.ends < self.starts:
            yield Problem("to", "is before from", "the last day comes after the first")

    def covers(self, site: str, day: date) -> bool:
        """Tell whether the site was closed for this on a day."""
        return self.starts <= day <= (self.ends or self.starts) and (not self.sites or site in self.sites)


def is_closed(rows: Iterable[ClosedRow], site: str, day: date) -> bool:
    """Tell whether a day of a site is left out of comparisons."""
    return any(row.covers(site, day) for row in rows)
