"""`upgrades.csv`: what is changed where and when, what it costs, and what was to become better."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pydantic import Field

from netmon.config.section import Problem, Section
from netmon.config.wording import nearest
from netmon.evidence.inputs.cells import Day, Name, Pounds, WordList, Words
from netmon.evidence.outcomes import OUTCOMES


class Upgrade(Section):
    """One change of one circuit. `primary` are the outcomes that decide, declared beforehand."""

    site: Name = Field(description="id of the site")
    circuit: Name = Field(description="id of the circuit that people used before")
    new_circuit: Name | None = Field(None, description="id of the one they use after it; empty: the same")
    wave: str = Field("", description="name of the wave of upgrades")
    cutover: Day = Field(description="day on which the site changed over")
    declared_on: Day = Field(description="day on which the primary outcomes were written down")
    primary: WordList = Field(description=f"outcomes that decide: {', '.join(OUTCOMES)}")
    cost: Pounds | None = Field(None, description="what it costs in pounds; empty: not known")
    controls: WordList = Field((), description="circuits of like sites where nothing changed")
    document: Words = Field(description="where it was decided")

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        for name in self.primary:
            if name not in OUTCOMES:
                yield Problem("primary", f'unknown outcome "{name}"', nearest(name, OUTCOMES))
        if self.circuit in self.controls:
            yield Problem("controls", "the upgraded circuit cannot be its own control")

    @property
    def declared_beforehand(self) -> bool:
        """Whether the outcomes were written down before anybody could know the answer."""
        return self.declared_on < self.cutover

    def days_to(self, today: date) -> int:
        """Return the days until cutover; negative after it."""
        return (self.cutover - today).days
