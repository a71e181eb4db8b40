"""The daemon and the servers behind its sinks, killed again and again; then who has what."""

from __future__ import annotations

import contextlib
import gzip
import json
import math
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fakes.daemon import DaemonProcess
from fakes.servers import Server

from netmon.model import Reading
from netmon.store.reader import open_reader

Point = tuple[str, int]
"""A target, and a time in ms."""

CONFIG = """
[site]
id = "lib"

[store]
commit_every = "200ms"
hold_unsynced = "0s" # the machine that runs this may have no time server

[[probe]]
name = "web"
type = "tcp"
role = "anchor"
targets = [{targets}]
every = "1s"
timeout = "500ms"

[output.influxdb]
url = "{influx}"
database = "netmon"
timeout = "2s"

[output.remote_write]
url = "{victoria}/api/v1/write"
timeout = "2s"

[output.file]
folder = "{files}"
rotate_bytes = "100kB"
gzip = true
"""


@dataclass
class Storm:
    """What is killed how often. A server is down for half of `server_seconds`, each time."""

    daemon: DaemonProcess
    servers: tuple[Server, Server]
    daemon_kills: int
    server_kills: int
    server_seconds: float
    random: Random = field(default_factory=lambda: Random(1))

    def rage(self) -> None:
        """Kill; at the end everything runs."""
        threads = [
            threading.Thread(target=self._toggle, args=(server, self.server_seconds * n / 4))
            for n, server in enumerate(self.servers)
        ]
        for thread in threads:
            thread.start()
        for _ in range(self.daemon_kills):
            time.sleep(self.random.uniform(0.2, 1.2))
            self.daemon.kill()
            self.daemon.start()
        for thread in threads:
            thread.join()

    def _toggle(self, server: Server, delay_seconds: float) -> None:
        time.sleep(delay_seconds)
        for _ in range(self.server_kills):
            server.kill()
            time.sleep(self.server_seconds / 2)
            server.start()
            time.sleep(self.server_seconds / 2)


@contextlib.contextmanager
def listener() -> Iterator[int]:
    """A TCP port that somebody answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    server.accept()[0].close()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


def config(ports: list[int], influx: Server, victoria: Server, files: Path) -> str:
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    return CONFIG.format(targets=targets, influx=influx.url, victoria=victoria.url, files=files)


def stored(state: Path) -> dict[Point, float]:
    """Every committed duration of the TCP probe."""
    reader, found, position = open_reader(state), {}, 0
    try:
        while entries := reader.after(position, 5000):
            position = entries[-1].position
            for entry in entries:
                if isinstance(entry.record, Reading) and entry.record.shape.measurement == "tcp":
                    found |= _points(entry.record)
        return found
    finally:
        reader.close()


def _points(reading: Reading) -> dict[Point, float]:
    at = next(n for n, m in enumerate(reading.shape.metrics) if m.name == "probe_duration_seconds")
    return {
        (dict(row.key)["target"], reading.stamp.wall_ms): value
        for row, value in zip(reading.shape.rows, reading.columns[at], strict=True)
        if value is not None
    }


def in_influx(server: Server) -> Counter[tuple[Point, float]]:
    q = 'SELECT "probe_duration_seconds" FROM "tcp" GROUP BY "target", "clock"'
    result = server.json("/query", db="netmon", q=q, epoch="ms")["results"][0]
    return Counter(
        ((one["tags"]["target"], at), value)
        for one in result.get("series", ())
        for at, value in one["values"]
        if value is not None
    )


def in_victoria(server: Server) -> Counter[tuple[Point, float]]:
    server.get("/internal/force_flush")
    match = 'probe_duration_seconds{probe="web"}'
    status, body = server.get("/api/v1/export", **{"match[]": match})
    assert status == 200
    return Counter(
        ((one["metric"]["target"], at), value)
        for one in map(json.loads, body.splitlines())
        for at, value in zip(one["timestamps"], one["values"], strict=True)
        if value is not None  # the marker of a series that ended
    )


def in_files(folder: Path) -> Counter[tuple[Point, float]]:
    found: Counter[tuple[Point, float]] = Counter()
    for path in folder.glob("netmon-*"):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if path.suffix == ".part":
            data = data[: int(path.name.split(".")[-2])]
        for line in data.decode().splitlines():
            head, fields, at = line.rsplit(" ", 2)
            values = dict(part.split("=") for part in fields.split(",")) if head.startswith("tcp,") else {}
            if "probe_duration_seconds" in values:
                tags = dict(part.split("=") for part in head.split(",")[1:])
                found[(tags["target"], int(at)), float(values["probe_duration_seconds"])] += 1
    return found


def wait_for_all(storm: Storm, files: Path, timeout_seconds: float = 90.0) -> dict[str, tuple[int, int, int]]:
    """Wait until every receiver has what is stored now; then stop, and count.

    Return (stored, lost, doubled) by receiver.
    """
    influx, victoria = storm.servers
    readers = {
        "influxdb": lambda: in_influx(influx),
        "victoria-metrics": lambda: in_victoria(victoria),
        "file": lambda: in_files(files),
    }
    truth = stored(storm.daemon.state)
    deadline = time.monotonic() + timeout_seconds
    while any(missing(truth, read()) for read in readers.values()) and time.monotonic() < deadline:
        time.sleep(0.3)
    storm.daemon.stop()
    found = {name: read() for name, read in readers.items()}
    return {
        name: (len(truth), len(missing(truth, counts)), sum(n - 1 for n in counts.values()))
        for name, counts in found.items()
    }


def missing(truth: dict[Point, float], counts: Counter[tuple[Point, float]]) -> list[Point]:
    """Return what a receiver has not, or has with another value.

    VictoriaMetrics keeps decimal digits, and not all that a double has; rounding both would make two
    values of what differs in the last bit.
    """
    there: dict[Point, list[float]] = {}
    for point, value in counts:
        there.setdefault(point, []).append(value)
    return [
        point
        for point, value in truth.items()
        if not any(math.isclose(value, one, rel_tol=1e-9) for one in there.get(point, ()))
    ]
