"""The system collector, against a fake device on loopback."""

import pytest
from fakes.context import FakeClock
from fakes.snmp_agent import bench, snmp_context

from collectors.snmp.agent import counter32
from collectors.system import SystemCollector
from netmon import sdk

ENGINE_BOOTS, ENGINE_TIME = "1.3.6.1.6.3.10.2.1.2.0", "1.3.6.1.6.3.10.2.1.3.0"


async def open_collector(rig, context):
    collector = SystemCollector(rig.assignment("system"), sdk.NoSettings())
    await collector.open(context)
    return collector


def fact_of(records):
    return next(record for record in records if isinstance(record, sdk.Fact))


def cells(reading):
    return {
        metric.name: column[0] for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
    }


async def test_who_the_device_is_travels_as_a_fact_and_as_info_metrics():
    async with bench() as rig, snmp_context() as context:
        reading, *rest = await (await open_collector(rig, context)).read()
    fact = fact_of(rest)
    assert fact.kind == "system"
    assert fact.key == (("site", "test-site"), ("device", "sw1"))
    system_group = {name: value for name, value in fact.values.items() if name.startswith("sys")}
    assert system_group == {
        "sysDescr": "Fake Switch, version 1.2",
        "sysObjectID": "1.3.6.1.4.1.9.1.1208",
        "sysName": "sw-1",
        "sysContact": "noc@example.net",
        "sysLocation": "Rack 12",
    }
    assert cells(reading)["sysUpTime"] == 123_456
    assert cells(reading)["sysDescr"] == 1
    assert cells(reading)["ifNumber"] == 4
    assert dict(reading.shape.rows[0].texts)["sysDescr"] == "Fake Switch, version 1.2"


async def test_what_it_is_is_told_once_its_system_is_known():
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes["1.3.6.1.2.1.1.1.0"] = (
            "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E3, RELEASE SOFTWARE"
        )
        records = await (await open_collector(rig, context)).read()
    what = next(r for r in records if isinstance(r, sdk.Reading) and r.shape.measurement == "device")
    assert dict(what.shape.rows[0].texts) == {"netmon_device_info": "ios"}
    assert dict(what.shape.rows[0].info)["version"].startswith("15.2(7)E3")
    assert fact_of(records).values["vendor"] == "Cisco"


async def test_an_upgrade_is_an_event():
    clock = FakeClock()
    old, new = "Thing, version 1.2.3", "Thing, version 1.3.0"
    async with bench() as rig, snmp_context(clock=clock) as context:
        collector = await open_collector(rig, context)
        kinds = []
        for descr, uptime in ((old, 900_000), (old, 903_000), (new, 1_000), (new, 4_000)):
            rig.switch.changes["1.3.6.1.2.1.1.1.0"] = descr
            rig.switch.uptime = uptime
            kinds.append([r.kind for r in await collector.read() if isinstance(r, sdk.Event)])
            clock.advance(30)
    assert kinds == [[], [], ["reboot", "version_changed"], []]


async def test_the_shape_stays_until_a_text_changes():
    async with bench() as rig, snmp_context() as context:
        collector = await open_collector(rig, context)
        shapes = [(await collector.read())[0].shape for _ in range(2)]
        rig.switch.changes["1.3.6.1.2.1.1.5.0"] = "sw-renamed"
        renamed = (await collector.read())[0].shape
    assert shapes[0] is shapes[1]
    assert renamed is not shapes[0]


async def test_what_the_device_lacks_or_gives_in_a_wrong_type_is_not_known():
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes |= {"1.3.6.1.2.1.1.5.0": None, "1.3.6.1.2.1.1.3.0": counter32(7)}
        reading, *rest = await (await open_collector(rig, context)).read()
    assert cells(reading)["sysUpTime"] is None
    assert cells(reading)["sysName"] is None
    assert fact_of(rest).values["sysName"] is None


async def test_text_is_made_harmless():
    async with bench() as rig, snmp_context() as context:
        rig.switch.changes["1.3.6.1.2.1.1.1.0"] = b"<script>\x1b[31m\n\xff" + b"x" * 1000
        fact = fact_of(await (await open_collector(rig, context)).read())
    assert fact.values["sysDescr"] == sdk.clean(b"<script>\x1b[31m\n\xff" + b"x" * 1000)
    assert len(fact.values["sysDescr"]) <= 255


