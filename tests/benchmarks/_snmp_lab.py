"""What the SNMP benchmarks share: simulated switches, the 673 varbinds, the peer, and CPU seconds."""

from __future__ import annotations

import http.client
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from _results import OURS, THEIRS, attempt, cpu_seconds, report, say
from fakes.ports import free_port
from fakes.simagent import build_simagent, free_udp_port

from collectors.snmp.interface_fields import ERRORS, HIGH_CAPACITY, STATES, Field

__all__ = ["OURS", "THEIRS", "attempt", "cpu_seconds", "report", "say"]

PORTS = 48
FIELDS: tuple[Field, ...] = (
    *STATES,
    *(field for field in ERRORS if field.metric.name != "ifInUnknownProtos"),
    *HIGH_CAPACITY,
)
VARBINDS = PORTS * len(FIELDS) + 1
"""14 columns of 48 ports, and sysUpTime."""
UPTIME_OID = "1.3.6.1.2.1.1.3.0"
COMMUNITY = "public"
REPLY_OCTETS = 1472
EXPORTER = "prometheus-snmp-exporter"


def dotted(field: Field) -> str:
    return ".".join(map(str, field.wanted.oid))


def address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


@contextmanager
def agents() -> Iterator[int]:
    """Serve every 127.x.y.z as a switch with live counters, on the port that is given."""
    program = build_simagent()
    if program is None:
        raise SystemExit("gcc is needed to build the simulated switch")
    port = free_udp_port()
    command = [str(program), "-p", str(port), "-n", str(PORTS), "-L", "-q", "-s", str(REPLY_OCTETS)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, THEIRS)
    try:
        while f":{port:04X} " not in Path("/proc/net/udp").read_text():
            time.sleep(0.01)
        yield port
    finally:
        process.kill()
        process.wait()


def status_kb(what: str, pid: int | str = "self") -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1])
    raise AssertionError(what)


def module_yaml() -> str:
    """The peer's configuration for exactly these columns."""
    lines = ["lean:", "  walk:", *(f"  - {dotted(field)}" for field in FIELDS)]
    lines += ["  get:", f"  - {UPTIME_OID}", "  metrics:"]
    lines += ["  - name: sysUpTime", f"    oid: {UPTIME_OID[:-2]}", "    type: gauge", "    help: sysUpTime"]
    for field in FIELDS:
        kind = "gauge" if field in STATES else "counter"
        lines += [f"  - name: {field.metric.name}", f"    oid: {dotted(field)}", f"    type: {kind}"]
        lines += [
            f"    help: {field.metric.name}",
            "    indexes:",
            "    - labelname: ifIndex",
            "      type: gauge",
        ]
    lines += ["  max_repetitions: 50", "  retries: 2", "  timeout: 10s", "  version: 2"]
    return "\n".join([*lines, "  auth:", f"    community: {COMMUNITY}", ""])


class Exporter(NamedTuple):
    """The running peer."""

    pid: int
    port: int
    agent_port: int

    def scrape(self, connection: http.client.HTTPConnection, device: int) -> bytes:
        connection.request("GET", f"/snmp?module=lean&target={address(device)}:{self.agent_port}")
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body[:200]
        return body

    def ms_per_scrape(self, devices: int, together: int, seconds: float) -> float:
        """Scrape devices over and over; return the peer's CPU per scrape in milliseconds."""
        os.sched_setaffinity(0, THEIRS)
        done = [0] * together
        before, end = cpu_seconds(self.pid), time.monotonic() + seconds

        def drive(worker: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            while time.monotonic() < end:
                for device in range(worker, devices, together):
                    self.scrape(connection, device)
                    done[worker] += 1
            connection.close()

        threads = [threading.Thread(target=drive, args=(worker,)) for worker in range(together)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return 1000 * (cpu_seconds(self.pid) - before) / sum(done)


@contextmanager
def exporter(folder: Path, agent_port: int) -> Iterator[Exporter]:
    """Run the peer on one core; its driver runs in this process, on the other one."""
    (folder / "snmp.yml").write_text(module_yaml())
    port = free_port()
    process = subprocess.Popen(
        [EXPORTER, f"--config.file={folder / 'snmp.yml'}", f"--web.listen-address=127.0.0.1:{port}"],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "GOMAXPROCS": "1"},
    )
    os.sched_setaffinity(process.pid, OURS)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, THEIRS)
    peer = Exporter(process.pid, port, agent_port)
    try:
        _wait_for(port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        text = peer.scrape(connection, 0).decode()
        connection.close()
        assert text.count('{ifIndex="') == VARBINDS - 1, "the peer must read the same cells"
        yield peer
    finally:
        os.sched_setaffinity(0, before)
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
        except OSError:
            assert time.monotonic() < end, "the peer does not start"
            time.sleep(0.1)
        else:
            return


def exporter_version() -> str:
    text = subprocess.run([EXPORTER, "--version"], capture_output=True, text=True, check=True)
    return f"{EXPORTER} {(text.stdout + text.stderr).split('version ', 1)[1].split()[0].split('+')[0]}"
