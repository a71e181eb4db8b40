"""Documents: what pages and API say about interfaces, probes, devices and the verdict."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from fakes.context import FakeClock
from fakes.site_sample import (
    PORT_METRICS,
    SITE,
    SamplePort,
    device_records,
    earlier,
    reading,
    sample_site,
)  # fmt: skip

from netmon.model import Fact, Fault, Row, SlotState, counter, state
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS
from netmon.web.documents import MinuteDocument
from netmon.web.interfaces import interface_documents, natural, own_interface_documents
from netmon.web.snapshot import take
from netmon.web.views import (
    circuit_documents,
    device_documents,
    moment,
    probe_documents,
    verdict_document,
)


def look(site):
    return take(site.view, site.verdict(), site.clock.boottime_ns())


@pytest.fixture
def site():
    return sample_site(FakeClock())


def port(site, name, device="sw1"):
    return next(one for one in interface_documents(look(site), device) if one.name == name)


def test_ports_stand_in_the_order_in_which_people_count(site):
    names = [one.name for one in interface_documents(look(site), "sw1")]
    assert names == [f"Gi1/0/{n}" for n in range(1, 25)] + ["Te1/1/1"]


def test_any_name_has_a_place_in_the_natural_order():
    names = ["", "10", "9", "eth", "Gi1/0/10", "Gi1/0/2", "²", "ge-0/0/0.32767"]
    assert sorted(names, key=natural) == ["", "Gi1/0/2", "Gi1/0/10", "eth", "ge-0/0/0.32767", "²", "9", "10"]


def test_a_rate_is_what_grew_between_two_polls(site):
    wan = port(site, "Gi0/0", "rt1")
    assert wan.in_bits_per_second == pytest.approx(39_200_000)
    assert wan.circuit == "wan1"
    assert wan.speed_bits_per_second == 1e9


def test_errors_are_a_rate_too(site):
    assert port(site, "Gi1/0/6").errors_per_second == pytest.approx(3)


def test_a_port_without_64_bit_counters_is_counted_by_its_32_bit_ones(site):
    metrics = (counter("ifInOctets", "In.", 32), counter("ifHCInOctets", "In."), state("ifOperStatus", "Up."))
    row = Row((SITE, ("device", "sw1"), ("ifName", "old")))
    for seconds, octets in ((-10, 2**32 - 1000), (0, 9000)):
        stamp = earlier(site.clock.stamp(), seconds)
        site.latest.accept([reading("interface", metrics, [(row, (octets, None, 1))], stamp)])
    assert port(site, "old").in_bits_per_second == pytest.approx(8000)


def test_the_first_poll_gives_no_rate_and_not_zero():
    site = sample_site(FakeClock())
    stamp = site.clock.stamp()
    site.latest.accept(device_records("ap9", [SamplePort("eth0", octets_in=5)], stamp, 0))
    assert port(site, "eth0", "ap9").in_bits_per_second is None


def test_a_port_that_was_not_read_in_time_is_stale(site):
    assert not port(site, "Gi1/0/1").stale
    site.clock.advance(91)
    assert port(site, "Gi1/0/1").stale


def test_a_status_that_is_not_in_the_mib_is_not_known(site):
    row = Row((SITE, ("device", "sw1"), ("ifName", "odd")))
    cells = [None] * (len(PORT_METRICS) - 2) + [99, None]
    site.latest.accept([reading("interface", PORT_METRICS, [(row, cells)], site.clock.stamp())])
    assert port(site, "odd").oper is None
    assert port(site, "odd").speed_bits_per_second is None


def test_the_own_machine_has_interfaces_as_well(site):
    eth0 = next(one for one in own_interface_documents(look(site)) if one.name == "eth0")
    assert (eth0.oper, eth0.speed_bits_per_second) == ("up", 1e9)
    assert eth0.in_bits_per_second == pytest.approx(41_000 * 8)


def test_each_kind_of_probe_shows_the_time_that_matters(site):
    found = {one.probe: one for one in probe_documents(look(site)) if one.good}
    assert found["gateway"].answer_seconds == 0.00041
    assert found["names"].answer_seconds == 0.0182
    assert found["portal"].answer_seconds == 0.187
    assert found["portal"].http_status == 200


def test_how_long_a_failure_took_is_not_an_answer_time():
    site = sample_site(FakeClock(), line_down=True)
    anchor = next(one for one in probe_documents(look(site)) if one.probe == "anchors")
    assert (anchor.good, anchor.answer_seconds, anchor.loss_ratio) == (False, None, 1.0)


def test_a_probe_that_has_not_run_lately_is_stale_and_neither_good_nor_bad(site):
    site.clock.advance(600)
    assert {(one.good, one.stale) for one in probe_documents(look(site))} == {(None, True)}


def test_a_device_says_what_it_is_and_since_when(site):
    devices = {one.name: one for one in device_documents(look(site))}
    assert devices["sw1"].answers is True
    assert devices["sw1"].description == "Cisco IOS Software, C2960X"
    assert devices["sw1"].uptime_seconds == pytest.approx(354_239.995, abs=1)
    assert (devices["sw1"].ports_up, devices["sw1"].ports) == (15, 25)
    assert (devices["ap9"].answers, devices["ap9"].uptime_seconds) == (False, None)


def test_the_verdict_knows_when_something_beyond_the_router_last_answered():
    site = sample_site(FakeClock(), line_down=True)
    verdict = verdict_document(look(site))
    assert verdict.state == "down"
    assert verdict.last_answer.timestamp() == pytest.approx(site.clock.wall_ns() / 1e9 - 1500, abs=1)


def test_a_snapshot_does_not_change_when_the_latest_values_do(site):
    before = look(site)
    site.latest.drop((("device", "sw1"),))
    assert len(interface_documents(before, "sw1")) == 25
    assert interface_documents(look(site), "sw1") == ()


def test_there_is_no_sign_of_life_from_beyond_the_router_where_nothing_is_watched(site):
    near = {name: one for name, one in site.watch.probes.items() if one.role in ("gateway", "cpe")}
    site.watch = replace(site.watch, probes=near)
    assert verdict_document(look(site)).last_answer is None


def test_a_resolver_on_the_sites_own_network_is_no_sign_of_life_from_beyond(site):
    inner = {name: one for name, one in site.watch.probes.items() if one.role in ("gateway", "resolver")}
    site.watch = replace(site.watch, probes=inner)
    assert verdict_document(look(site)).last_answer is not None
    site.watch = replace(site.watch, near=(ip_network("0.0.0.0/0"),))
    assert verdict_document(look(site)).last_answer is None


def test_a_circuit_shows_its_last_minute_with_what_decided(site):
    now, key = site.clock.stamp(), (SITE, ("circuit", "wan1"))
    values = {
        "state": "down",
        "fault": "line",
        "degraded": None,
        "sentence": "The line is down.",
        "facts": ["a"],
    }
    row = Row(key, texts=(("netmon_circuit_fault_info", "line"),))
    told = reading(
        CIRCUIT_MINUTE,
        CIRCUIT_MINUTE_METRICS,
        [(row, (0, None, 1, *[None] * (len(CIRCUIT_MINUTE_METRICS) - 3)))],
        earlier(now, -45),
    )
    site.latest.accept([told, Fact(CIRCUIT_MINUTE, key, values, now)])
    first, second = circuit_documents(look(site))
    assert first.minute == MinuteDocument(
        moment(now.wall_ms - 45_000), SlotState.DOWN, Fault.LINE, None, "The line is down.", ("a",)
    )
    assert second.minute is None
    site.clock.advance(200)
    assert circuit_documents(look(site))[0].minute is None