async def test_a_restart_is_one_event():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        collector = await open_collector(rig, context)
        seen = []
        for uptime in (500_000, 503_000, 1_000, 4_000):
            rig.switch.uptime = uptime
            seen.append([record for record in await collector.read() if isinstance(record, sdk.Event)])
            clock.advance(30)
    assert [len(events) for events in seen] == [0, 0, 1, 0]
    assert seen[2][0].kind == "reboot"
    assert seen[2][0].data == {"uptime_seconds": 10.0, "uptime_before_seconds": 5030.0}


async def test_the_wrap_after_497_days_is_no_restart():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        collector = await open_collector(rig, context)
        rig.switch.uptime = 2**32 - 1_000
        await collector.read()
        clock.advance(30)
        rig.switch.uptime = 2_000
        records = await collector.read()
    assert not [record for record in records if isinstance(record, sdk.Event)]


async def test_the_engines_boots_are_believed_over_the_uptime():
    clock = FakeClock()
    async with bench() as rig, snmp_context(clock=clock) as context:
        collector = await open_collector(rig, context)
        rig.switch.changes |= {ENGINE_BOOTS: 3, ENGINE_TIME: 49_000_000}
        await collector.read()
        clock.advance(30)
        rig.switch.changes |= {ENGINE_BOOTS: 4, ENGINE_TIME: 3}
        rig.switch.uptime += 3_000
        records = await collector.read()
    assert [record.kind for record in records if isinstance(record, sdk.Event)] == ["reboot"]


async def test_the_reading_says_what_asking_took():
    async with bench() as rig, snmp_context() as context:
        collector = await open_collector(rig, context)
        first, second = [cells((await collector.read())[2]) for _ in range(2)]
    assert first["snmp_scrape_packets_sent"] > 1  # with finding out what it is
    assert second["snmp_scrape_packets_sent"] == 1
    assert second["snmp_scrape_packets_retried"] == 0
    assert second["snmp_scrape_pdus_returned"] == 9
    assert 0 < second["snmp_scrape_duration_seconds"] < first["snmp_scrape_duration_seconds"]
    assert second["snmp_scrape_walk_duration_seconds"] == second["snmp_scrape_duration_seconds"]


@pytest.mark.parametrize(
    ("v3", "words"),
    [
        ({"auth": "MD5", "privacy": "AES-128"}, "auth MD5 is weak"),
        ({"auth": "SHA-256", "privacy": "DES"}, "privacy DES is weak"),
        ({"auth": "SHA-256"}, "privacy none is weak"),
        ({}, "auth none is weak"),
        ({"privacy": "AES-128"}, "needs authentication"),
        ({"auth": "SHA-3"}, "there are: MD5, SHA-1"),
        ({"auth": "SHA-256", "auth_secret": sdk.SecretStr("short")}, "shorter than 8"),
        ({"user": "x" * 33}, "1 to 32 octets"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_credential_of_version_3_that_cannot_be_used_is_a_mistake_in_words(v3, words):
    credential = sdk.Credential("new", sdk.SnmpVersion.V3, **({"user": "netmon"} | v3))
    device = sdk.Device("sw1", "127.0.0.1", 161, credential)
    assignment = sdk.Assignment("system", ("sw1",), 30.0, 5.0, device=device)
    with pytest.raises(sdk.UsageError, match=words):
        SystemCollector(assignment, sdk.NoSettings())


def test_weak_protocols_are_for_those_who_say_so():
    credential = sdk.Credential(
        "old", sdk.SnmpVersion.V3, user="u", auth="MD5", privacy="DES", allow_weak=True
    )
    device = sdk.Device("sw1", "127.0.0.1", 161, credential)
    SystemCollector(sdk.Assignment("system", ("sw1",), 30.0, 5.0, device=device), sdk.NoSettings())


def test_a_collector_without_a_device_is_a_mistake_in_words():
    with pytest.raises(sdk.UsageError, match="device"):
        SystemCollector(sdk.Assignment("system", (), 30.0, 5.0), sdk.NoSettings())
