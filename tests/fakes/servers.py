"""Real servers from the distribution, on loopback ports of their own, in temporary folders.

with influxd(tmp_path) as server:        # skips with the reason when it is not installed
    server.kill(); server.start()        # a crash, and the same data again
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.ports import free_port

_READY_SECONDS = 30.0


def require(program: str) -> str:
    """Return the path of a program; skip the test without it (fail where servers are required)."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        reason = f"{program} is not installed"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class Server:
    """A program that serves HTTP; its data outlive it until the test ends."""

    command: Sequence[str]
    url: str
    ready_path: str
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start it; by default wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        deadline = time.monotonic() + _READY_SECONDS
        while wait and not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(
                    f"{self.command[0]} did not start:\n{self.log.read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.02)

    def ready(self) -> bool:
        """Tell whether it answers now."""
        try:
            return self.get(self.ready_path)[0] < 300
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def get(self, path: str, **parameters: str) -> tuple[int, bytes]:
        """GET a path; OSError when nothing answers."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        try:
            with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=10) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def post(self, path: str, body: bytes) -> int:
        """POST a body and return the status."""
        request = urllib.request.Request(f"{self.url}{path}", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status

    def json(self, path: str, **parameters: str):
        """GET a JSON document."""
        status, body = self.get(path, **parameters)
        assert status == 200, (status, body)
        return json.loads(body)


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def influxd(folder: Path, http: str = "") -> Iterator[Server]:
    """Run InfluxDB 1.x; `http` holds further lines of its [http] section."""
    program, port = require("influxd"), free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-enabled = false\nbind-address = "127.0.0.1:0"\n[meta]\ndir = "{folder / "meta"}"\n'
        f'[data]\ndir = "{folder / "data"}"\nwal-dir = "{folder / "wal"}"\n'
        f'[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n{http}\n'
        "[monitor]\nstore-enabled = false\n"
    )
    command = (program, "-config", str(config))
    with _running(Server(command, f"http://127.0.0.1:{port}", "/ping", folder / "influxd.log")) as server:
        yield server


@contextmanager
def victoria_metrics(folder: Path, *flags: str) -> Iterator[Server]:
    """Run VictoriaMetrics; what it took is visible after its look-back of 30 s or `/internal/force_flush`."""
    program, port = require("victoria-metrics"), free_port()
    command = (
        program,
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder / 'victoria'}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
        *flags,
    )
    with _running(Server(command, f"http://127.0.0.1:{port}", "/health", folder / "victoria.log")) as server:
        yield server


@contextmanager
def prometheus(folder: Path, config: str, *flags: str) -> Iterator[Server]:
    """Run Prometheus with a configuration (YAML)."""
    program, port = require("prometheus"), free_port()
    (folder / "prometheus.yml").write_text(config)
    command = (
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        *flags,
    )
    with _running(
        Server(command, f"http://127.0.0.1:{port}", "/-/ready", folder / "prometheus.log")
    ) as server:
        yield server
