"""Objects that a user names: by OID in the configuration, or compiled from a MIB file."""

import tomllib
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.snmp_agent import bench, snmp_context

from collectors.mibs import base
from collectors.mibs.command import MibCommand
from collectors.mibs.compiler import compiled, definitions, module_name
from collectors.mibs.definition import DefinitionsFile
from collectors.objects import ObjectsCollector, ObjectsSettings
from collectors.snmp.agent import counter32, gauge32
from netmon import sdk

MIBS = Path(__file__).parents[1] / "fixtures" / "mibs"
PUMPS = "1.3.6.1.4.1.99999.7.1.1.1"
ALARM = "1.3.6.1.4.1.99999.7.1.2.0"
PRESSURE = {"name": "pumpPressure", "oid": f"{PUMPS}.3", "scale": 0.1, "label": f"{PUMPS}.2"}
TURNS = {"name": "pumpTurns", "oid": f"{PUMPS}.4", "kind": "counter", "label": f"{PUMPS}.2"}


def settings(**table):
    return sdk.parse(ObjectsSettings, table)


async def read(given, changes):
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes |= changes
        source = ObjectsCollector(rig.assignment("objects"), given)
        await source.open(context)
        *readings, count = await source.read()
    return readings, count.columns[0][0]


async def test_a_table_becomes_one_reading_with_the_users_names():
    changes = {
        f"{PUMPS}.2.1": "Main pump",
        f"{PUMPS}.2.2": "Spare pump",
        f"{PUMPS}.3.1": gauge32(42),
        f"{PUMPS}.4.1": counter32(1000),
        f"{PUMPS}.4.2": counter32(7),
    }
    [reading], count = await read(settings(define=[PRESSURE, TURNS]), changes)
    assert [metric.name for metric in reading.shape.metrics] == ["pumpPressure", "pumpTurns"]
    assert [row.key[2:] for row in reading.shape.rows] == [
        (("index", "1"), ("label", "Main pump")),
        (("index", "2"), ("label", "Spare pump")),
    ]
    assert list(map(list, reading.columns)) == [[pytest.approx(4.2), None], [1000, 7]]
    assert count == 3


async def test_a_scalar_has_no_index_and_a_text_with_a_number_counts():
    scalar = {"name": "pumpAlarm", "oid": ALARM, "kind": "state"}
    words = {"name": "pumpLevel", "oid": "1.3.6.1.4.1.99999.7.1.3.0"}
    [reading], count = await read(
        settings(define=[scalar, words]), {ALARM: 1, "1.3.6.1.4.1.99999.7.1.3.0": "about 7.5 m"}
    )
    assert [row.key for row in reading.shape.rows] == [(("site", "test-site"), ("device", "sw1"))]
    assert [column[0] for column in reading.columns] == [1, 7.5]
    assert count == 2


async def test_what_the_device_does_not_have_is_no_reading():
    assert await read(settings(define=[PRESSURE]), {}) == ([], 0)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"define": [PRESSURE | {"name": "netmon_up"}]}, "does not use itself"),
        ({"define": [PRESSURE | {"name": "ifHCInOctets"}]}, "does not use itself"),
        ({"define": [PRESSURE | {"name": "no name"}]}, "choose a name"),
        ({"define": [PRESSURE | {"oid": "1.3.x"}]}, "no object identifier"),
        ({"define": [TURNS | {"scale": 10.0}]}, "not scaled"),
        ({"define": [PRESSURE, PRESSURE]}, "defined twice"),
        ({"define": [PRESSURE], "read": ["pumpTurns"]}, "is not defined; there are: pumpPressure"),
        ({"define": [PRESSURE | {"scale": float("inf")}]}, "finite"),
        ({"files": ["/nowhere/pumps.toml"]}, "netmon mib"),
        ({"files": ["pumps.toml"]}, "begin with a slash"),
    ],
)
async def test_a_mistake_is_told_before_anything_is_asked(table, reason):
    async with bench() as rig:
        with pytest.raises(sdk.UsageError, match=reason):
            ObjectsCollector(rig.assignment("objects"), settings(**table))
        assert rig.agent.requests_total == 0


