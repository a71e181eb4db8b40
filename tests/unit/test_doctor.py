"""The doctor's judgements, on numbers that a test chooses."""

from __future__ import annotations

import fcntl
import os
import socket

import pytest
from fakes.context import make_context

from netmon.cli import doctor_host, doctor_site
from netmon.cli.doctor_finding import Level
from netmon.config.schema import Configuration
from netmon.config.site import CircuitSection, SiteSection
from netmon.latest import Latest
from netmon.model import Metric, Outcome, Reading, Row, Shape
from netmon.model.derived import RUN, RUN_OUTCOME, RUN_UP

SITE = ("site", "s1")


def seen(measurement: str, rows: dict[tuple, dict[str, float]]) -> Latest:
    """Return latest values of one reading: values by metric name, by the row's key."""
    names = list({name for values in rows.values() for name in values})
    shape = Shape(measurement, tuple(Metric(n, n) for n in names), tuple(Row((SITE, *key)) for key in rows))
    columns = tuple([values.get(name) for values in rows.values()] for name in names)
    latest = Latest()
    latest.accept([Reading(shape, make_context().clock.stamp(), columns, (Outcome.OK,) * len(rows))])
    return latest


def host(**values: float) -> Latest:
    good = {
        "clock_synchronised": 1, "clock_max_error_seconds": 0.02, "filesystem_readonly": 0,
        "filesystem_size_bytes": 32e9, "filesystem_free_bytes": 20e9,
    }  # fmt: skip
    return seen("host", {(): {f"netmon_host_{name}": value for name, value in (good | values).items()}})


def levels(findings) -> dict[str, Level]:
    return {finding.subject: finding.level for finding in findings}


@pytest.mark.parametrize(
    ("values", "subject", "level"),
    [
        ({}, "clock", Level.OK),
        ({"clock_synchronised": 0}, "clock", Level.WARN),
        ({"clock_max_error_seconds": 16.0}, "clock", Level.WARN),
        ({}, "disk", Level.OK),
        ({"filesystem_readonly": 1}, "disk", Level.FAIL),
        ({"filesystem_free_bytes": 1e8}, "disk", Level.FAIL),
        ({"filesystem_free_bytes": 1e9}, "disk", Level.WARN),
        ({"filesystem_free_bytes": None}, "disk", Level.WARN),
    ],
)
def test_clock_and_disk_are_judged_by_what_the_collector_read(values, subject, level):
    assert levels(doctor_host.own_numbers(host(**values)))[subject] is level


def card(speed_megabits: int, *, full: int = 1) -> dict[str, float]:
    prefix = "netmon_host_network_"
    return {
        f"{prefix}up": 1,
        f"{prefix}full_duplex": full,
        f"{prefix}speed_bytes_per_second": speed_megabits * 125_000,
    }


def circuit(down: str, **more) -> CircuitSection:
    return CircuitSection.model_validate({"id": "c1", "down": down, "up": "20Mbit/s", **more})


def test_half_duplex_is_a_failure_because_it_measures_itself():
    latest = seen("host_interface", {(("interface", "eth0"),): card(100, full=0)})
    assert levels(doctor_host.network_cards(latest, ())) == {"network card eth0": Level.FAIL}


def test_a_line_faster_than_the_card_is_said():
    latest = seen(
        "host_interface", {(("interface", "eth0"),): card(100), (("interface", "eth1"),): card(1000)}
    )
    assert "circuit c1" not in levels(doctor_host.network_cards(latest, [circuit("300Mbit/s")]))
    bound = circuit("300Mbit/s", source="eth0")
    assert levels(doctor_host.network_cards(latest, [bound]))["circuit c1"] is Level.WARN


def test_ping_sockets_that_are_not_permitted_come_with_the_one_line_remedy():
    def refuse(_family):
        raise PermissionError(1, "Operation not permitted")

    found = list(doctor_host.ping_sockets(refuse))
    assert {finding.level for finding in found} == {Level.WARN}
    assert all("ping_group_range" in finding.remedy for finding in found)


def test_a_machine_without_ipv6_is_told_apart_from_one_that_forbids_it():
    def only_v4(family):
        if family is socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")

    assert levels(doctor_host.ping_sockets(only_v4)) == {
        "ping over IPv4": Level.OK,
        "ping over IPv6": Level.WARN,
    }


def test_a_running_daemon_is_seen_by_its_lock(tmp_path):
    assert levels(doctor_host.state_folder(tmp_path))["daemon"] is Level.WARN
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert levels(doctor_host.state_folder(tmp_path))["daemon"] is Level.OK
    assert levels(doctor_host.state_folder(tmp_path / "new/one"))["state folder"] is Level.OK


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else_is_a_failure():
    assert levels(doctor_host.state_folder(doctor_host.Path("/proc/1"))) == {"state folder": Level.FAIL}


def test_routes_and_resolvers_are_read_from_the_files_of_the_machine(tmp_path):
    assert levels(doctor_host.routes(tmp_path)) == {"default route": Level.FAIL, "resolvers": Level.FAIL}
    (tmp_path / "proc/self/net").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "proc/self/net/route").write_text(
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
        "eth0 00000000 0100A8C0 0003 0 0 100 00000000 0 0 0\n"
    )
    (tmp_path / "etc/resolv.conf").write_text("nameserver 192.0.2.53\n")
    assert levels(doctor_host.routes(tmp_path)) == {"default route": Level.OK, "resolvers": Level.OK}


def wan(interface: str) -> Configuration:
    line = circuit("80Mbit/s", wan={"device": "router", "interface": interface})
    return Configuration(SiteSection(id="s1"), circuits=(line,))


def ports(*names: str) -> Latest:
    return seen(
        "interface", {(("device", "router"), ("ifName", name)): {"ifOperStatus": 1} for name in names}
    )


def test_a_wan_port_that_is_not_there_comes_with_the_nearest_name():
    [found] = doctor_site.wan_ports(ports("ge-0/0/0", "ge-0/0/1", "lo0"), wan("ge0/0/0"))
    assert found.level is Level.FAIL
    assert "'ge-0/0/0'" in found.remedy
    [found] = doctor_site.wan_ports(ports("ge-0/0/0"), wan("ge-0/0/0"))
    assert found.level is Level.OK


def test_a_router_that_showed_nothing_has_no_port_to_compare():
    [found] = doctor_site.wan_ports(Latest(), wan("ge-0/0/0"))
    assert found.level is Level.FAIL
    assert "mend device router first" in found.remedy


class Named:
    """A device as far as the doctor looks at it."""

    name = "router"


class Site:
    """A configuration with one device."""

    devices = (Named(),)


@pytest.mark.parametrize(
    ("outcome", "up", "level", "words"),
    [
        (Outcome.OK, 1, Level.OK, "answers to system"),
        (Outcome.TIMEOUT, 0, Level.FAIL, "does not answer to system: timeout"),
        (Outcome.DENIED, 1, Level.FAIL, "refuses system: denied"),
    ],
)
def test_a_device_is_judged_by_its_runs(outcome, up, level, words):
    key = (SITE, ("source", "system"), ("name", "system"), ("target", "router"))
    shape = Shape(RUN, (RUN_UP,), (Row(key, texts=((RUN_OUTCOME.name, outcome),)),))
    latest = Latest()
    latest.accept([Reading(shape, make_context().clock.stamp(), ([up],), (outcome,))])
    [found] = doctor_site.devices(latest, Site())
    assert (found.level, found.text) == (level, words)
    assert bool(found.remedy) is (level is Level.FAIL)
