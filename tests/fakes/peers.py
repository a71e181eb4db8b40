"""The exporters whose names netmon keeps: Debian's, on loopback ports, with configurations made here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from fakes.ports import free_port
from fakes.servers import require
from prometheus_client.parser import text_string_to_metric_families

IF_TABLE, IF_X_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_COUNTERS = {
    **dict.fromkeys(("InOctets", "InUcastPkts", "InNUcastPkts", "InDiscards", "InErrors", "InUnknownProtos")),
    **dict.fromkeys(("OutOctets", "OutUcastPkts", "OutNUcastPkts", "OutDiscards", "OutErrors")),
}
PORT_METRICS = (
    ("ifIndex", f"{IF_TABLE}.1", "gauge"),
    ("ifType", f"{IF_TABLE}.3", "EnumAsInfo"),
    ("ifMtu", f"{IF_TABLE}.4", "gauge"),
    ("ifSpeed", f"{IF_TABLE}.5", "gauge"),
    ("ifPhysAddress", f"{IF_TABLE}.6", "PhysAddress48"),
    ("ifAdminStatus", f"{IF_TABLE}.7", "gauge"),
    ("ifOperStatus", f"{IF_TABLE}.8", "gauge"),
    ("ifLastChange", f"{IF_TABLE}.9", "gauge"),
    *((f"if{name}", f"{IF_TABLE}.{number}", "counter")
      for name, number in zip(_COUNTERS, (10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20), strict=True)),
    ("ifOutQLen", f"{IF_TABLE}.21", "gauge"),
    ("ifInMulticastPkts", f"{IF_X_TABLE}.2", "counter"),
    ("ifInBroadcastPkts", f"{IF_X_TABLE}.3", "counter"),
    ("ifOutMulticastPkts", f"{IF_X_TABLE}.4", "counter"),
    ("ifOutBroadcastPkts", f"{IF_X_TABLE}.5", "counter"),
    *((f"ifHC{way}{what}", f"{IF_X_TABLE}.{first + at}", "counter")
      for way, first in (("In", 6), ("Out", 10))
      for at, what in enumerate(("Octets", "UcastPkts", "MulticastPkts", "BroadcastPkts"))),
    ("ifLinkUpDownTrapEnable", f"{IF_X_TABLE}.14", "gauge"),
    ("ifHighSpeed", f"{IF_X_TABLE}.15", "gauge"),
    ("ifPromiscuousMode", f"{IF_X_TABLE}.16", "gauge"),
    ("ifConnectorPresent", f"{IF_X_TABLE}.17", "gauge"),
    ("ifCounterDiscontinuityTime", f"{IF_X_TABLE}.19", "gauge"),
)  # fmt: skip
_TYPES = {6: "ethernetCsmacd", 24: "softwareLoopback", 131: "tunnel"}
_UPTIME = "1.3.6.1.2.1.1.3.0"


def _metric(name, oid, kind, index="", **lookups):
    found = {"name": name, "oid": oid, "type": kind, "help": name}
    if index:
        found["indexes"] = [{"labelname": index, "type": "gauge"}]
        found["lookups"] = [
            {"labels": [index], "labelname": label, "oid": at, "type": kind}
            for label, (at, kind) in lookups.items()
        ]
    return found | ({"enum_values": _TYPES} if kind == "EnumAsInfo" else {})


def snmp_yml(community: str) -> str:
    """The modules if_mib, system, hrDevice and hrStorage; JSON is YAML."""
    names = {
        "ifDescr": (f"{IF_TABLE}.2", "DisplayString"),
        "ifName": (f"{IF_X_TABLE}.1", "DisplayString"),
        "ifAlias": (f"{IF_X_TABLE}.18", "DisplayString"),
    }
    system, host = "1.3.6.1.2.1.1", "1.3.6.1.2.1.25"
    storage = {
        "hrStorageDescr": (f"{host}.2.3.1.3", "DisplayString"),
        "hrStorageType": (f"{host}.2.3.1.2", "gauge"),
    }
    del storage["hrStorageType"]  # 0.21 cannot look up an identifier
    uptime = _metric("sysUpTime", _UPTIME[:-2], "gauge")
    modules = {
        "if_mib": {
            "walk": [IF_TABLE.rpartition(".")[0], IF_X_TABLE],
            "get": [_UPTIME, "1.3.6.1.2.1.2.1.0"],
            "metrics": [
                uptime,
                _metric("ifNumber", "1.3.6.1.2.1.2.1", "gauge"),
                *(_metric(*one, index="ifIndex", **names) for one in PORT_METRICS),
            ],
        },
        "system": {
            "get": [_UPTIME, f"{system}.1.0", f"{system}.5.0"],
            "metrics": [
                uptime,
                _metric("sysDescr", f"{system}.1", "DisplayString"),
                _metric("sysName", f"{system}.5", "DisplayString"),
            ],
        },
        "hrDevice": {
            "walk": [f"{host}.3.3.1.2"],
            "metrics": [_metric("hrProcessorLoad", f"{host}.3.3.1.2", "gauge", index="hrDeviceIndex")],
        },
        "hrStorage": {
            "walk": [f"{host}.2.3.1.{column}" for column in (3, 4, 5, 6)],
            "metrics": [
                _metric(name, f"{host}.2.3.1.{column}", "gauge", index="hrStorageIndex", **storage)
                for name, column in (
                    ("hrStorageAllocationUnits", 4),
                    ("hrStorageSize", 5),
                    ("hrStorageUsed", 6),
                )
            ],
        },
    }
    asked = {"version": 2, "auth": {"community": community}}
    text = json.dumps({name: {**module, **asked} for name, module in modules.items()})
    return re.sub(r'"(\d+)": ', r"\1: ", text)  # numbers of an enumeration must not be texts


@dataclass(frozen=True)
class Sample:
    """One sample of a scrape."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Peer:
    """A running exporter."""

    url: str

    def scrape(self, path: str = "/metrics", **query: str) -> list[Sample]:
        return scrape(f"{self.url}{path}?{urlencode(query)}")


