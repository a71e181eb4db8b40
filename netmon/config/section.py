"""What all tables of the configuration file have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong inside one table: at which key (empty: the table as a whole), and what to do."""

    key: str
    problem: str
    hint: str = ""


class Section(BaseModel):
    """One table of the file: strict, frozen, unknown keys are errors, and no error shows its input."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    def mistakes(self) -> Iterator[Problem]:
        """Yield what is wrong between keys that are each right on their own."""
        yield from ()

    def warnings(self) -> Iterator[Problem]:
        """Yield what works but should be known."""
        yield from ()
