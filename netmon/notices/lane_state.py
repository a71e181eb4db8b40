"""What a lane must not forget: one small document, written whole, so that no part contradicts another."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from netmon.incidents.incident import Severity
from netmon.notices.budget import Budget

FORMAT = 1


def state_key(lane: str) -> str:
    """Return under which key the store keeps a lane's document; an empty one is none."""
    return f"notices {lane}"


@dataclass(slots=True)
class Told:
    """What the receiver knows of a thing. `at` is the position of the newest step it was told."""

    at: int
    severity: Severity
    ended_ms: int = 0
    """When its end was told; 0: it goes on."""


@dataclass(slots=True)
class Pending:
    """A message that was taken, and that nobody has confirmed; or that was refused for good."""

    position: int
    id: str
    tickets: list[str]
    waited_seconds: float = 0.0
    """While netmon ran, by the clock that nobody sets."""
    failed: bool = False
    alarmed: bool = False


@dataclass(slots=True)
class LaneState:
    """Everything up to `position` is dealt with; `attempt` is the id of the message that is being sent."""

    budget: Budget
    position: int = 0
    attempt: str = ""
    told: dict[str, Told] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)

    @property
    def goes_on(self) -> int:
        """How many things the receiver knows to be in trouble."""
        return sum(not one.ended_ms for one in self.told.values())

    def done(self, position: int, identity: str, tickets: Collection[str], *, failed: bool) -> None:
        """Note that a message was taken, or refused for good; look after it where somebody must."""
        self.position, self.attempt = position, ""
        if failed or tickets:
            self.pending.append(Pending(position, identity, list(tickets), failed=failed, alarmed=failed))

    def dump(self) -> str:
        """Return it as text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, separators=(",", ":"))

    def forget(self, before_ms: int, unsaid: Collection[str]) -> None:
        """Forget things that ended before a moment, but for those whose end is not said yet."""
        self.told = {
            key: one for key, one in self.told.items() if not 0 < one.ended_ms < before_ms or key in unsaid
        }

    @classmethod
    def load(cls, text: str, budget_per_day: int) -> LaneState:
        """Return what a text says; ValueError when it is none, or of a newer format."""
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                raise ValueError(f"format {found['format']} of a queue of messages is not known")
            told = {
                key: Told(one["at"], Severity(one["severity"]), one["ended_ms"])
                for key, one in found["told"].items()
            }
            pending = [Pending(**one) for one in found["pending"]]
            budget = Budget(**{**found["budget"], "most": budget_per_day})
            return cls(budget, int(found["position"]), str(found["attempt"]), told, pending)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no queue of messages: {error!r}") from error
