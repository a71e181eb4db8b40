"""What an incident is: of which thing, since when, how bad, why, and who was told."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from hashlib import blake2s

from netmon.model import Fault, Labels, Stamp

ACCESS = "access"
"""The condition of a line or a site: can its people reach what lies beyond."""
_ALERTS = {ACCESS: {"site": "NetmonSite", "circuit": "NetmonCircuit", "supplier": "NetmonSupplier"}}


class Level(StrEnum):
    """How high a thing stands; the higher one explains the lower one."""

    SUPPLIER = "supplier"
    SITE = "site"
    CIRCUIT = "circuit"
    DEVICE = "device"
    PORT = "port"


class Badness(IntEnum):
    """How a thing stands in one minute; greater is worse."""

    GOOD = 0
    DEGRADED = 1
    UNSEEN = 2
    """It cannot be seen from here, and something that should be seen is gone."""
    DOWN = 3


class Severity(StrEnum):
    """Who must hear of it: somebody now, the service desk, or nobody in particular."""

    PAGE = "page"
    TICKET = "ticket"
    NOTE = "note"


class Certainty(StrEnum):
    """How sure the cause is."""

    PROVEN = "proven"
    """A view from outside, or a UPS, agrees."""
    PROBABLE = "probable"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    REOPENED = "reopened"
    """It was closed too early: the same thing went bad again before it had calmed down."""
    CHANGED = "changed"
    """Cause, certainty or severity are others than told before."""
    FLAPPING = "flapping"
    SUPPRESSED = "suppressed"
    RELEASED = "released"
    """What had kept it quiet (an incident above, maintenance) is over, and it is not."""
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"
    TICKET = "ticket"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Thing:
    """What an incident is of. `name` is empty for the site itself.

    `condition` is ACCESS, or what else can be wrong with the same thing: `names`, `service`, `far_end`,
    `mains`, `answers` (of a device), `rule:NAME`.
    """

    site: str
    level: Level
    name: str
    condition: str
    supplier: str = field(default="", compare=False)
    details: Labels = field(default=(), compare=False)
    """Labels of a row that a rule looks at, beside the name."""

    @property
    def key(self) -> str:
        """The dedupe key: no time in it, the same for as long as the configuration is."""
        return "/".join(("netmon", self.site, self.level, self.name or "-", self.condition))

    @property
    def of_rule(self) -> bool:
        """Tell whether a rule of the configuration made it."""
        return self.condition.startswith("rule:")

    @property
    def labels(self) -> Labels:
        """Identity labels, word for word those of the central rules; nothing in them ever changes."""
        alert = _ALERTS.get(self.condition, {}).get(self.level, "Netmon" + _camel(self.condition))
        site = "" if self.level is Level.SUPPLIER else self.site
        found = {"alertname": alert, "site": site, "supplier": self.supplier}
        if self.level in (Level.CIRCUIT, Level.DEVICE):
            found[self.level] = self.name
        return tuple((name, text) for name, text in (*found.items(), *self.details) if text)


def _camel(condition: str) -> str:
    words = condition.replace(":", "_").replace("-", "_").split("_")
    return "".join(word[:1].upper() + word[1:] for word in words)


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, as it stands after one step. Times are those of the first and the first good minute.

    `id` is the same for ever: a reference in messages and tickets. `number` counts its steps from 1.
    """

    id: str
    thing: Thing
    started: Stamp
    number: int = 0
    ended: Stamp | None = None
    """Beginning of the first good minute; None while it is open."""
    duration_seconds: float = 0.0
    bad_minutes: int = 0
    worst: Badness = Badness.GOOD
    severity: Severity = Severity.NOTE
    fault: Fault = Fault.UNKNOWN
    certainty: Certainty = Certainty.UNKNOWN
    sentence: str = ""
    facts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Facts that would have told more, and that nobody gave."""
    supplier_refs: tuple[str, ...] = ()
    suppressed_by: str = ""
    """Id of the incident that explains this one; nobody is told of this one then."""
    quiet: str = ""
    """Why nobody is told: an incident above, maintenance; empty: somebody is."""
    told: bool = False
    """Whether anybody was told of it: then its end is told, too."""
    flapping: bool = False
    flap_score: float = 0.0
    """At `as_of`."""
    as_of: Stamp | None = None
    """Beginning of the last minute that it was decided by."""
    reopened_total: int = 0
    written_ms: int = 0
    """Wall time of the last thing that a person wrote about it."""
    acknowledged_by: str = ""
    ticket: str = ""
    notify: tuple[str, ...] = ()
    """Names of channels; empty: all that take its severity."""

    @property
    def open(self) -> bool:
        """Tell whether it goes on."""
        return self.ended is None


def incident_id(thing: Thing, started: Stamp) -> str:
    """Return the id that this beginning of this thing has, whoever works it out, and when."""
    text = f"{thing.key}|{started.boot_id}|{started.boottime_ns}"
    return b32encode(blake2s(text.encode(), digest_size=5).digest()).decode()
