"""Tables of a report, as words in cells: what a template writes out and escapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netmon import wording as human
from netmon.evidence.grade import Grade
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.figure import Figure
from netmon.evidence.reports.said import grounds, said
from netmon.evidence.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its words, what they rest on in small print, and a tone that only repeats the words."""

    words: str
    small: tuple[str, ...] = ()
    tone: str = ""


Facts = tuple[tuple[str, Cell], ...]
"""Names and figures that stand side by side without a table."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `head` is the place of the cell that names a row. `empty` is said when there are no rows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    head: int = 0


def text(words: str | None, *small: str) -> Cell:
    """Return a cell of words; what is not there is not known."""
    return Cell(words or human.UNKNOWN, tuple(one for one in small if one), "" if words else "none")


def number(figure: Figure, of: str = "", *more: str) -> Cell:
    """Return a cell of a figure with its grounds (`of`: what n counts), its note, and more in small print."""
    on = grounds(figure, of)
    small = (f"({on})" if on else "", figure.note, *more)
    return Cell(said(figure), tuple(one for one in small if one), "" if figure.known else "none")


_VERDICTS = {
    Verdict.PASS: ("\u2713 pass", "good"),
    Verdict.FAIL: ("\u2717 fail", "bad"),
    Verdict.NOT_SHOWN: ("? not shown", "open"),
}


def verdict(one: Verdict | None, *small: str) -> Cell:
    """Return a cell of a verdict with its sign; None: there was nothing to judge."""
    words, tone = _VERDICTS[one] if one is not None else ("nothing promised", "none")
    return Cell(words, tuple(part for part in small if part), tone)


_GRADES = {
    Grade.A: "A, fit for a claim",
    Grade.B: "B, fit for planning",
    Grade.C: "C, indicative",
    Grade.D: "D, not to be used",
}


def grade_words(grade: Grade) -> str:
    """Return a grade and what it is good for."""
    return _GRADES[grade]


_URGENCIES = {
    Urgency.RED: ("act now", "bad"),
    Urgency.AMBER: ("decide soon", "open"),
    Urgency.GREEN: ("time left", "good"),
    Urgency.NOT_KNOWN: (human.UNKNOWN, "none"),
}


def urgency(one: Urgency, *small: str) -> Cell:
    """Return a cell that says how soon somebody has to decide."""
    words, tone = _URGENCIES[one]
    return Cell(words, tuple(part for part in small if part), tone)


def listed(words: Sequence[str]) -> str:
    """Return words with commas; "none" when there are none."""
    return ", ".join(words) or "none"
