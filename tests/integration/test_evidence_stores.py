"""State folders as sources: which lines they have, and the same material as from their readings."""

import asyncio
import shutil
from contextlib import closing
from datetime import date

import pytest
from fakes.evidence_estate import keep, site_records

from netmon.errors import StoreError
from netmon.evidence.calendar import Days
from netmon.evidence.material import material
from netmon.evidence.sources.source import Line
from netmon.evidence.sources.store import FleetSource, StoreSource
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE
from netmon.store.interface import Query
from netmon.store.reader import open_reader

DAYS = Days(date(2026, 3, 28), date(2026, 3, 30), "Europe/London")
LATER = Days(date(2026, 5, 1), date(2026, 5, 2), "Europe/London")
LINES = [Line("lib", "lib-1"), Line("lib", "lib-2")]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    asyncio.run(keep(folder / "lib", site_records("lib", ("lib-1", "lib-2"), DAYS, 1)))
    asyncio.run(keep(folder / "any name", site_records("hall", ("hall-1",), DAYS, 2)))
    (folder / "no history").mkdir()
    return folder


def test_a_folder_tells_its_lines_of_the_days_that_have_something(fleet):
    with closing(StoreSource(fleet / "lib")) as source:
        assert source.lines(DAYS) == LINES
        assert source.lines(LATER) == []
        assert source.material(LINES[0], LATER).synced is None


def test_the_material_is_that_of_the_readings(fleet):
    with closing(StoreSource(fleet / "lib")) as source, closing(open_reader(fleet / "lib")) as reader:
        start_ms, end_ms = DAYS.start_minute * 60_000, DAYS.end_minute * 60_000
        for line in LINES:
            readings = reader.range(Query(CIRCUIT_MINUTE, start_ms, end_ms))
            events = reader.events(start_ms, end_ms, BANDWIDTH_TEST)
            found = source.material(line, DAYS)
            assert found == material(readings, events, line.circuit, DAYS)
            assert found.tests
            assert found.strip.codes.count(found.strip.codes[0]) < len(found.strip.codes)


def test_a_fleet_finds_a_line_whatever_its_folder_is_called(fleet):
    with closing(FleetSource(fleet)) as source:
        assert source.lines(DAYS) == [Line("hall", "hall-1"), *LINES]
        assert source.material(Line("hall", "hall-1"), DAYS).synced > 0.9
        assert source.material(Line("nobody", "x"), DAYS).synced is None


def test_one_line_in_two_folders_is_refused_and_so_is_a_folder_without_histories(fleet, tmp_path):
    shutil.copytree(fleet / "lib", tmp_path / "sites" / "lib")
    shutil.copytree(fleet / "lib", tmp_path / "sites" / "old")
    with closing(FleetSource(tmp_path / "sites")) as source, pytest.raises(StoreError, match="lib-1 of lib"):
        source.lines(DAYS)
    with pytest.raises(StoreError, match="no folder in"):
        FleetSource(tmp_path)
