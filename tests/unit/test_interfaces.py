"""The interfaces collector, against a fake switch on loopback."""

from dataclasses import replace

import pytest
from fakes.context import FakeClock
from fakes.snmp_agent import IF_TABLE, IF_X_TABLE, FakePort, FakeSwitch, bench, snmp_context

from collectors.interfaces import InterfacesCollector
from collectors.snmp.agent import counter32, time_ticks
from collectors.snmp.report import EngineReport
from netmon import sdk


class Rig:
    """A collector and its switch, one poll at a time, thirty seconds apart."""

    def __init__(self, collector, switch, clock, agent):
        self.collector, self.switch, self.clock, self.agent = collector, switch, clock, agent

    async def poll(self):
        records = await self.collector.read()
        self.clock.advance(30)
        self.switch.uptime += 3_000
        return records[0], [record for record in records[1:] if isinstance(record, sdk.Event)]


@pytest.fixture
async def rig():
    clock = FakeClock()
    async with bench(wan={"Gi0/1": "line-a"}) as made, snmp_context(clock=clock) as context:
        collector = InterfacesCollector(made.assignment("interfaces"), sdk.NoSettings())
        await collector.open(context)
        yield Rig(collector, made.switch, clock, made.agent)


def column(reading, name):
    at = next(at for at, metric in enumerate(reading.shape.metrics) if metric.name == name)
    return list(reading.columns[at])


def ports(reading):
    return [dict(row.key)["ifName"] for row in reading.shape.rows]


async def test_one_reading_has_all_ports_and_all_values(rig):
    reading, events = await rig.poll()
    assert events == []
    assert reading.shape.measurement == "interface"
    assert ports(reading) == ["Gi0/1", "Gi0/2", "Gi0/3", "Gi0/4"]
    assert column(reading, "ifHCInOctets") == [1000] * 4
    assert column(reading, "ifHCOutOctets") == [2000] * 4
    assert column(reading, "ifOutErrors") == [20] * 4
    assert column(reading, "ifAdminStatus") == [1] * 4
    assert column(reading, "ifOperStatus") == [2] * 4
    assert column(reading, "ifLastChange") == [17] * 4
    assert column(reading, "ifMtu") == [1500] * 4
    assert column(reading, "ifSpeed") == [10**9] * 4
    assert column(reading, "ifConnectorPresent") == [1] * 4
    assert column(reading, "ifType_info") == [1] * 4
    assert set(reading.outcomes) == {sdk.Outcome.OK}


async def test_labels_are_those_that_dashboards_know(rig):
    rig.switch.ports[0].alias = b"uplink"
    reading, _ = await rig.poll()
    first, second = reading.shape.rows[:2]
    assert first.key == (
        ("site", "test-site"),
        ("device", "sw1"),
        ("ifName", "Gi0/1"),
        ("circuit", "line-a"),
    )
    assert first.info == (("ifIndex", "1"), ("ifDescr", "port Gi0/1"), ("ifAlias", "uplink"))
    assert first.texts == (("ifType_info", "ethernetCsmacd"), ("ifPhysAddress", "00:1B:54:AA:00:01"))
    assert "circuit" not in dict(second.key)


async def test_everything_it_yields_is_declared(rig):
    reading, _ = await rig.poll()
    assert set(reading.shape.metrics) <= set(InterfacesCollector.metrics["interface"])


async def test_the_shape_and_the_epochs_stay_from_poll_to_poll(rig):
    readings = [(await rig.poll())[0] for _ in range(12)]
    assert len({id(reading.shape) for reading in readings}) == 1
    assert len({reading.epochs for reading in readings}) == 1


async def test_names_are_read_rarely_and_counters_every_time(rig):
    await rig.poll()
    first = len(rig.agent.seen)
    await rig.poll()
    second = len(rig.agent.seen) - first
    assert second < first
    rig.switch.ports[0].octets = 5000
    assert column((await rig.poll())[0], "ifHCInOctets")[0] == 5000


async def test_32_bit_counters_are_given_only_where_64_bit_ones_are_missing(rig):
    reading, _ = await rig.poll()
    assert "ifInOctets" not in {metric.name for metric in reading.shape.metrics}
    rig.switch.ports[1].high_capacity = False
    reading, _ = await rig.poll()
    assert column(reading, "ifHCInOctets") == [1000, None, 1000, 1000]
    assert column(reading, "ifInOctets") == [None, 1000, None, None]


