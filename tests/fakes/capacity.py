"""A capacity server on another host, and what the referee says a line carried."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from fakes.context import make_context
from fakes.namespaces import Host

from netmon import sdk
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.iperf3 import PORT as IPERF3_PORT
from probes.bandwidth.iperf3 import Iperf3
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Ask, Measured
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import find_place
from probes.bandwidth.probe import BandwidthProbe, BandwidthSettings
from probes.bandwidth.server.desk import Desk, Limits
from probes.bandwidth.server.web_server import CapacityServer
from probes.bandwidth.trains import Trains

TOKEN = "a-token-for-tests-only"
PORT = 8862


@contextmanager
def serving(
    host: Host, address: str, folder: Path, *options: str, cores: set[int] | None = None
) -> Iterator[int]:
    """Run `netmon reflector` on a host, for everybody who knows the token; gives its process."""
    token = folder / "token"
    token.write_text(TOKEN)
    command = [sys.executable, "-P", "-m", "netmon", "reflector", "--listen", address, "--allow", "0.0.0.0/0"]
    command += [
        "--capacity",
        f"{address}:{PORT}",
        "--token-file",
        str(token),
        "--tests-per-hour",
        "10000",
        *options,
    ]
    process = subprocess.Popen(
        [*host.prefix, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        while "for 0.0.0.0/0" not in (line := process.stderr.readline()):
            assert line, "the reflector ended at once"
        if cores:
            os.sched_setaffinity(process.pid, cores)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stderr.close()


@asynccontextmanager
async def capacity_server(
    token: str = "", tls: ssl.SSLContext | None = None, **limits: int
) -> AsyncIterator[int]:
    """Serve capacity tests on loopback, in this process; gives the port."""
    desk = Desk((ip_network("127.0.0.0/8"),), token, Limits(**limits), sdk.SystemClock())
    server = CapacityServer(desk)
    await server.open("127.0.0.1", 0, tls)
    try:
        yield server.port
    finally:
        await server.close()


async def run_test(host: Host, address: str, kind: str, ask: Ask, most_bytes: int) -> tuple[Measured, Meter]:
    """Test once from a host; connections are made there."""
    context, clock = make_context(), sdk.SystemClock()
    folder = "/backend/" if kind == "http" else "/"
    port = IPERF3_PORT if kind == "iperf3" else PORT
    with host.entered():
        place = await find_place(context, f"http://{address}:{port}{folder}", "any", None, TOKEN)
        place = replace(place, client="the lab")
        method = {
            "ndt7": lambda: Ndt7(place, clock, None),
            "http": lambda: HttpStreams(place, clock, Paths()),
            "trains": lambda: Trains(place, clock, None),
            "iperf3": lambda: Iperf3(place),
        }[kind]()
        meter = Meter(context.ledger, "", most_bytes)
        return await method.run(ask, meter), meter


async def probed(host: Host, address: str, folder: Path, timeout_seconds=30.0, **settings):
    """Run the probe once from a host; gives its records and its story."""
    story: list[str] = []
    overrides = {name: settings.pop(name) for name in ("circuits", "ledger") if name in settings}
    context = make_context(trace=story.append, **overrides)
    circuit = next(iter(context.circuits), "")
    assignment = sdk.Assignment("bandwidth", (address,), 60.0, timeout_seconds, circuit=circuit)
    settings.setdefault("token_file", str(folder / "token"))
    probe = BandwidthProbe(assignment, BandwidthSettings.model_validate_json(json.dumps(settings)))
    try:
        with host.entered():
            await probe.open(context)
            records = await probe.read()
    finally:
        await probe.close()
        await context.shared.close()
    return records, story


def megabits(measured: Measured, layer: Layer = Layer.IP) -> float:
    """Return the rate in Mbit/s."""
    return measured.rate(layer) / 1e6
