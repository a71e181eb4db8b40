"""The page of one device, the faceplate and the map: what they say, and what they leave unsaid."""

import re
from dataclasses import replace

import pytest
from fakes.equipment_sample import equip, equipped_site, fact, neighbour, neighbours, table
from fakes.pages import device_page_of, main_page, parsed
from fakes.site_sample import sample_site
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.rules.kinds import KINDS
from netmon.verdict.view import WatchedDevice
from netmon.web.device_detail import device_detail, port_state
from netmon.web.device_readings import SENSORS, rows_of, shown
from netmon.web.equipment import Health, PortState
from netmon.web.faceplate import faceplate
from netmon.web.layout import BOX_HEIGHT, BOX_WIDTH, layout
from netmon.web.sitemap import NODES_SHOWN, shortened, site_map
from netmon.web.snapshot import take
from netmon.web.topology import CONFIGURED, topology


def look(site):
    return take(site.view, site.verdict(), site.clock.boottime_ns())


def detail(site, name="sw1"):
    return device_detail(look(site), name, rows_of(site.view, name))


@pytest.fixture
def site():
    return equipped_site()


def port(site, name):
    return next(one for one in detail(site).ports if one.interface.name == name)


def test_every_kind_of_sensor_that_collectors_know_is_shown_in_its_unit():
    assert SENSORS.keys() == KINDS.keys()
    for kind in KINDS.values():
        _, factor = SENSORS[kind.name]
        assert factor == pytest.approx(kind.shown), kind.name


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("temperature", 24.53, "24.5 °C"),
        ("fanspeed", 4200.0, "4,200 rpm"),
        ("humidity", 0.4, "40 %"),
        ("energy", 3.6e6 * 1.5, "1.50 kWh"),
        ("runtime", 1500.0, "25 min"),
        ("dbm", -0.0, "0 dBm"),
        ("count", 3.0, "3"),
        ("voltage", None, "not known"),
        ("current", 0.00691, "0.0069 A"),
    ],
)
def test_a_sensor_is_read_as_people_read_it(kind, value, text):
    assert shown(kind, value) == text


def test_a_device_is_told_in_full(site):
    one = detail(site)
    assert (one.identity.vendor, one.identity.os, one.identity.serial) == ("Cisco", "IOS", "FOC0000X0AA")
    assert one.device.description == "Cisco WS-C2960X-24PS-L, IOS 15.2(7)E4"
    assert [(s.name, s.text) for s in one.sensors if s.kind == "temperature"] == [
        ("Inlet", "24.5 °C"),
        ("CPU", "51 °C"),
    ]
    assert one.states[0].health is Health.CRITICAL, "the worst comes first"
    assert (one.storages[0].total_bytes, one.storages[0].used_ratio) == (None, 0.92)
    assert [c.contained_in for c in one.components] == [None, 1]
    assert [(v.id, v.name) for v in one.vlans] == [(1, "default"), (30, "")]
    assert {"system", "inventory", "neighbours"} <= one.read.keys()


def test_a_device_that_never_answered_has_nothing_and_no_zeros(site):
    one = detail(site, "ap9")
    assert (one.ports, one.sensors, one.neighbours, one.read) == ((), (), (), {})
    assert one.device.uptime_seconds is None


def test_what_stopped_being_read_is_stale_by_its_own_interval(site):
    assert not detail(site).sensors[0].stale
    site.clock.advance(200)
    assert detail(site).sensors[0].stale
    site.clock.advance(400)
    site.latest.accept([table("processor", "sw1", "processor", {"CPU 0": (0.2,)}, site.clock.stamp())])
    site.clock.advance(1500)
    assert not detail(site).processors[0].stale, "it is read every ten minutes"