async def test_new_ifindexes_move_nothing_but_the_label(rig):
    before, _ = await rig.poll()
    for port, index in zip(rig.switch.ports, (41, 42, 43, 44), strict=True):
        port.index = index
    rig.switch.ports.reverse()
    rig.switch.ports[0].octets = 4444
    after, events = await rig.poll()
    assert {row.key for row in after.shape.rows} == {row.key for row in before.shape.rows}
    values = dict(zip(ports(after), column(after, "ifHCInOctets"), strict=True))
    assert values == {"Gi0/1": 1000, "Gi0/2": 1000, "Gi0/3": 1000, "Gi0/4": 4444}
    assert [event.kind for event in events] == ["interfaces_renumbered"]
    assert set(before.epochs).isdisjoint(after.epochs)


async def test_swapped_ifindexes_are_seen_when_the_table_says_that_it_changed(rig):
    await rig.poll()
    one, two = rig.switch.ports[:2]
    one.index, two.index, one.octets = 2, 1, 9999
    rig.switch.table_last_change += 1
    reading, events = await rig.poll()
    values = dict(zip(ports(reading), column(reading, "ifHCInOctets"), strict=True))
    assert (values["Gi0/1"], values["Gi0/2"]) == (9999, 1000)
    assert [(event.kind, sorted(event.data["interfaces"])) for event in events] == [
        ("interfaces_renumbered", ["Gi0/1", "Gi0/2"])
    ]


async def test_swapped_ifindexes_are_seen_even_when_the_device_tells_nobody(rig):
    await rig.poll()
    one, two = rig.switch.ports[:2]
    one.index, two.index, one.octets = 2, 1, 9999
    reading, events = await rig.poll()
    values = dict(zip(ports(reading), column(reading, "ifHCInOctets"), strict=True))
    assert (values["Gi0/1"], values["Gi0/2"]) == (9999, 1000)
    assert [event.kind for event in events] == ["interfaces_renumbered"]


async def test_a_renamed_port_is_one_event(rig):
    await rig.poll()
    rig.switch.ports[0].name, rig.switch.ports[0].descr = b"uplink", b"port Gi0/1"
    reading, events = await rig.poll()
    assert ports(reading)[0] == "uplink"
    assert [(event.kind, event.data["interfaces"]) for event in events] == [
        ("interfaces_renamed", ["Gi0/1 to uplink"])
    ]


async def test_a_line_card_that_goes_and_comes_back_is_one_event_each_time(rig):
    await rig.poll()
    card, rig.switch.ports = rig.switch.ports[2:], rig.switch.ports[:2]
    gone, events = await rig.poll()
    assert [(e.kind, e.data["interfaces"]) for e in events] == [("interfaces_vanished", ["Gi0/3", "Gi0/4"])]
    assert ports(gone) == ["Gi0/1", "Gi0/2"]
    rig.switch.ports += card
    back, events = await rig.poll()
    assert [(e.kind, e.data["interfaces"]) for e in events] == [("interfaces_appeared", ["Gi0/3", "Gi0/4"])]
    assert back.epochs[0] == gone.epochs[0]
    assert back.epochs[2] != gone.epochs[0]


async def test_a_restart_changes_every_epoch(rig):
    before, _ = await rig.poll()
    rig.switch.uptime = 500
    after, _ = await rig.poll()
    again, _ = await rig.poll()
    assert set(before.epochs).isdisjoint(after.epochs)
    assert again.epochs == after.epochs


async def test_a_wrap_of_the_uptime_changes_no_epoch(rig):
    rig.switch.uptime = 2**32 - 1_000
    before, _ = await rig.poll()
    rig.switch.uptime %= 2**32
    after, _ = await rig.poll()
    assert before.epochs == after.epochs


async def test_a_restart_that_brings_names_costs_one_poll_and_no_more(rig):
    names = [port.name for port in rig.switch.ports]
    for port in rig.switch.ports:
        port.name = b""
    await rig.poll()
    for port, name in zip(rig.switch.ports, names, strict=True):
        port.name = name
    rig.switch.uptime = 100
    with pytest.raises(sdk.SourceError, match="changed places"):
        await rig.poll()
    reading, _ = await rig.poll()
    assert ports(reading) == ["Gi0/1", "Gi0/2", "Gi0/3", "Gi0/4"]


async def test_a_restart_while_the_table_is_read_discards_it(rig):
    await rig.poll()
    calls = iter(range(100))
    rig.switch.changes["1.3.6.1.2.1.1.3.0"] = lambda: time_ticks(900_000 if next(calls) == 0 else 100)
    with pytest.raises(sdk.SourceError, match="restarted"):
        await rig.collector.read()


async def test_counters_that_fall_without_a_restart_are_a_new_epoch_and_an_event(rig):
    before, _ = await rig.poll()
    rig.switch.ports[1].octets = 3
    after, events = await rig.poll()
    assert [(event.kind, event.data["interfaces"]) for event in events] == [("counters_reset", ["Gi0/2"])]
    changed = [old != new for old, new in zip(before.epochs, after.epochs, strict=True)]
    assert changed == [False, True, False, False]


