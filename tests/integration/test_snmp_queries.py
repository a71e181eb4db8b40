"""Queries as dashboards and rules for snmp_exporter make them, at two sites that have devices of one name.

Once by remote-write into VictoriaMetrics, once scraped by Prometheus from /snmp as from snmp_exporter. The
names, labels and ways of matching are those of Grafana's library of SNMP dashboards; what matches must match
one to one, or the server refuses the query.
"""

import asyncio
import json
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from fakes.daemon import DaemonProcess
from fakes.servers import prometheus, victoria_metrics
from fakes.snmp_agent import COMMUNITY, FakePort, FakeSwitch, bench

from collectors.rules.mib_names import CISCO_SENSORS, HR_PROCESSORS, HR_STORAGES
from collectors.snmp.agent import object_id

pytestmark = pytest.mark.servers

CONFIG = """
[site]
id = "{site}"

[store]
commit_every = "1s"
hold_unsynced = "0s" # the machine that runs this may have no time server

[credential.lab]
version = "2c"
community = {{ env = "COMMUNITY" }}
allow_weak = true
"""
DEVICE = """
[[device]]
name = "{name}"
address = "127.0.0.1:{port}"
credential = "lab"
every = "1s"
collect = ["system", "interfaces", "resources", "sensors"]
"""
OUTPUT = '\n[output.remote_write]\nurl = "{url}/api/v1/write"\n'
EQUIPMENT = {
    f"{HR_PROCESSORS.entry}.2.1": 95,
    f"{HR_STORAGES.entry}.2.1": object_id((1, 3, 6, 1, 2, 1, 25, 2, 1, 2)),
    f"{HR_STORAGES.entry}.3.1": "Physical memory",
    f"{HR_STORAGES.entry}.4.1": 1024,
    f"{HR_STORAGES.entry}.5.1": 1000,
    f"{HR_STORAGES.entry}.6.1": 900,
    **{
        f"{CISCO_SENSORS.entry}.{column}.7": value
        for column, value in ((1, 8), (2, 9), (3, 1), (4, 421), (5, 1))
    },
    "1.3.6.1.2.1.47.1.1.1.1.7.7": "Inlet",
}
DEVICES, PORTS = 4, 3
MEMORY = 'hrStorageDescr!~".*(?i:(cache|buffer)).*",hrStorageType="1.3.6.1.2.1.25.2.1.2"'
CLAMPED = "topk(25, irate(ifHCInOctets{X}[1m]) * 8 < on (job, instance, ifName) clamp_min(SPEED, 100000000))"
UPLINK = 'ifAlias=~".*(?i:(uplink|internet|WAN|ISP)).*"'
INLET = 'entSensorType="8",entSensorScale="9"'
PER_PORT = {
    "speed, but no faster than the port": CLAMPED.replace("SPEED", "ifHighSpeed{X} * 1000000 or ifSpeed{X}"),
    "speed out": "avg by (job, instance, ifName) (rate(ifHCOutOctets{X}[1m]) * 8)",
    "flapping": "changes(ifOperStatus{X}[5m]) > 5 or ifOperStatus{X} * 0",
    **{
        f"packets: {name}": f"irate({name}{{X}}[1m]) >= 0"
        for name in (
            "ifHCInUcastPkts", "ifHCOutUcastPkts", "ifHCInMulticastPkts", "ifHCOutMulticastPkts",
            "ifHCInBroadcastPkts", "ifHCOutBroadcastPkts", "ifInDiscards", "ifOutDiscards", "ifInErrors",
            "ifOutErrors", "ifInUnknownProtos",
        )
    },
    **{
        f"states: {name}": f"{name}{{X}}"
        for name in (
            "ifOperStatus", "ifAdminStatus", "ifHighSpeed", "ifMtu", "ifLastChange", "ifConnectorPresent",
            "ifPromiscuousMode", "ifType_info", "ifPhysAddress",
        )
    },
}  # fmt: skip
PER_DEVICE = {
    "down although it should not be": f"ifOperStatus{{X,{UPLINK}}} == 2 and ifAdminStatus{{X}} != 2",
    "uptime": "sysUpTime{X} / 100 > 600",
    "names": "sum by (job, instance, sysName) (sysName{X})",
    "versions": 'label_replace(sysDescr{X}, "sysDescr", "$1", "sysDescr", ".*version (.+)")',
    "processors": 'avg by (job, instance) (hrProcessorLoad{X,hrDeviceType="1.3.6.1.2.1.25.3.1.3"}) > 90',
    "memory": f"avg by (job, instance) (hrStorageUsed{{X,{MEMORY}}} / hrStorageSize{{X,{MEMORY}}}) > 0.89",
    "temperature": f"entSensorValue{{X,{INLET}}} * 10 ^ -entSensorPrecision{{X}} == 42.1",
    "answers": "count by (job, instance) (snmp_scrape_pdus_returned{X} > 1)",
    "time of answers": "max by (job, instance) (min_over_time(snmp_scrape_duration_seconds{X}[5m])) < 50",
}
NOWHERE = {
    "restarted": "sysUpTime{X} / 100 < 600 and (sysUpTime{X} offset 10m) / 100 > 600",
    "empty answers": "snmp_scrape_pdus_returned{X} <= 1",
}
QUERIES = {**PER_PORT, **PER_DEVICE, **NOWHERE}
WANTED = {
    **dict.fromkeys(PER_PORT, DEVICES * PORTS),
    **dict.fromkeys(PER_DEVICE, DEVICES),
    **dict.fromkeys(NOWHERE, 0),
}


