"""Rows that tell where blocks are: damage shows when the history is opened."""

import sqlite3

import pytest

from netmon.store.block_file import Place
from netmon.store.manifest import SealedFile, Shelf, forget_file, load_files, save_file
from netmon.store.schema import load_states, statements_of
from netmon.store.soundness import unsound

COLUMNS = (
    "subject", "boot", "first_ms", "last_ms", "first_position", "last_position", "count", "offset",
    "head_bytes", "size_bytes", "head_crc", "crc",
)  # fmt: skip


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(statements_of(2))
    for number in (1, 2):
        places = [(7, Place(1, 0, 5, at, at, 1, 100 * at, 3, 99, 12345)) for at in range(4)]
        save_file(
            connection, SealedFile(0, f"file {number}", Shelf.POLLED, number, number, 4, 400, 4), places
        )
    yield connection
    connection.close()


def bad(connection, boots=(1,)):
    return unsound(connection, {file.id: file.blocks for file in load_files(connection).values()}, boots)


def test_rows_as_they_were_written_are_sound(connection):
    assert bad(connection) == set()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("bit", [0, 31, 62])
def test_a_flipped_bit_in_any_column_shows(connection, column, bit):
    flipped = 1 << bit
    connection.execute(
        f"UPDATE blocks SET {column} = ({column} | {flipped}) - ({column} & {flipped}) "
        "WHERE file = 2 AND first_position = 1"
    )
    assert bad(connection) == {2}


def test_a_row_too_few_and_a_boot_that_nobody_knows_show(connection):
    connection.execute("DELETE FROM blocks WHERE file = 1 AND offset = 100")
    assert bad(connection) == {1}
    assert bad(connection, boots=(2,)) == {1, 2}


def test_sums_that_are_damaged_or_of_an_older_version_are_made_anew(connection):
    noted = load_states(connection)
    connection.execute("DELETE FROM state WHERE key LIKE '%1)'")
    connection.execute("UPDATE state SET value = 'damaged'")
    assert bad(connection) == set()
    assert load_states(connection) == noted


def test_sums_go_with_their_file(connection):
    forget_file(connection, "file 1")
    assert len(load_states(connection)) == 1
