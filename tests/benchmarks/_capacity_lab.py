"""What the benchmarks of bandwidth share: the emulated path or a shaped cable, with a capacity server."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _results import OURS, THEIRS
from fakes.capacity import serving
from fakes.namespaces import Host, two_hosts
from fakes.referee import BACKWARD, FAR, FORWARD, EmulatedPath, Truth, _plain, emulated_path

from probes.bandwidth.measured import Direction, Measured

CABLE_NEAR, CABLE_FAR = "10.97.0.1", "10.97.0.2"
# tbf counts the Ethernet header, too.
IP_OF_FRAME = 1500 / 1514


@contextmanager
def served_path() -> Iterator[tuple[EmulatedPath, Path]]:
    """Make the emulated path with a capacity server at its far end."""
    with (
        tempfile.TemporaryDirectory() as name,
        emulated_path(Path(name)) as path,
        serving(path.far, FAR, Path(name), cores=OURS),
    ):
        yield path, Path(name)


@contextmanager
def served_cable(*, offloads: bool) -> Iterator[tuple[Host, Host]]:
    """Make two hosts with a cable between them, and a capacity server on the second."""
    with (
        tempfile.TemporaryDirectory() as name,
        two_hosts(f"{CABLE_NEAR}/24", f"{CABLE_FAR}/24") as (near, far),
    ):
        if not offloads:
            _plain(near, "eth0")
            _plain(far, "eth0")
        with serving(far, CABLE_FAR, Path(name), cores=THEIRS):
            yield near, far


def shape(near: Host, far: Host, megabits: int, delay_ms: int) -> str:
    """Give both ends of the cable a rate and, where the kernel can, a delay; say what was done."""
    rate = ("tbf", "rate", f"{megabits}mbit", "burst", "256kb", "latency", "50ms")
    try:
        for host in (near, far):
            tc(host, "add", "root", "handle", "1:", "netem", "delay", f"{delay_ms}ms", "limit", "50000")
            tc(host, "add", "parent", "1:1", "handle", "10:", *rate)
    except subprocess.CalledProcessError:
        for host in (near, far):
            tc(host, "add", "root", *rate)
        return "tbf, without delay: this kernel has no netem"
    return f"tbf and {2 * delay_ms} ms"


def tc(host: Host, verb: str, *words: str) -> None:
    """Run tc(8) for the host's cable."""
    command = [*host.prefix, "tc", "qdisc", verb, "dev", "eth0", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=10)


def true_megabits(
    truth: Truth, found: Measured, direction: Direction, *, whole: bool = False
) -> float | None:
    """Return what the referee let through while the rate was taken, or all the time (IP); None of trains."""
    if found.curve is None or found.curve.window is None:
        return None
    window = (found.curve.ticks[0], found.curve.ticks[-1]) if whole else found.curve.window
    begin, end = (found.curve.began_ns + round(tick.seconds * 1e9) for tick in window)
    way = BACKWARD if direction is Direction.DOWN else FORWARD
    sizes = [
        packet.ip_bytes
        for packet in truth.packets()
        if packet.direction == way and packet.delivered and begin <= packet.sent_ns < end
    ]
    return sum(sizes) * 8e3 / (end - begin)
