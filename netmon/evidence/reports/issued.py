"""Issued periods freeze: later data make a next revision, which says what differs; the others stay."""

from __future__ import annotations

import fcntl
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from netmon.errors import NetmonError
from netmon.evidence.calendar import month
from netmon.evidence.reports.document import DocumentError, read_document
from netmon.evidence.reports.model import Change, Revision
from netmon.evidence.reports.tidy import rows
from netmon.evidence.revision import Difference, Issue, revised
from netmon.model import Json

GRACE_DAYS = 7
"""Days after a period for what comes late: buffers of appliances, tickets, exclusions that are agreed."""
_CHART = "charts"
_NOT_FIGURES = ("revision", "sources")
"""Parts that are not compared: they say which issue it is, and where it was made."""


class TooEarly(NetmonError):  # noqa: N818 - it names the verdict on the period
    """The period is not over, or its days of grace are not."""


class IssueError(NetmonError):
    """What was issued before cannot be read, or what is issued cannot be written."""


def issue_day(last: date) -> date:
    """Return the first day on which a period may be issued; its report counts days from there, for ever."""
    return last + timedelta(days=GRACE_DAYS + 1)


def refuse_early(last: date, today: date) -> None:
    """Raise TooEarly before the day of issue."""
    if today < issue_day(last):
        raise TooEarly(
            f"not before {issue_day(last)}: the period ends on {last}, "
            f"and {GRACE_DAYS} days are left for what comes late"
        )


def period_name(first: date, last: date) -> str:
    """Return "2026-03" for a month, else "2026-03-01_2026-03-15"."""
    whole = month(first.year, first.month)
    return f"{first:%Y-%m}" if (first, last) == (whole.first, whole.last) else f"{first}_{last}"


@dataclass(frozen=True, slots=True)
class Issued:
    """What is in the folder now: the files of the latest revision, and whether they were written just now."""

    revision: Revision
    files: tuple[Path, ...]
    written: bool


def issue(
    folder: Path,
    name: str,
    found: Mapping[str, Json],
    render: Callable[[Revision], Mapping[str, str]],
) -> Issued:
    """Issue a document unless it was issued with the same figures; of two that issue at once one waits.

    `render` returns the texts of a revision by their endings; "json" is among them, and written last: it
    says that the revision is there.
    """
    try:
        with _alone(folder):
            return _issued(folder, name, found, render)
    except OSError as error:
        raise IssueError(f"{folder} cannot be written: {error.strerror}") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder: a revision that two would write at once could be changed after it was issued."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _issued(
    folder: Path,
    name: str,
    found: Mapping[str, Json],
    render: Callable[[Revision], Mapping[str, str]],
) -> Issued:
    before = _latest(folder, name)
    now = revised(before, figures(found))
    revision = Revision(now.revision, tuple(_changes(now.differences)))
    if now is before:
        there = tuple(sorted(folder.glob(f"{name}.r{now.revision}.*")))
        return Issued(revision, there, written=False)
    texts = render(revision)
    order = sorted(texts, key=lambda ending: ending == "json")
    paths = tuple(folder / f"{name}.r{now.revision}.{ending}" for ending in order)
    for path, ending in zip(paths, order, strict=True):
        _write(path, texts[ending])
    return Issued(revision, paths, written=True)


def figures(found: Mapping[str, Json]) -> Json:
    """Return what is compared between revisions: each figure by its place in words."""
    told: dict[str, Json] = {}
    for row in rows(found):
        part = row.section.partition(".")[0]
        if part in _NOT_FIGURES or row.figure in ("software", *_NOT_FIGURES):
            continue
        place = " / ".join(filter(None, (row.section, row.subject, row.figure)))
        cells = {name: cell for name, cell in asdict(row).items() if cell not in (None, "")}
        told[place] = {name: cells.get(name) for name in ("value", "n", "low", "high", "coverage", "verdict")}
    return told


def _latest(folder: Path, name: str) -> Issue | None:
    pattern = re.compile(rf"{re.escape(name)}\.r([1-9][0-9]*)\.json")
    numbers = [int(match[1]) for path in folder.glob("*.json") if (match := pattern.fullmatch(path.name))]
    if not numbers:
        return None
    path = folder / f"{name}.r{max(numbers)}.json"
    try:
        return Issue(max(numbers), figures(read_document(path.read_text("utf-8"))))
    except (OSError, UnicodeDecodeError, DocumentError) as error:
        raise IssueError(f"{path}, which was issued before: {error}") from error


def _changes(found: tuple[Difference, ...]) -> Iterator[Change]:
    """Yield the differences; of a chart only how many of its points are others."""
    points: Counter[str] = Counter()
    for one in found:
        section = one.place.partition(" / ")[0]
        if _CHART in section.split("."):
            points[section] += 1
        else:
            before, after = _text(one.before), _text(one.after)
            if before is not None or after is not None:
                yield Change(one.place, before, after)
    for section, number in sorted(points.items()):
        yield Change(section, None, f"{number} values of the chart are others")


def _text(value: Json) -> str | None:
    if isinstance(value, Mapping):
        return _text(value.get("value"))
    return None if value is None else str(value)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, also when the power goes."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
