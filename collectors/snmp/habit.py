"""What is remembered of each table between its polls, so that the next one costs less."""

from __future__ import annotations

from typing import Final

from collectors.snmp.pace import Pace, Step
from collectors.snmp.plan import Objects, Plan
from collectors.snmp.sweep import Asked, Expected

_MOST_TABLES: Final = 64
_MOST_UNLEARNED: Final = 32


class Habit:
    """How one table of one device is read."""

    def __init__(self, columns: Objects, scalars: Objects) -> None:
        self.columns, self.scalars = columns, scalars
        self.plan: Plan | None = None
        self.expected: Expected | None = None
        """None until a whole sweep; a plan is made of the sweep after it, which knows the sizes."""
        self.step: Step | None = None
        """What the device was taken to bear when the plan was made."""
        self._sweeps_to_wait = 0
        self._next_wait = 1

    def next_step(self, pace: Pace) -> Step | None:
        """Return the largest request that the device is taken to bear now; None before the first sweep."""
        if self.expected is None:
            return None
        return pace.step(len(self.columns), self.expected.octets_per_varbind)

    def served(self) -> None:
        """Note that the plan was good for a poll."""
        self._next_wait = 1

    def surprised(self) -> None:
        """Note that it was not; a table that changes with every poll is not worth learning each time."""
        self._sweeps_to_wait = self._next_wait - 1
        self._next_wait = min(2 * self._next_wait, _MOST_UNLEARNED)

    def learns(self) -> bool:
        """Tell whether the sweep that just ended should be learned from."""
        if self._sweeps_to_wait > 0:
            self._sweeps_to_wait -= 1
            return False
        return self.expected is not None


class Habits:
    """Those of one device, the last 64 tables."""

    def __init__(self) -> None:
        self._habits: list[Habit] = []

    def of(self, asked: Asked) -> Habit:
        """Return what is known of a table, nothing at first."""
        for habit in self._habits:
            # Objects are compared by identity first, so this costs next to nothing.
            if habit.columns == asked.columns and habit.scalars == asked.scalars:
                return habit
        habit = Habit(asked.columns, asked.scalars)
        self._habits.append(habit)
        del self._habits[:-_MOST_TABLES]
        return habit
