"""A file of comma-separated rows, checked whole: every mistake with its line, and what to do about it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Generic, TypeVar

from pydantic import ValidationError

from netmon.config.section import Section
from netmon.config.wording import fields_of, nearest, problems
from netmon.errors import Mistake

R = TypeVar("R", bound=Section)


@dataclass(frozen=True, slots=True)
class Line(Generic[R]):
    """One row that is right, and the line of the file where it ends."""

    number: int
    row: R


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """The rows of a file that are right, and all that is wrong with the others."""

    file: str
    lines: tuple[Line[R], ...]
    mistakes: tuple[Mistake, ...]

    @property
    def rows(self) -> Sequence[R]:
        """The rows without their places."""
        return [line.row for line in self.lines]


def read_table(file: str, text: str, model: type[R]) -> Table[R]:
    """Check the rows of a file against a model, whose fields are the columns; `file` is for words only."""
    try:
        reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        numbered = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        wrong = Mistake(file, "file", f"is not comma-separated text: {error}", "save it as CSV in UTF-8")
        return Table(file, (), (wrong,))
    numbered = [(number, cells) for number, cells in numbered if any(cells)]
    if not numbered:
        hint = f"the first line names the columns: {', '.join(fields_of(model))}"
        return Table(file, (), (Mistake(file, "line 1", "is missing", hint),))
    (top, header), *body = numbered
    mistakes = list(_header_mistakes(file, top, header, model))
    if mistakes:
        return Table(file, (), tuple(mistakes))
    lines: list[Line[R]] = []
    for number, cells in body:
        found = _row(file, number, header, cells, model)
        if isinstance(found, Line):
            lines.append(found)
        else:
            mistakes.extend(found)
    return Table(file, tuple(lines), tuple(mistakes))


def read_cells(model: type[R], cells: Mapping[str, str]) -> R | str:
    """Return the row that cells make, by column; in words what is wrong with them."""
    try:
        row = model.model_validate(cells, strict=True)
    except ValidationError as error:
        return "; ".join(
            f"{'.'.join(map(str, path))}: {problem}" for path, problem, _ in problems(error, model)
        )
    return next((f"{one.key}: {one.problem}" for one in row.mistakes()), row)


def rows_with(text: str, column: str, value: str) -> str:
    """Return the rows of a file that have a value in a column, below its first line."""
    cells = [[cell.strip() for cell in row] for row in csv.reader(StringIO(text, newline=""))]
    header, *rows = [row for row in cells if any(row)]
    place = header.index(column)
    found = StringIO(newline="")
    writer = csv.writer(found, lineterminator="\n")
    writer.writerows([header, *(row for row in rows if row[place] == value)])
    return found.getvalue()


def with_rows(text: str, rows: Sequence[Mapping[str, str]]) -> str:
    """Return a file's text with rows at its end, and the columns that they need; without rows as it was."""
    if not rows:
        return text
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""))
    there, columns = list(reader), list(reader.fieldnames or ())
    columns += dict.fromkeys(name for row in rows for name in row if name not in columns)
    found = StringIO(newline="")
    writer = csv.DictWriter(found, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*there, *rows])
    return found.getvalue()


def _header_mistakes(file: str, line: int, header: Sequence[str], model: type[R]) -> Iterator[Mistake]:
    columns = fields_of(model)
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            yield Mistake(file, f"line {line}", f'column "{name}" is there twice', "leave one of them out")
        if name not in columns:
            yield Mistake(file, f"line {line}", f'unknown column "{name}"', nearest(name, columns))
    for name, field in columns.items():
        if field.is_required() and name not in header:
            yield Mistake(file, f"line {line}", f'column "{name}" is missing', field.description or "")


def _row(
    file: str, number: int, header: Sequence[str], cells: Sequence[str], model: type[R]
) -> Line[R] | list[Mistake]:
    if len(cells) != len(header):
        told = f"has {len(cells)} cells, the first line names {len(header)} columns"
        return [Mistake(file, f"line {number}", told, "put text that holds a comma in quotes")]
    try:
        row = model.model_validate(
            {name: cell for name, cell in zip(header, cells, strict=True) if cell}, strict=True
        )
    except ValidationError as error:
        return [
            Mistake(file, f'line {number}, column "{path[0]}"' if path else f"line {number}", problem, hint)
            for path, problem, hint in problems(error, model)
        ]
    found = [
        Mistake(
            file, f'line {number}, column "{one.key}"' if one.key else f"line {number}", one.problem, one.hint
        )
        for one in row.mistakes()
    ]
    return found or Line(number, row)
