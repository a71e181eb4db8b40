"""What the devices of the sample site tell beyond their ports: neighbours, sensors, power, parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fakes.context import FakeClock
from fakes.site_sample import SITE, SampleSite, reading, sample_site

from collectors.power import PowerCollector
from collectors.resources import ResourcesCollector
from collectors.sensors import SensorsCollector
from collectors.wireless import WirelessCollector
from netmon.model import Fact, Json, Labels, Reading, Row, Stamp, Value, info
from netmon.model.metric import Metric

DECLARED: Mapping[str, tuple[Metric, ...]] = {
    **SensorsCollector.metrics,
    **ResourcesCollector.metrics,
    **PowerCollector.metrics,
    **WirelessCollector.metrics,
}
TYPE = info("ifType_info", "Type.", label="ifType")


def table(
    measurement: str,
    device: str,
    label: str,
    rows: Mapping[str, Sequence[Value]],
    stamp: Stamp,
    texts: Mapping[str, Labels] | None = None,
) -> Reading:
    """Return a reading as the collectors declare it: cells by the text of the row's own label."""
    made = [
        (Row((SITE, ("device", device), (label, name)), texts=(texts or {}).get(name, ())), cells)
        for name, cells in rows.items()
    ]
    return reading(measurement, DECLARED[measurement], made, stamp)


def neighbour(local_port: str, name: str, port: str, **more: Json) -> dict[str, Json]:
    """Return an entry of the fact, as LLDP tells it unless `more` says otherwise."""
    return {"protocol": "lldp", "local_port": local_port, "remote_sysname": name, "remote_port": port, **more}


def fact(kind: str, device: str, values: Mapping[str, Json], stamp: Stamp) -> Fact:
    return Fact(kind, (SITE, ("device", device)), values, stamp)


def neighbours(device: str, told: Iterable[dict[str, Json]], stamp: Stamp) -> Fact:
    return fact("neighbours", device, {"neighbours": list(told)}, stamp)


def equip(site: SampleSite) -> None:
    """Let router and switch tell everything that they can; the access point stays silent."""
    stamp = site.clock.stamp()
    site.latest.accept([*_measured(stamp), *_told(stamp)])
    _wire(site)


def equipped_site(clock: FakeClock | None = None, **kwargs) -> SampleSite:
    """Return the sample site with equipment."""
    site = sample_site(clock or FakeClock(), **kwargs)
    equip(site)
    return site


def _measured(stamp: Stamp) -> list[Reading]:
    states = {"PSU A": (1, 1, 1), "PSU B": (2, 3, 1), "Fan 1": (1, 1, 1)}
    words = {
        name: (("netmon_sensor_state_info", text),)
        for name, text in (("PSU A", "normal"), ("PSU B", "shutdown"), ("Fan 1", "normal"))
    }
    poe = {"Gi1/0/2": (1, 3, 3, 15.4, 6.4), "Gi1/0/5": (1, 4, None, None, 0.0)}
    return [
        table("sensor_temperature", "sw1", "sensor", {"Inlet": (24.5,), "CPU": (51.0,)}, stamp),
        table("sensor_fanspeed", "sw1", "sensor", {"Fan 1": (4200.0,)}, stamp),
        table("sensor_state", "sw1", "sensor", states, stamp, words),
        table("processor", "sw1", "processor", {"CPU 0": (0.17,)}, stamp),
        table("memory", "sw1", "memory", {"RAM": (2**31, 2**30, 0.5)}, stamp),
        table("storage", "sw1", "storage", {"flash": (None, None, 0.92)}, stamp),
        table("poe", "sw1", "group", {"1": (370.0, 52.0, 1)}, stamp),
        table("poe_port", "sw1", "ifName", poe, stamp),
        table("wireless", "rt1", "radio", {"radio0": (7, 36, 0.21, -95.0)}, stamp),
    ]


def _told(stamp: Stamp) -> list[Fact]:
    model, serial = "WS-C2960X-24PS-L", "FOC0000X0AA"
    system = {
        "vendor": "Cisco", "os": "ios", "os_title": "IOS", "hardware": model, "version": "15.2(7)E4",
        "serial": serial, "sysDescr": "Cisco IOS Software, C2960X", "sysName": "sw1.library.example",
    }  # fmt: skip
    parts: list[Json] = [
        {"index": 1, "class": "chassis", "name": "Switch 1", "model": model, "serial": serial},
        {"index": 5, "class": "powerSupply", "name": "PSU A", "contained_in": 1},
    ]
    at_switch = [
        neighbour("Gi1/0/1", "rt1", "Gi0/1"),
        neighbour("Gi1/0/2", "ap-reading", "eth0", capabilities=["wlanAccessPoint"], remote_chassis="AA:01"),
        neighbour("Gi1/0/2", "ap-reading", "eth0", protocol="cdp", remote_chassis="ap-reading"),
        neighbour("Gi1/0/3", "AP9", "0", remote_addresses=["10.3.0.9"]),
    ]
    return [
        fact("system", "sw1", system, stamp),
        fact("inventory", "sw1", {"components": parts}, stamp),
        fact("vlans", "sw1", {"vlans": [{"id": 1, "name": "default"}, {"id": 30}]}, stamp),
        fact("addresses", "sw1", {"addresses": [{"address": "10.3.0.2", "prefixlen": 24}]}, stamp),
        neighbours("sw1", at_switch, stamp),
        neighbours("rt1", [neighbour("Gi0/1", "SW1.library.example", "Gi1/0/1")], stamp),
    ]


def _wire(site: SampleSite) -> None:
    """Give all ports of the switch a type: Ethernet, but for a VLAN's."""
    latest = next(site.latest.rows("interface", (("device", "sw1"),)))
    for polled in (latest.before.reading, latest.reading):
        shape = polled.shape
        rows = tuple(replace(row, texts=((TYPE.name, "ethernetCsmacd"),)) for row in shape.rows)
        vlan = Row((SITE, ("device", "sw1"), ("ifName", "Vlan30")), texts=((TYPE.name, "propVirtual"),))
        cells = [(*values, 1) for values in zip(*polled.columns, strict=True)]
        nothing = (*[None] * len(shape.metrics), 1)
        whole = [*zip(rows, cells, strict=True), (vlan, nothing)]
        site.latest.accept([reading("interface", (*shape.metrics, TYPE), whole, polled.stamp)])
