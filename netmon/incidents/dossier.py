"""All that is known of one incident so far: what its minutes said, and what was noticed around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netmon.incidents.clues import Clue, Sort
from netmon.incidents.incident import Badness, Incident
from netmon.incidents.look import Look
from netmon.model import Fault

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is watched at all: it tells which facts are missing because nobody could give them."""

    routers: Sequence[str] = ()
    devices: Sequence[str] = ()
    wan_ports: bool = False
    first_hop: bool = False
    batteries: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """What the table of causes looks at."""

    worst: Badness
    said: Mapping[Fault, int]
    """How many of the worst minutes said so; those that knew no fault are left out."""
    sentences: Mapping[Fault, str]
    facts: Mapping[Fault, Sequence[str]]
    clues: Sequence[Clue]
    around: Surroundings
    started: float
    """Minute of the beginning, in the clues' own count."""

    def of(self, *sorts: Sort) -> list[Clue]:
        """Return the clues of some kinds."""
        return [clue for clue in self.clues if clue.sort in sorts]

    @property
    def main(self) -> Fault:
        """What most of the worst minutes said; the earliest of those that are even."""
        return max(self.said, key=lambda fault: self.said[fault], default=Fault.UNKNOWN)


@dataclass(slots=True)
class Tally:
    """Counts what the bad minutes of an incident said."""

    counts: Counter[tuple[Badness, Fault]] = field(default_factory=Counter)
    sentences: dict[Fault, str] = field(default_factory=dict)
    facts: dict[Fault, dict[str, None]] = field(default_factory=dict)

    @classmethod
    def of(cls, incident: Incident) -> Tally:
        """Return what an earlier start of netmon had counted, as far as the incident tells."""
        found = cls()
        found.counts[incident.worst, incident.fault] = max(1, incident.bad_minutes)
        found.sentences[incident.fault] = incident.sentence
        found.facts[incident.fault] = dict.fromkeys(incident.facts)
        return found

    def note(self, look: Look) -> None:
        """Take one bad minute; words that come later are kept while there are few."""
        if not look.badness:
            return
        self.counts[look.badness, look.fault] += 1
        if look.sentence:
            self.sentences.setdefault(look.fault, look.sentence)
        kept = self.facts.setdefault(look.fault, {})
        for fact in look.facts[: _SHOWN - len(kept)]:
            kept[fact] = None

    @property
    def worst(self) -> Badness:
        """The worst minute so far."""
        return max((badness for badness, _ in self.counts), default=Badness.GOOD)

    @property
    def minutes(self) -> int:
        """How many bad minutes there were."""
        return self.counts.total()

    def dossier(self, clues: Sequence[Clue], around: Surroundings, started: float) -> Dossier:
        """Return all that is known."""
        worst = self.worst
        said: dict[Fault, int] = {fault: n for (badness, fault), n in self.counts.items() if badness is worst}
        known: dict[Fault, int] = {fault: n for fault, n in said.items() if fault is not Fault.UNKNOWN}
        facts = {fault: tuple(words) for fault, words in self.facts.items()}
        return Dossier(worst, known or said, self.sentences, facts, clues, around, started)
