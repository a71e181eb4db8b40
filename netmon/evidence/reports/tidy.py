"""A document as one table: a row for each figure, which any spreadsheet reads and none executes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from io import StringIO

from netmon.evidence.reports.document import KEY, is_figure
from netmon.model import Json

_BODY, _VERDICT = "report", "verdict"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula (OWASP, CSV injection)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `section` is its place in the document, `subject` the keys of the rows that it is in."""

    section: str
    subject: str
    figure: str
    value: Json
    unit: str = ""
    n: Json = None
    low: Json = None
    high: Json = None
    coverage: Json = None
    verdict: str = ""
    note: str = ""


def rows(found: Mapping[str, Json]) -> Iterator[Row]:
    """Yield all figures of a document, in its order."""
    yield from _inside({name: value for name, value in found.items() if name != _BODY}, (_BODY,), ())
    body = found.get(_BODY)
    if isinstance(body, Mapping):
        yield from _inside(body, (), ())


def write_table(found: Mapping[str, Json]) -> str:
    """Return the document's figures as comma-separated text (RFC 4180), header first."""
    file = StringIO(newline="")
    writer = csv.writer(file)
    names = [field.name for field in fields(Row)]
    writer.writerow(names)
    writer.writerows([cell(getattr(row, name)) for name in names] for row in rows(found))
    return file.getvalue()


def _inside(found: Mapping[str, Json], place: tuple[str, ...], subject: tuple[str, ...]) -> Iterator[Row]:
    verdict = found.get(_VERDICT)
    for name, value in found.items():
        if name == KEY or (name == _VERDICT and len(found) > 1):
            continue
        if isinstance(value, Mapping) and not is_figure(value):
            yield from _inside(value, (*place, name), subject)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from _listed(value, (*place, name), subject)
        else:
            yield _row(value, ".".join(place), " / ".join(subject), name, str(verdict or ""))


def _listed(values: Sequence[Json], place: tuple[str, ...], subject: tuple[str, ...]) -> Iterator[Row]:
    for number, value in enumerate(values, 1):
        if isinstance(value, Mapping):
            key = value.get(KEY)
            own = [str(one) for one in key.values()] if isinstance(key, Mapping) else [str(number)]
            yield from _inside(value, place, (*subject, *own))
        else:
            yield _row(value, ".".join(place), " / ".join(subject), str(number), "")


def _row(value: Json, section: str, subject: str, figure: str, verdict: str) -> Row:
    if not isinstance(value, Mapping):
        return Row(section, subject, figure, value, verdict=verdict)
    return Row(
        section,
        subject,
        figure,
        value["value"],
        str(value["unit"]),
        value["n"],
        value["low"],
        value["high"],
        value["coverage"],
        verdict,
        str(value["note"]),
    )


def cell(value: Json) -> str:
    """Return a cell: numbers as they are, nothing for what is not known, text that begins no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
