"""What is told to whoever asked for it, without anything being wrong: the daily roots of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from netmon.incidents.incident import Severity
from netmon.incidents.notice import Notice, notice_of
from netmon.model import Event
from netmon.model.derived import EVIDENCE_DAY
from netmon.notices.message import Message, Sort
from netmon.text import clean

_KEEP = (
    "KEEP THIS MAIL, unchanged, where nobody of the site's or the council's staff can reach it.",
    "",
    "Each line below is the seal of one day (UTC) of what netmon measured at this site. Whoever",
    "has it can tell whether a record of that day was changed, left out or slipped in later, even",
    "by somebody who has the appliance and its key. With a pack of evidence from this site, save",
    "this mail as a file and run one of these; the second needs nothing but Python:",
    "",
    "    netmon evidence verify PACK.zip --root THIS_MAIL",
    "    python3 PACK.zip --root THIS_MAIL",
    "",
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """Lines of one site to be kept. It has what lanes ask of a notice; nothing is wrong, so none fires."""

    firing: ClassVar[bool] = False
    severity: ClassVar[Severity] = Severity.NOTE
    site: str
    days: Sequence[str]
    lines: Sequence[str]
    at_ms: int

    @property
    def id(self) -> str:
        """The same for the same days, whenever they are told."""
        return f"roots-{self.site}/{self.days[-1]}"

    @property
    def key(self) -> str:
        """The key of its thing."""
        return f"netmon/{self.site}/evidence/roots"

    def message(self) -> Message:
        """Return it as a message, in plain letters: `verify --root` reads it as it was saved."""
        days = self.days[-1] if len(self.days) == 1 else f"{self.days[0]} to {self.days[-1]}"
        title = clean(f"netmon at {self.site}: keep this, the daily root of {days}")
        lines = [clean(line) for line in self.lines]
        text = "\n".join([title, "", *_KEEP, *lines])
        told = {"site": self.site, "days": list(self.days), "lines": lines}
        return Message(
            self.id, self.key, Sort.ROOTS, self.severity, False, title, title[:160], text,
            self.at_ms, self.at_ms, data=told,
        )  # fmt: skip


Tellable = Notice | Announcement
"""What a lane may have to tell."""


def announcement_of(event: Event) -> Announcement | None:
    """Return what an event has to be told to whoever keeps roots; None for other events."""
    if event.kind != EVIDENCE_DAY:
        return None
    days, lines = _texts(event, "days"), _texts(event, "lines")
    if not days or not lines:
        return None
    return Announcement(dict(event.key).get("site", ""), days, lines, event.stamp.wall_ms)


def told_of(event: Event) -> Tellable | None:
    """Return what an event asks to tell; None: nothing."""
    return notice_of(event) or announcement_of(event)


def _texts(event: Event, name: str) -> tuple[str, ...]:
    found = event.data.get(name)
    listed = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
    return tuple(str(one) for one in listed)