def test_a_port_has_everything_that_is_known_of_it(site):
    uplink, powered, vlan = (port(site, name) for name in ("Gi1/0/1", "Gi1/0/2", "Vlan30"))
    assert (uplink.ethernet, uplink.neighbours[0].device) == (True, "rt1")
    assert (powered.poe.state, powered.poe.consumption_watts) == ("delivering power", 6.4)
    assert (vlan.ethernet, vlan.state) == (False, PortState.UNKNOWN)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, PortState.UP),
        ({"oper": "down"}, PortState.DOWN),
        ({"oper": "lower layer down"}, PortState.DOWN),
        ({"oper": "down", "admin": "down"}, PortState.DISABLED),
        ({"errors_per_second": 0.2}, PortState.ERRORS),
        ({"oper": None}, PortState.UNKNOWN),
        ({"oper": "unknown"}, PortState.UNKNOWN),
        ({"stale": True}, PortState.UNKNOWN),
    ],
)
def test_a_port_has_one_state(site, change, state):
    assert port_state(replace(port(site, "Gi1/0/1").interface, **change)) is state


def test_the_faceplate_has_a_box_for_each_port_that_has_a_socket(site):
    plate = faceplate(detail(site).ports)
    assert [(bank.name, len(bank.boxes)) for bank in plate.banks] == [("Gi1/0", 24), ("Te1/1", 1)]
    boxes = {box.label: box for box in plate.banks[0].boxes}
    assert [boxes[n].mark for n in ("1", "4", "6", "24")] == ["U", "D", "E", "X"]
    assert (boxes["2"].powered, boxes["1"].powered) == (True, False)
    told = ("Gi1/0/2", "AP reading room", "up", "1 Gbit/s", "0.1 % used", "PoE delivering power 6.40 W")
    assert boxes["2"].title == " · ".join((*told, "to ap-reading eth0"))
    assert sum(number for *_, number in plate.counts) == 25


def test_what_both_ends_and_both_protocols_tell_is_one_link(site):
    graph = topology(look(site))
    assert [(link.a, link.a_port, link.b, link.b_port, link.source) for link in graph.links] == [
        ("device/rt1", "Gi0/1", "device/sw1", "Gi1/0/1", "lldp"),
        ("device/sw1", "Gi1/0/2", "neighbour/AA:01", "eth0", "lldp"),
        ("device/sw1", "Gi1/0/3", "device/ap9", "0", "lldp"),
    ]
    assert [(node.name, node.configured) for node in graph.nodes] == [
        ("rt1", True),
        ("sw1", True),
        ("ap9", True),
        ("ap-reading", False),
    ]


def test_a_device_without_neighbours_hangs_where_the_configuration_says():
    graph = topology(look(sample_site()))
    assert {(link.a, link.b, link.source) for link in graph.links} == {
        ("device/rt1", "device/sw1", CONFIGURED),
        ("device/sw1", "device/ap9", CONFIGURED),
    }


def test_links_of_a_device_that_fell_silent_are_old(site):
    assert not any(link.stale for link in topology(look(site)).links)
    site.clock.advance(600)
    assert all(link.stale for link in topology(look(site)).links)


def test_a_name_that_two_devices_have_identifies_neither(site):
    stamp = site.clock.stamp()
    for device in ("rt1", "ap9"):
        site.latest.accept([fact("system", device, {"sysName": "switch"}, stamp)])
    site.latest.accept([neighbours("sw1", [neighbour("Gi1/0/1", "switch", "1")], stamp)])
    assert detail(site).neighbours[0].device == ""


def test_a_neighbour_is_known_by_chassis_once_it_was_told_with_the_name(site):
    stamp = site.clock.stamp()
    told = [
        neighbour("Gi1/0/7", "", "eth1", remote_chassis="00:AA"),
        neighbour("Gi1/0/1", "rt1", "Gi0/1", remote_chassis="00:aa"),
    ]
    site.latest.accept([neighbours("sw1", told, stamp)])
    assert [one.device for one in detail(site).neighbours] == ["rt1", "rt1"]


