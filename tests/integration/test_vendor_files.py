"""Every vendor file is sound, and proven by synthetic recordings: each system and table by at least one."""

import json
from functools import cache
from pathlib import Path

import pytest
from fakes.context import make_context
from fakes.polling import poll_recording

from collectors.rules.branch import placed_table, roots_for
from collectors.rules.identify import candidates, enterprise_of
from collectors.rules.library import OWN_FOLDER
from collectors.rules.load import vendor_file
from collectors.rules.profile import roots_of
from collectors.snmp import ber, recording

FIXTURES = Path(__file__).parents[1] / "fixtures" / "vendors"
RECORDINGS = sorted(FIXTURES.glob("*.snmprec"))
FILES = sorted(OWN_FOLDER.glob("*.toml"))


@cache
def names_in(path):
    """Return what a recording has: names, sysObjectID and sysDescr."""
    found = {one.name: one for one in recording.read(path.read_text().splitlines())}
    object_id = found.get((1, 3, 6, 1, 2, 1, 1, 2, 0))
    descr = found.get((1, 3, 6, 1, 2, 1, 1, 1, 0))
    return (
        tuple(found),
        None if object_id is None else ber.decode_oid(object_id.content),
        "" if descr is None else descr.content.decode(errors="replace"),
    )


def rounded(value):
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-3, abs=1e-6)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return value


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
async def test_a_recorded_device_is_understood(path):
    expected = json.loads(path.with_suffix(".json").read_text())
    found = await poll_recording(path.read_text(), make_context())
    for section, wanted in expected.items():
        if section == "system":
            assert {name: found["system"].get(name) for name in wanted} == wanted
        else:
            assert without_oid(found.get(section, []), wanted) == rounded(wanted), section


def without_oid(found, wanted):
    """Return entries with the fields that the expected ones have."""
    fields = {field for entry in wanted for field in entry}
    return [{name: value for name, value in entry.items() if name in fields} for entry in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_operating_system_has_a_device_that_runs_it(path):
    file = vendor_file(path)
    unproven = {rule.name for rule in file.os}
    for one in RECORDINGS:
        names, object_id, descr = names_in(one)
        if enterprise_of(object_id) not in file.enterprises:
            continue
        for candidate in candidates([file], object_id, descr):
            if has_any(names, candidate.os.exists):
                unproven.discard(candidate.os.name)
                break
    assert unproven == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_table_is_in_some_recording(path):
    file = vendor_file(path)
    unproven = [
        (table.mib, table.entry)
        for table in file.table
        if not any(has_table(names_in(one), file, table) for one in RECORDINGS)
    ]
    assert unproven == []


def has_table(recorded, file, table):
    names, object_id, descr = recorded
    fitting = candidates([file], object_id, descr)
    whole = placed_table(table, roots_for(object_id, fitting[0].prefix if fitting else ()))
    return whole is not None and has_any(names, map(ber.dotted, roots_of(whole)))


def has_any(names, roots):
    places = [ber.oid(root) for root in roots]
    return not places or any(name[: len(place)] == place for place in places for name in names)