async def test_a_told_discontinuity_is_a_new_epoch_without_an_event(rig):
    before, _ = await rig.poll()
    rig.switch.ports[1].octets = 3
    rig.switch.ports[1].discontinuity = 123_400
    after, events = await rig.poll()
    assert events == []
    assert before.epochs[1] != after.epochs[1]
    assert before.epochs[0] == after.epochs[0]


async def test_a_value_of_a_wrong_type_is_not_known_and_counted(rig):
    rig.switch.changes[f"{IF_X_TABLE}.6.2"] = counter32(7)
    rig.switch.changes[f"{IF_TABLE}.8.3"] = b"up"
    reading, _ = await rig.poll()
    assert column(reading, "ifHCInOctets") == [1000, None, 1000, 1000]
    assert column(reading, "ifOperStatus") == [2, 2, None, 2]
    report = await rig.collector.context.shared.get(EngineReport)
    assert report._wrong_types["sw1"] >= 2


async def test_a_full_ifspeed_is_taken_from_ifhighspeed(rig):
    rig.switch.ports[0].speed, rig.switch.ports[0].high_speed = 2**32 - 1, 10_000
    rig.switch.ports[1].speed, rig.switch.ports[1].high_speed = 0, 0
    reading, _ = await rig.poll()
    assert column(reading, "ifSpeed") == [10**10, 0, 10**9, 10**9]


async def test_hostile_names_are_cleaned_and_stay_apart(rig):
    rig.switch.ports[0].name = b'a"b\n<script>\x00\xff' + b"x" * 60_000
    rig.switch.ports[1].name = b""
    rig.switch.ports[2].name = rig.switch.ports[3].name = b"same"
    rig.agent._max_size = 65_000
    reading, _ = await rig.poll()
    assert ports(reading)[1:] == ["port", "3", "4"]
    assert len(ports(reading)[0]) <= 255
    assert "\n" not in ports(reading)[0]


async def test_names_that_several_ports_have_are_told_as_the_device_gives_them(rig):
    rig.switch.ports[2].name = rig.switch.ports[3].name = b"same"
    _, *rest = await rig.collector.read()
    assert [dict(fact.values) for fact in rest if isinstance(fact, sdk.Fact)] == [{"3": "same", "4": "same"}]


async def test_half_a_table_keeps_rows_and_shape_and_says_partial(rig):
    whole, _ = await rig.poll()
    rig.agent.successor = lambda name: (*name[:-1], 2) if name[-1] == 3 and name[:-2] == IF_X_ENTRY else None
    half, events = await rig.poll()
    assert half.shape is whole.shape
    assert events == []
    assert sdk.Outcome.PARTIAL in half.outcomes
    rig.agent.successor = lambda _name: None
    again, _ = await rig.poll()
    assert set(again.outcomes) == {sdk.Outcome.OK}
    assert again.epochs == whole.epochs


IF_X_ENTRY = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)


async def test_a_device_without_ifxtable_has_ports_too():
    clock = FakeClock()
    switch = FakeSwitch(ports=[FakePort(n, b"", descr=f"port {n}".encode()) for n in (1, 2)])
    for port in switch.ports:
        port.high_capacity = False
        for number in (1, 15, 16, 17, 18, 19):
            switch.changes[f"{IF_X_TABLE}.{number}.{port.index}"] = None
    async with bench(switch) as made, snmp_context(clock=clock) as context:
        collector = InterfacesCollector(made.assignment("interfaces"), sdk.NoSettings())
        await collector.open(context)
        reading = (await collector.read())[0]
    assert ports(reading) == ["port 1", "port 2"]
    assert column(reading, "ifInOctets") == [1000, 1000]
    assert column(reading, "ifHighSpeed") == [None, None]


class Cut:
    """A session whose tables break off while `cut` is set; it counts how often the ports are described."""

    def __init__(self, session):
        self.session, self.cut, self.described = session, False, 0

    def __getattr__(self, name):
        return getattr(self.session, name)

    async def table(self, columns, timeout_seconds, scalars=(), *, often=True):
        table = await self.session.table(columns, timeout_seconds, scalars, often=often)
        describing = any(column.name == "ifAlias" for column in columns)
        self.described += describing
        return replace(table, partial="the rest did not come") if self.cut and describing else table


async def test_a_description_that_breaks_off_is_tried_again_with_the_next_poll(rig):
    session = rig.collector._session = Cut(rig.collector._session)
    for _ in range(10):
        await rig.poll()
    rig.switch.ports[0].alias = "moved house"
    session.cut = True
    await rig.poll()
    session.cut = False
    before = session.described
    reading, _ = await rig.poll()
    assert session.described == before + 1
    assert dict(reading.shape.rows[0].info)["ifAlias"] == "moved house"
    await rig.poll()
    assert session.described == before + 1