def test_parallel_links_stay_apart_and_are_drawn_as_one_line(site):
    stamp = site.clock.stamp()
    pairs = (("Gi1/0/1", "Gi0/1"), ("Gi1/0/7", "Gi0/2"))
    site.latest.accept([neighbours("sw1", [neighbour(a, "rt1", b) for a, b in pairs], stamp)])
    site.latest.accept([neighbours("rt1", [neighbour(b, "sw1", a) for a, b in pairs], stamp)])
    graph = topology(look(site))
    assert [(link.a_port, link.b_port) for link in graph.links][:2] == [
        ("Gi0/1", "Gi1/0/1"),
        ("Gi0/2", "Gi1/0/7"),
    ]
    (wire,) = [w for w in site_map(graph).pictures["broad"].wires if "rt1 Gi0/1" in w.title]
    assert wire.upper_port == "rt1 Gi0/1 +1"


def test_the_map_has_at_most_sixty_boxes_and_counts_the_rest(site):
    told = [neighbour(f"Gi1/0/{n}", f"phone-{n}", "1", capabilities=["telephone"]) for n in range(100)]
    site.latest.accept([neighbours("sw1", told, site.clock.stamp())])
    drawing = site_map(topology(look(site)))
    assert (drawing.nodes, drawing.more_nodes) == (NODES_SHOWN, 43)
    names = {box.name for box in drawing.pictures["slim"].boxes}
    assert {"rt1", "sw1", "ap9"} <= names, "strangers push no device out"
    assert drawing.pictures["slim"].width <= 420


def test_the_edge_is_on_top_and_the_rest_below_its_switch(site):
    boxes = {box.name: box for box in site_map(topology(look(site))).pictures["broad"].boxes}
    assert boxes["rt1"].y < boxes["sw1"].y < boxes["ap9"].y
    assert (boxes["ap-reading"].tone, boxes["ap-reading"].word) == ("stranger", "not in register")
    assert (boxes["ap9"].tone, boxes["ap9"].word) == ("bad", "no answer")


LAYERS = st.lists(st.lists(st.integers(0, 40), unique=True, max_size=12), min_size=1, max_size=4)
ENDS = st.tuples(st.integers(0, 40), st.integers(0, 40))


@settings(max_examples=60)
@given(LAYERS, st.lists(ENDS, max_size=40), st.integers(1, 6))
def test_no_line_crosses_a_box_and_none_is_lost(layers, lines, columns):
    seen = set()
    names = [[str(n) for n in layer if not (n in seen or seen.add(n))] for layer in layers]
    plan = layout(names, [(str(a), str(b)) for a, b in lines], columns)
    assert plan.places.keys() == {name for layer in names for name in layer}
    assert len({(place.row, place.column) for place in plan.places.values()}) == len(plan.places)
    wanted = {
        frozenset((str(a), str(b))) for a, b in lines if a != b and {str(a), str(b)} <= plan.places.keys()
    }
    drawn = [frozenset(route.line) for route in plan.routes] + [frozenset(line) for line in plan.left_out]
    assert set(drawn) == wanted
    for route in plan.routes:
        for (x1, y1), (x2, y2) in strokes(route.path):
            assert 0 <= min(x1, x2) <= max(x1, x2) <= plan.width
            for place in plan.places.values():
                inside_x = max(x1, x2) > place.x and min(x1, x2) < place.x + BOX_WIDTH
                inside_y = max(y1, y2) > place.y and min(y1, y2) < place.y + BOX_HEIGHT
                assert not (inside_x and inside_y), (route, place)


def strokes(path):
    """Yield the straight pieces of a path of M, v, H and V."""
    x = y = 0
    for letter, numbers in re.findall(r"([MvHV])([-\d ]+)", path):
        first, *rest = map(int, numbers.split())
        to = {"M": (first, *rest), "v": (x, y + first), "H": (first, y), "V": (x, first)}[letter]
        if letter != "M":
            yield (x, y), to
        x, y = to


@given(st.text(max_size=40), st.integers(2, 20))
def test_a_shortened_text_fits_and_keeps_its_end(text, room):
    short = shortened(text, room)
    assert len(short) <= max(room, 2)
    assert not text or short[-1] == text[-1]


