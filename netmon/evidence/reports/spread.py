"""A document as tables, one for each list of rows: as a spreadsheet has them, a row for each thing."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from netmon.errors import NetmonError
from netmon.evidence.reports.document import KEY, is_figure
from netmon.evidence.reports.tidy import cell
from netmon.model import Json

_GROUNDS = ("n", "low", "high", "coverage", "note")
_Row = dict[str, Json]


class TablesError(NetmonError):
    """The tables of a report cannot be written."""


def tables(found: Mapping[str, Json]) -> Mapping[str, str]:
    """Return comma-separated text by table, header first; a list without rows is no table.

    Units stand in the header. What a figure rests on has columns of its own, where any row tells of it.
    """
    rows: dict[str, list[_Row]] = {}
    report = found.get("report")
    for name, row in _rows(report, (), {}):
        rows.setdefault(name, []).append(row)
    return {name: _written(some) for name, some in rows.items()}


def write_tables(found: Mapping[str, Json], folder: Path) -> Sequence[Path]:
    """Write each table into a folder, which is made; TablesError when that cannot be."""
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in tables(found).items():
            path = folder / f"{name}.csv"
            path.write_text(text, "utf-8", newline="")
            made.append(path)
    except OSError as error:
        raise TablesError(f"{folder}: {error.strerror}") from error
    return made


def _rows(found: Json, place: tuple[str, ...], keys: _Row) -> Iterator[tuple[str, _Row]]:
    """Yield the rows of all lists inside, with the keys of the rows that they are in."""
    if not isinstance(found, Mapping):
        return
    for name, value in found.items():
        here = (*place, name)
        if isinstance(value, Mapping) and name != KEY and not is_figure(value):
            yield from _rows(value, here, keys)
        elif isinstance(value, Sequence) and _is_list_of_rows(value):
            for one in value:
                own = {**keys, **_keys(one)}
                yield "_".join(here), {**own, **dict(_cells(one, ""))}
                yield from _rows(one, here, own)


def _is_list_of_rows(value: Json) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and isinstance(value[0], Mapping)
    )


def _keys(row: Json) -> _Row:
    key = row.get(KEY) if isinstance(row, Mapping) else None
    return dict(key) if isinstance(key, Mapping) else {}


def _cells(row: Json, before: str) -> Iterator[tuple[str, Json]]:
    for name, value in row.items() if isinstance(row, Mapping) else ():
        if isinstance(value, Mapping) and name != KEY:
            here = f"{before}{name}"
            yield from _figure(value, here) if is_figure(value) else _cells(value, f"{here}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            if value and not _is_list_of_rows(value):
                yield f"{before}{name}", "; ".join(map(str, value))
        elif name != KEY:
            yield f"{before}{name}", value


def _figure(figure: Mapping[str, Json], name: str) -> Iterator[tuple[str, Json]]:
    unit = figure["unit"]
    yield f"{name} [{unit}]" if unit else name, figure["value"]
    for ground in _GROUNDS:
        yield f"{name} {ground}", figure[ground]


def _written(rows: Sequence[_Row]) -> str:
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if _told(name, rows)]
    file = StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([cell(row.get(name)) for name in names] for row in rows)
    return file.getvalue()


def _told(name: str, rows: Sequence[_Row]) -> bool:
    """Tell whether a column is kept: a ground of which no row tells is left out."""
    grounds = name.rpartition(" ")[2] in _GROUNDS
    return not grounds or any(row.get(name) not in (None, "") for row in rows)
