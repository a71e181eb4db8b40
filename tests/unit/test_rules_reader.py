"""Collectors that know by rules where to look, against a fake device and a vendor file of the test's own."""

from contextlib import asynccontextmanager
from pathlib import Path

from fakes.context import FakeClock
from fakes.snmp_agent import bench, snmp_context

from collectors.rules.library import Library
from collectors.sensors import SensorsCollector
from collectors.snmp.agent import gauge32, object_id
from collectors.snmp.message import Status
from netmon import sdk

HEAT, FANS = "1.3.6.1.4.1.99999.7.1", "1.3.6.1.4.1.99999.8.1"
FILE = f"""\
format = 1
vendor = "Pumps"
enterprises = [99999]

[states.fan]
1 = ["running", "ok"]
2 = ["stuck", "critical"]

[[table]]
mib = "HEAT-MIB"
provenance = "MIB"
entry = "{HEAT}"
columns = {{ name = 2, heat = 3 }}
join.room = {{ oid = "1.3.6.1.4.1.99999.9.1.2", index = [1] }}

[[table.sensor]]
kind = "temperature"
column = "heat"
label = "{{name}} {{room}}"

[[table]]
mib = "FAN-MIB"
provenance = "MIB"
entry = "{FANS}"
columns = {{ state = 4 }}

[[table.state]]
column = "state"
label = "Fan {{1}}"
states = "fan"
"""


@asynccontextmanager
async def sensors(tmp_path: Path, clock):
    """Give a fake device with two sensors and a fan, and its collector."""
    (tmp_path / "pumps.toml").write_text(FILE)
    async with bench() as rig, snmp_context(clock=clock) as context:
        library = Library([tmp_path])
        library.scan()
        context.shared._things[Library] = library
        rig.switch.changes |= {
            "1.3.6.1.2.1.1.2.0": object_id((1, 3, 6, 1, 4, 1, 99999, 1)),
            f"{HEAT}.2.1": "inlet",
            f"{HEAT}.2.2": "outlet",
            f"{HEAT}.3.1": gauge32(21),
            f"{HEAT}.3.2": gauge32(35),
            "1.3.6.1.4.1.99999.9.1.2.1": "cellar",
            f"{FANS}.4.1": 1,
        }
        collector = SensorsCollector(rig.assignment("sensors"), sdk.NoSettings())
        await collector.open(context)
        yield rig, collector


def values(records):
    return {
        dict(row.key)["sensor"]: reading.columns[0][at]
        for reading in records
        if isinstance(reading, sdk.Reading)
        for at, row in enumerate(reading.shape.rows)
    }


async def test_sensors_and_states_are_read_with_their_words(tmp_path):
    async with sensors(tmp_path, FakeClock()) as (_, collector):
        heat, states, fact = await collector.read()
    assert values([heat]) == {"inlet cellar": 21.0, "outlet": 35.0}
    assert [metric.name for metric in heat.shape.metrics] == ["netmon_sensor_temperature_celsius"]
    assert [list(column) for column in states.columns] == [[1], [1], [1]]
    assert dict(states.shape.rows[0].texts) == {"netmon_sensor_state_info": "running"}
    assert [entry["oid"] for entry in fact.values["sensors"]] == [f"{HEAT}.3.1", f"{HEAT}.3.2"]


