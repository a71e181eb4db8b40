"""A capacity server on another host, and what the referee says a line carried."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.context import make_context
from fakes.namespaces import Host

from netmon import sdk
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Ask, Direction, Measured
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import find_place
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


async def tested(
    host: Host,
    address: str,
    kind: str,
    direction: Direction,
    ask: Ask | None = None,
    most_bytes: int = 10**10,
) -> tuple[Measured, Meter]:
    """Test once from a host; connections are made there."""
    context, clock = make_context(), sdk.SystemClock()
    ask = ask or Ask(direction, 10.0, 4, until_steady=True)
    folder = "/backend/" if kind == "http" else "/"
    with host.entered():
        place = await find_place(context, f"http://{address}:{PORT}{folder}", "any", None, TOKEN)
        method = {
            "ndt7": lambda: Ndt7(place, clock, None),
            "http": lambda: HttpStreams(place, clock, Paths()),
            "trains": lambda: Trains(place, clock, None),
        }[kind]()
        meter = Meter(context.ledger, "", most_bytes)
        return await method.run(ask, meter), meter


def megabits(measured: Measured, layer: Layer = Layer.IP) -> float:
    """Return the rate in Mbit/s."""
    return measured.rate(layer) / 1e6
