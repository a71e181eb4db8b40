"""One thing: its last minutes, and its newest incident, which may be over."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from netmon.incidents.dossier import Tally
from netmon.incidents.incident import Incident, Thing, incident_id
from netmon.incidents.look import Look
from netmon.incidents.moments import elapsed_seconds
from netmon.incidents.policy import Policy
from netmon.incidents.track import Track
from netmon.model import Stamp


class Case:
    """What the engine keeps of a thing."""

    def __init__(self, thing: Thing, policy: Policy) -> None:
        self.thing, self.policy = thing, policy
        self.track = Track(policy)
        self.incident: Incident | None = None
        self.tally = Tally()
        self.started_minute = 0.0
        """In the engine's own count."""
        self.held_minutes = 0
        self.other_cause = 0
        """Minutes for which another cause than told has shown."""
        self._recent: deque[tuple[Stamp, Look]] = deque(maxlen=policy.longest)

    @property
    def open(self) -> bool:
        """Tell whether its incident goes on."""
        return self.incident is not None and self.incident.open

    @property
    def current(self) -> Incident:
        """The incident; there must be one."""
        if self.incident is None:
            raise RuntimeError(f"{self.thing.key} has no incident")
        return self.incident

    @property
    def look(self) -> Look:
        """The last look; one that knows nothing before the first."""
        return self._recent[-1][1] if self._recent else Look(self.thing, None)

    def follow(self, policy: Policy) -> None:
        """Judge by another policy from now on."""
        if policy != self.policy:
            self.policy = policy
            self.track.follow(policy)
            self._recent = deque(self._recent, maxlen=policy.longest)

    def feed(self, began: Stamp, look: Look) -> None:
        """Take a minute."""
        self.track.feed(began, look.badness)
        self._recent.append((began, look))
        if self.open:
            self.tally.note(look)

    def begin(self, first: Stamp, minute: float, now: Stamp) -> None:
        """Begin an incident at a minute that is over, or go on with the last one if it never calmed down."""
        last = self.incident
        if last is not None and self.track.restless:
            self.incident = replace(last, ended=None, reopened_total=last.reopened_total + 1)
        else:
            self.tally = Tally()
            self.started_minute = minute - elapsed_seconds(first, now) / 60
            references = last.supplier_refs if last is not None else ()
            made = incident_id(self.thing, first)
            self.incident = Incident(made, self.thing, first, supplier_refs=references)
        for began, look in self._recent:
            if began.boot_id != first.boot_id or began.boottime_ns >= first.boottime_ns:
                self.tally.note(look)
        self.other_cause = self.held_minutes = 0

    def resume(self, incident: Incident, now: Stamp, replayed_minutes: int) -> None:
        """Go on where an earlier start of netmon stood; the last minutes are fed again after this."""
        self.incident = incident
        self.tally = Tally.of(incident)
        self.started_minute = -max(0.0, elapsed_seconds(incident.started, now)) / 60
        known_minutes = elapsed_seconds(incident.as_of or incident.started, now) / 60 - replayed_minutes
        self.track.score = incident.flap_score * 0.5 ** (
            max(0.0, known_minutes) / self.policy.half_life_minutes
        )

    def feed_again(self, began: Stamp, look: Look) -> None:
        """Take a minute that an earlier start of netmon has decided by: it counts, and is decided no more."""
        if self.open:
            score = self.track.score
            self.track.feed(began, look.badness)
            self.track.score = score

    def decided(self, began: Stamp) -> bool:
        """Tell whether an earlier start of netmon has decided by this minute already."""
        known = self.incident.as_of if self.incident is not None else None
        return known is not None and elapsed_seconds(known, began) <= 0
