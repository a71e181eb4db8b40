"""Vendor files: what is wrong with one is told with its line, and costs nobody else anything."""

import logging
import re

import pytest

from collectors.rules.library import FOLDER_VARIABLE, Library
from collectors.rules.load import VendorFileError, vendor_file, vendor_files
from collectors.rules.place import line_of
from netmon import sdk

GOOD = """\
format = 1
vendor = "Pumps"
enterprises = [99999]

[[os]]
name = "pump-os"
title = "Pump OS"
provenance = "document"
object_ids = ["1.3.6.1.4.1.99999.1"]
version = [{ pattern = 'version (\\S+)' }]

[states.pump]
1 = ["idle", "ok"]
2 = ["broken", "critical"]

[[table]]
mib = "PUMP-MIB"
provenance = "MIB"
entry = "1.3.6.1.4.1.99999.7.1"
columns = { name = 2, heat = 3, state = 4 }

[[table.sensor]]
kind = "temperature"
column = "heat"
label = "{name}"

[[table.state]]
column = "state"
label = "{name}"
states = "pump"
"""

MISTAKES = [
    ('vendor = "Pumps"', 'vendor = "Pumps', 2, "Illegal character"),
    ("format = 1", "format = 2", 1, "reads format 1"),
    ('vendor = "Pumps"\n', "", 1, "vendor: Field required"),
    ('object_ids = ["1.3.6.1.4.1.99999.1"]\n', "", 5, "could be known by"),
    ('["1.3.6.1.4.1.99999.1"]', '["1.3.pump"]', 9, "no object identifier"),
    ("version (\\S+)", "version (\\S+", 10, "no pattern"),
    ('2 = ["broken", "critical"]', '2 = ["broken", "awful"]', 14, "'ok', 'warning', 'critical' or 'unknown'"),
    ('1 = ["idle", "ok"]', 'one = ["idle", "ok"]', 13, "no whole number"),
    ('provenance = "MIB"', 'provenance = "hearsay"', 18, "'recording', 'MIB' or 'document'"),
    ('entry = "1.3.6.1.4.1.99999.7.1"\n', "", 19, "the table has no entry"),
    ('kind = "temperature"', 'kind = "warmth"', 23, "'warmth' is none of"),
    ('column = "heat"', 'column = "cold"', 24, "no column 'cold'"),
    ('label = "{name}"\n\n', 'label = "{nmae}"\n\n', 25, "no column 'nmae'"),
    ('label = "{name}"\n\n', 'lable = "{name}"\n\n', 22, "label: Field required"),
    ('column = "heat"', 'column = "heat"\ndecimals = 400', 25, "decimals: is not between -30 and 30"),
    ('column = "heat"', 'column = "heat"\nscale = inf', 25, "scale: is not finite"),
    ('column = "heat"', 'column = "heat"\noffset = nan', 25, "offset: is not finite"),
    ('column = "heat"', 'column = "heat"\nscales = { 1 = inf }', 25, "scales: is not finite"),
    ('states = "pump"', 'states = "pumps"', 30, "no [states.pumps]"),
]  # fmt: skip


@pytest.fixture
def written(tmp_path):
    def written(text, name="pumps.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def test_a_good_file_is_read(written):
    file = vendor_file(written(GOOD))
    assert (file.vendor, file.os[0].name, file.table[0].sensor[0].kind) == ("Pumps", "pump-os", "temperature")


@pytest.mark.parametrize(("old", "new", "line", "reason"), MISTAKES, ids=[m[3] for m in MISTAKES])
def test_a_mistake_is_told_with_its_line(written, old, new, line, reason):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(VendorFileError, match=re.escape(reason)) as caught:
        vendor_file(written(text))
    assert any(f"pumps.toml:{line}:" in told and reason in told for told in str(caught.value).splitlines())


def test_all_mistakes_are_told_at_once(written):
    text = GOOD.replace('column = "heat"', 'column = "cold"').replace('states = "pump"', 'states = "x"')
    with pytest.raises(VendorFileError) as caught:
        vendor_file(written(text))
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("octets", [b"\xff\xfe", b"vendor = 1", b""])
def test_what_is_no_vendor_file_is_an_error_of_ours(tmp_path, octets):
    path = tmp_path / "x.toml"
    path.write_bytes(octets)
    with pytest.raises(VendorFileError, match=r"x\.toml:1:"):
        vendor_file(path)


def test_a_file_that_is_too_large_is_not_cut(written):
    path = written(GOOD + "# far too much\n" * 80_000)
    with pytest.raises(VendorFileError, match=r"pumps\.toml:1: is larger than 1 MiB"):
        vendor_file(path)


def test_the_line_of_a_table_within_a_table_is_found():
    text = "[[table]]\n[[table.sensor]]\na = 1\n[[table]]\n[[table.sensor]]\na = 1\n[[table.sensor]]\nb = 1\n"
    assert line_of(text, ("table", 1, "sensor", 1, "b")) == 8
    assert line_of(text, ("table", 0, "sensor", 0, "a")) == 3
    assert line_of(text, ("table", 1, "sensor", 0, "nowhere")) == 5


async def test_a_file_with_a_mistake_disables_itself_only(written, caplog):
    caplog.set_level(logging.WARNING)
    written(GOOD)
    bad = written(GOOD.replace('column = "heat"', 'column = "cold"'), "bad.toml")
    library = Library([bad.parent])
    library.scan()
    for _ in range(2):
        assert [file.vendor for file in await library.of(99999)] == ["Pumps"]
    [told] = [record.getMessage() for record in caplog.records]
    assert "bad.toml:24: table[1].sensor[1].column: there is no column 'cold'" in told


async def test_a_users_file_replaces_the_one_of_the_same_name(tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    (own / "cisco.toml").write_text(GOOD.replace("99999]", "9]"))
    monkeypatch.setenv(FOLDER_VARIABLE, str(own))
    library = await Library.open(sdk.SystemClock())
    assert [file.vendor for file in await library.of(9) if not file.everywhere] == ["Pumps"]
    assert "cisco.toml" in {path.name for path in vendor_files([own])}


async def test_only_files_about_a_vendor_are_read_for_its_devices(written):
    written(GOOD)
    broken = written("enterprises = [7]\nthis is no TOML", "other.toml")
    library = Library([broken.parent])
    library.scan()
    assert [file.vendor for file in await library.of(99999)] == ["Pumps"]
    assert await library.of(None) == []


def test_a_folder_that_may_not_be_looked_into_costs_nobody_the_other_files(tmp_path, caplog):
    (tmp_path / "pumps.toml").write_text(GOOD)
    library = Library([tmp_path, tmp_path / ("x" * 300)])  # for root there is no folder that is locked
    library.scan()
    assert "are left out" in caplog.text
    assert library._by_enterprise == {99999: [tmp_path / "pumps.toml"]}