async def test_only_what_moves_is_asked_for_again(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        await collector.read()
        first = rig.agent.requests_total
        rig.switch.changes |= {f"{HEAT}.3.1": gauge32(22), f"{HEAT}.2.1": "renamed"}
        clock.advance(60)
        records = await collector.read()
        assert values(records)["inlet cellar"] == 22.0
        assert rig.agent.requests_total - first == 2
        clock.advance(3600)
        assert "renamed cellar" in values(await collector.read())


async def test_rows_that_come_and_go_are_seen_at_once(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        await collector.read()
        rig.switch.changes |= {f"{HEAT}.2.3": "roof", f"{HEAT}.3.3": gauge32(-4 % 2**32), f"{HEAT}.3.1": None}
        clock.advance(60)
        assert set(values(await collector.read())) == {"outlet", "roof", "Fan 1"}


async def test_a_text_where_a_number_was_is_read_as_what_it_is(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        await collector.read()
        rig.switch.changes[f"{HEAT}.3.1"] = "23.5 C"
        clock.advance(60)
        assert values(await collector.read())["inlet cellar"] == 23.5


async def test_the_shape_stays_while_the_rows_do(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        first, *_ = await collector.read()
        rig.switch.changes[f"{HEAT}.3.1"] = gauge32(30)
        clock.advance(60)
        second, *_ = await collector.read()
        assert first.shape is second.shape


async def test_a_table_that_fails_takes_no_other_with_it(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        await collector.read()
        clock.advance(60)
        whole = rig.agent.respond

        def respond(header, names):
            heat = tuple(map(int, HEAT.split(".")))
            broken = any(name[: len(heat)] == heat for name in names)
            rig.agent.status = lambda _header, _count: Status.GEN_ERR if broken else Status.NO_ERROR
            return whole(header, names)

        rig.agent.respond = respond
        assert set(values(await collector.read())) == {"Fan 1"}
        rig.agent.respond = whole
        rig.agent.status = lambda _header, _count: Status.NO_ERROR
        clock.advance(60)
        assert set(values(await collector.read())) == {"inlet cellar", "outlet", "Fan 1"}


async def test_it_is_due_every_minute_and_at_once_when_the_device_restarted(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (_, collector):
        assert collector.due()
        await collector.read()
        assert not collector.due()
        collector.session.renewed()
        assert collector.due()
        await collector.read()
        clock.advance(70)
        assert collector.due()


def facts(records):
    return [record.values for record in records if isinstance(record, sdk.Fact)]


def looping_at(rig, column):
    """Let a column's second row never come: the agent gives the first again; return what mends it."""
    first = (*map(int, column.split(".")), 1)
    rig.agent.successor = lambda name: first if name == first else None

    def mend():
        rig.agent.successor = lambda _name: None

    return mend


async def test_sensors_of_one_name_keep_their_series_while_others_come_and_go(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        rig.switch.changes |= {f"{HEAT}.2.1": "air", f"{HEAT}.2.2": "air", "1.3.6.1.4.1.99999.9.1.2.1": None}
        assert values(await collector.read()) == {"air": 21.0, "air #2": 35.0, "Fan 1": 1}
        rig.switch.changes[f"{HEAT}.3.1"] = None
        clock.advance(60)
        assert values(await collector.read()) == {"air #2": 35.0, "Fan 1": 1}
        rig.switch.changes[f"{HEAT}.3.1"] = gauge32(22)
        clock.advance(60)
        assert values(await collector.read()) == {"air": 22.0, "air #2": 35.0, "Fan 1": 1}


async def test_a_text_that_did_not_come_changes_no_series(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        rig.switch.changes["1.3.6.1.4.1.99999.9.1.2.2"] = "roof"
        first = await collector.read()
        clock.advance(3601)
        mend = looping_at(rig, "1.3.6.1.4.1.99999.9.1.2")
        second = await collector.read()
        mend()
        clock.advance(60)
        third = await collector.read()
    assert [sorted(values(one)) for one in (first, second, third)] == [
        ["Fan 1", "inlet cellar", "outlet roof"]
    ] * 3


async def test_half_a_table_is_no_news(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        whole = facts(await collector.read())
        mend = looping_at(rig, f"{HEAT}.3")
        clock.advance(60)
        half = await collector.read()
        mend()
        clock.advance(60)
        again = await collector.read()
    assert set(values(half)) == {"inlet cellar", "Fan 1"}
    assert facts(half) == []
    assert facts(again) == whole


async def test_a_table_that_keeps_failing_is_news(tmp_path):
    clock = FakeClock()
    async with sensors(tmp_path, clock) as (rig, collector):
        await collector.read()
        looping_at(rig, f"{HEAT}.3")
        clock.advance(60)
        await collector.read()
        clock.advance(60)
        [fact] = facts(await collector.read())
    assert [entry["descr"] for entry in fact["sensors"]] == ["inlet cellar"]


async def test_a_device_that_has_nothing_of_it_is_no_failure(tmp_path):
    async with sensors(tmp_path, FakeClock()) as (rig, collector):
        rig.switch.changes = {"1.3.6.1.2.1.1.2.0": object_id((1, 3, 6, 1, 4, 1, 99999, 1))}
        [fact] = await collector.read()
    assert fact.values == {"sensors": [], "states": []}