def test_a_mib_file_becomes_definitions_of_its_numbers():
    found = {one["name"]: one for one in definitions(compiled([MIBS / "PUMP-MIB.txt"]))}
    assert {name: (one["oid"], one["kind"]) for name, one in found.items()} == {
        "pumpPressure": (f"{PUMPS}.3", "gauge"),
        "pumpTurns": (f"{PUMPS}.4", "counter"),
        "pumpState": (f"{PUMPS}.5", "state"),
        "pumpAlarm": (ALARM, "state"),
    }
    assert found["pumpPressure"]["label"] == f"{PUMPS}.2"
    assert found["pumpState"]["help"] == "pumpState: 1 idle, 2 running, 3 broken."


def test_what_the_command_prints_is_what_the_collector_reads(capsys):
    options = Namespace(files=[MIBS / "PUMP-MIB.txt"], object=["pumpTurns", "pumpAlarm"], json=False)
    assert MibCommand().run(options) == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert [one.name for one in sdk.parse(DefinitionsFile, printed).object] == ["pumpTurns", "pumpAlarm"]


def test_a_file_of_definitions_is_read_by_name(tmp_path):
    file = tmp_path / "pumps.toml"
    file.write_text(f'[[object]]\nname = "pumpTurns"\noid = "{PUMPS}.4"\nkind = "counter"\n')
    device = sdk.Device("sw1", "127.0.0.1", 161, sdk.Credential("c", sdk.SnmpVersion.V2C))
    assignment = sdk.Assignment("objects", ("sw1",), 30.0, 5.0, device=device)
    ObjectsCollector(assignment, settings(files=[str(file)], read=["pumpTurns"]))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no mib at all", "no DEFINITIONS"),
        (
            "X-MIB DEFINITIONS ::= BEGIN x OBJECT IDENTIFIER ::= { nowhere 1 } END",
            "X-MIB could not be compiled",
        ),
        ("X-MIB DEFINITIONS ::= BEGIN this is no syntax END", "X-MIB could not be compiled"),
    ],
)
def test_a_mib_that_cannot_be_compiled_says_why(tmp_path, text, reason):
    file = tmp_path / "X-MIB"
    file.write_text(text)
    with pytest.raises(sdk.UsageError, match=reason):
        compiled([file])


def test_base_modules_are_modules():
    for name in ("SNMPv2-SMI", "SNMPv2-TC", "IF-MIB", "SNMPv2-CONF", "ENTITY-MIB"):
        assert module_name(base.module(name)) == name
    assert base.module("SOMEBODYS-MIB") is None


async def test_one_name_is_one_kind_of_metric_at_all_devices():
    async with bench() as rig, snmp_context() as context:
        first, same, other = (
            ObjectsCollector(
                replace(rig.assignment("objects"), device=replace(rig.device, name=name)),
                settings(define=[TURNS | {"kind": kind}]),
            )
            for name, kind in (("first", "counter"), ("same", "counter"), ("other", "gauge"))
        )
        await first.open(context)
        await same.open(context)
        with pytest.raises(sdk.SourceError, match="pumpTurns is a counter at first, and a gauge here"):
            await other.open(context)
        await first.close()
        await same.close()
        await other.open(context)
        await other.close()


def test_a_changed_file_makes_other_settings(tmp_path):
    file = tmp_path / "pumps.toml"
    file.write_text(f'[[object]]\nname = "pumpTurns"\noid = "{PUMPS}.4"\n')
    before, same = settings(files=[str(file)]), settings(files=[str(file)])
    file.write_text(f'[[object]]\nname = "pumpTurns"\noid = "{PUMPS}.5"\n')
    assert before == same
    assert settings(files=[str(file)]) != before