def switch(uptime):
    ports = [
        FakePort(n, f"Gi0/{n}".encode(), alias=b"uplink" if n == 1 else b"") for n in range(1, PORTS + 1)
    ]
    return FakeSwitch(ports, uptime, changes=dict(EQUIPMENT))


@asynccontextmanager
async def sites(folder, more=""):
    """Two sites with a core and an edge switch each, watched by a daemon each."""
    async with AsyncExitStack() as stack:
        found = []
        for site in ("lib", "school"):
            made = [await stack.enter_async_context(bench(switch(123_456 + 100 * n))) for n in range(2)]
            devices = "".join(
                DEVICE.format(name=name, port=one.device.port)
                for name, one in zip(("core", "edge"), made, strict=True)
            )
            (folder / site).mkdir()
            config = CONFIG.format(site=site) + devices + more
            daemon = DaemonProcess(folder / site, config, {"COMMUNITY": COMMUNITY})
            stack.callback(daemon.kill)
            await asyncio.to_thread(daemon.start)
            found.append((daemon, [one.device.port for one in made]))
        yield found


def results(server, query):
    answer = server.json("/api/v1/query", query=query, time=f"{time.time():.3f}")
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


def answers(server, selector):
    """Wait until all series have come, and twice; then ask everything: how many results each has."""
    deadline = time.monotonic() + 60
    for name, wanted in (("temperature", DEVICES), ("speed out", DEVICES * PORTS)):
        while len(results(server, asked(name, selector))) < wanted:
            assert time.monotonic() < deadline, name
            time.sleep(0.2)
    return {name: len(results(server, asked(name, selector))) for name in QUERIES}


def asked(name, selector):
    return QUERIES[name].replace("{X", "{" + selector)


async def test_by_remote_write_two_sites_with_equal_device_names_are_told_apart(tmp_path):
    with victoria_metrics(tmp_path) as server:
        async with sites(tmp_path, OUTPUT.format(url=server.url)):
            assert await asyncio.to_thread(answers, server, 'job="netmon"') == WANTED
            ports = await asyncio.to_thread(
                results, server, 'count by (instance) (ifOperStatus{job="netmon"})'
            )
    assert {one["metric"]["instance"] for one in ports} == {
        "lib/core", "lib/edge", "school/core", "school/edge",
    }  # fmt: skip


def job(number, daemon, ports):
    """A scrape job as for snmp_exporter; only the address at its end is netmon's."""
    return {
        "job_name": f"site-{number}",
        "metrics_path": "/snmp",
        "params": {"module": ["if_mib,system,hrDevice,hrStorage,cisco_device"], "auth": ["public_v2"]},
        "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{daemon.port}"},
        ],
    }


async def test_scraped_from_netmon_instead_of_snmp_exporter_the_queries_stay_as_they_are(tmp_path):
    async with sites(tmp_path) as found:
        jobs = [job(number, daemon, ports) for number, (daemon, ports) in enumerate(found)]
        config = json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs})
        with prometheus(tmp_path, config) as server:
            assert await asyncio.to_thread(answers, server, 'job=~"site-.*"') == WANTED
            up = await asyncio.to_thread(results, server, "up")
    assert [one["value"][1] for one in up] == ["1"] * DEVICES
