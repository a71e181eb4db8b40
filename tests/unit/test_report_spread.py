"""A report as tables: a row for each thing, the same numbers, and nothing that a spreadsheet executes."""

import csv
from dataclasses import dataclass
from io import StringIO
from typing import ClassVar

import pytest

from netmon.evidence.reports.document import document
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.spread import TablesError, tables, write_tables


@dataclass(frozen=True)
class Leaf:
    KEY: ClassVar[tuple[str, ...]] = ("leaf",)
    leaf: str
    size: float | None


@dataclass(frozen=True)
class Inner:
    words: tuple[str, ...]
    price: Figure


@dataclass(frozen=True)
class Branch:
    KEY: ClassVar[tuple[str, ...]] = ("branch",)
    branch: str
    length: Figure
    inner: Inner
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Tree:
    branches: tuple[Branch, ...]
    empty: tuple[Branch, ...] = ()


TREE = Tree(
    (
        Branch("=1+1", Figure(3, Unit.MINUTES, 7, 1.0, 4.5), Inner(("a", "b"), Figure(None, note="?")), ()),
        Branch("b", Figure(None, Unit.MINUTES), Inner((), Figure("x")), (Leaf("@l", None), Leaf("m", 0.5))),
    )
)
FOUND = document("tree", 1, TREE)


def read(text):
    return list(csv.DictReader(StringIO(text)))


def test_each_list_is_a_table_and_a_list_inside_a_row_has_its_keys():
    found = tables(FOUND)
    assert list(found) == ["branches", "branches_leaves"]
    assert read(found["branches_leaves"]) == [
        {"branch": "b", "leaf": "'@l", "size": ""},
        {"branch": "b", "leaf": "m", "size": "0.5"},
    ]


def test_units_are_in_the_header_and_grounds_have_their_columns_where_any_row_has_them():
    first, second = read(tables(FOUND)["branches"])
    assert list(first) == [
        "branch", "length [min]", "length n", "length low", "length high", "inner.words", "inner.price",
        "inner.price note",
    ]  # fmt: skip
    assert (first["length [min]"], first["length n"], first["length high"]) == ("3", "7", "4.5")
    assert (second["length [min]"], second["inner.price"]) == ("", "x"), "not known is an empty cell"
    assert first["inner.words"] == "a; b"


def test_no_cell_is_a_formula():
    assert read(tables(FOUND)["branches"])[0]["branch"] == "'=1+1"


def test_tables_are_files_of_a_folder_that_is_made(tmp_path):
    made = write_tables(FOUND, tmp_path / "new" / "folder")
    assert [path.name for path in made] == ["branches.csv", "branches_leaves.csv"]
    assert made[0].read_bytes().decode() == tables(FOUND)["branches"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TablesError, match="file"):
        write_tables(FOUND, tmp_path / "file")