def scrape(url: str) -> list[Sample]:
    """Return what a scrape shows."""
    with urllib.request.urlopen(url, timeout=15) as response:
        return samples(response.read().decode())


def samples(text: str) -> list[Sample]:
    """Return what a text shows; the parser must not rename the counters of MIBs."""
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("# TYPE"))
    families = text_string_to_metric_families(f"{plain}\n")
    return [Sample(s.name, dict(s.labels), s.value) for family in families for s in family.samples]


@contextmanager
def _peer(folder: Path, program: str, config: str, *arguments: str) -> Iterator[Peer]:
    port = free_port()
    file = folder / f"{program}.yml"
    file.write_text(config)
    command = [
        require(program),
        f"--config.file={file}",
        f"--web.listen-address=127.0.0.1:{port}",
        *arguments,
    ]
    with (folder / f"{program}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        peer, deadline = Peer(f"http://127.0.0.1:{port}"), time.monotonic() + 20
        while not _answers(peer):
            assert process.poll() is None, (folder / f"{program}.log").read_text()
            assert time.monotonic() < deadline, program
            time.sleep(0.05)
        yield peer
    finally:
        process.kill()
        process.wait()


def _answers(peer: Peer) -> bool:
    try:
        return bool(peer.scrape())
    except OSError:
        return False


def snmp_exporter(folder: Path, community: str):
    return _peer(folder, "prometheus-snmp-exporter", snmp_yml(community))


def blackbox_exporter(folder: Path, modules: Mapping[str, object]):
    return _peer(folder, "prometheus-blackbox-exporter", json.dumps({"modules": modules}))


def smokeping_prober(folder: Path, *hosts: str):
    privileged = ("--privileged",) if os.geteuid() == 0 else ()
    return _peer(folder, "prometheus-smokeping-prober", "targets: []\n", *privileged, *hosts)