async def test_the_page_of_a_device_says_it_all_in_words(site):
    text = parsed(await device_page_of(site, "sw1")).words
    for words in (
        "sw1 answers",
        "WS-C2960X-24PS-L",
        "IOS 15.2(7)E4",
        "critical shutdown",
        "24.5 °C",
        "52 W of 370 W",
        "92 %",
        "ap-reading not in register",
        "2 VLANs",
        "U 1",
    ):
        assert words in text, words
    assert "None" not in text


async def test_a_silent_device_has_a_page_that_claims_nothing(site):
    text = parsed(await device_page_of(site, "ap9")).words
    assert "ap9 does not answer" in text
    assert "not known" in text
    for absent in ("Faceplate", "Sensors", "0 W", "Processors"):
        assert absent not in text


async def test_old_values_say_that_they_are_old(site):
    site.clock.advance(900)
    text = parsed(await device_page_of(site, "sw1")).words
    assert "Inlet stale 24.5 °C" in text
    assert "and the device is silent" in text
    assert "not known 25" not in text


async def test_the_map_is_part_of_the_main_page_and_its_words_do_not_depend_on_colour(site):
    html = (await main_page(site)).decode()
    section = html[html.index('<section id="map"') :]
    section = section[: section.index("</section>")]
    assert section.count("<svg") == 2
    for words in ("not in register", "no answer", "answers", "sw1 Gi1/0/2 to ap-reading eth0, by LLDP"):
        assert words in section


async def test_a_chassis_of_hundreds_of_ports_and_sensors_stays_a_page(site):
    stamp = site.clock.stamp()
    many = {f"Sensor {n}": (20.0 + n,) for n in range(400)}
    parts = [{"index": n, "name": f"Part {n}", "class": "module"} for n in range(3000)]
    site.latest.accept([table("sensor_temperature", "sw1", "sensor", many, stamp)])
    site.latest.accept([fact("inventory", "sw1", {"components": parts}, stamp)])
    html = await device_page_of(site, "sw1")
    assert len(html) < 250_000
    assert "2700 more are in the API" in parsed(html).text


def test_a_fact_of_another_form_is_not_known_and_breaks_nothing(site):
    stamp = site.clock.stamp()
    odd = [
        None,
        7,
        "x",
        [],
        {"neighbours": 5},
        {"index": True, "id": "1", "remote_addresses": "x", "name": 3},
    ]
    lists = {
        "inventory": "components",
        "neighbours": "neighbours",
        "vlans": "vlans",
        "addresses": "addresses",
    }
    for kind, name in lists.items():
        site.latest.accept([fact(kind, "sw1", {name: odd}, stamp)])
    site.latest.accept([fact("system", "sw1", {"vendor": 5, "hardware": None}, stamp)])
    one = detail(site)
    assert one.vlans == ()
    assert one.identity.vendor == ""
    assert topology(look(site)).nodes


def test_many_devices_are_one_pass():
    site = sample_site()
    names = [f"sw{n}" for n in range(200)]
    watched = {
        name: WatchedDevice(name, "switch", 30.0, parent=names[max(at - 1, 0)])
        for at, name in enumerate(names)
    }
    site.watch = replace(site.watch, devices=watched)
    equip(site)
    drawing = site_map(topology(look(site)))
    assert (drawing.nodes, drawing.more_nodes) == (NODES_SHOWN, 143)


async def test_a_wan_port_is_told_apart_in_the_legend(site):
    assert "WAN port" not in parsed(await device_page_of(site, "sw1")).words
    line = replace(site.watch.circuits["wan1"], wan_device="sw1", wan_interface="Gi1/0/1")
    site.watch = replace(site.watch, circuits={"wan1": line})
    html = await device_page_of(site, "sw1")
    assert b'class="port up wan"' in html
    assert "WAN port" in parsed(html).words
