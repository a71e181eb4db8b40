"""How far from the truth: our probes and others over one emulated path, against its per-packet log.

Quiet, and with the event loop (or, for other programs, the core) busy 5 ms in every 20. An error is what
the tool said less what the referee saw at the near host's interface; its 99th percentile is over sizes.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import fmean

import _probe_peers as peers
from _probe_lab import (
    ADDRESSES,
    DNS_PORT,
    HTTP_PORT,
    Trips,
    described,
    errors_us,
    load,
    measured,
    p99,
    path_with_services,
    true_answers,
    true_echoes,
    true_first_bytes,
    true_handshakes,
)
from _results import OURS, report, say
from fakes.referee import EmulatedPath, Packet

from probes import dns, http, icmp, tcp

BENCH = "probe_accuracy"
RUNS, ROUNDS, EVERY_SECONDS = 3, 20, 0.2
SHAPE = ("delay=5ms,jitter=1ms,fifo=1", "delay=5ms")
KINDS = ("icmp", "tcp", "http", "dns")
GOAL_US = {"icmp": 50, "tcp": 100, "http": 50, "dns": 50}
TRUTH: dict[str, Callable[[list[Packet]], Trips]] = {
    "icmp": true_echoes,
    "tcp": true_handshakes,
    "http": true_first_bytes,
    "dns": true_answers,
}


def ours(kind: str, *, busy: bool) -> Trips:
    """Measure with our own probe, as the daemon does."""
    metric = {"icmp": icmp.RTT, "tcp": tcp.CONNECT, "http": http.PROCESSING, "dns": dns.REQUEST}[kind]
    source = {"icmp": icmp.IcmpProbe, "tcp": tcp.TcpProbe, "http": http.HttpProbe, "dns": dns.DnsProbe}[kind]
    settings = {"icmp": {"packets": 1}}.get(kind, {})
    form = {"icmp": "{}", "tcp": f"{{}}:{HTTP_PORT}", "http": f"http://{{}}:{HTTP_PORT}/"}
    shown = form.get(kind, f"{{}}:{DNS_PORT}")
    targets = [shown.format(address) for address in ADDRESSES]
    return asyncio.run(measured(source, metric, targets, ROUNDS, EVERY_SECONDS, busy=busy, **settings))


def error(path: EmulatedPath, kind: str, measure: Callable[[], Trips]) -> list[float]:
    """Measure over the path; return the errors in microseconds."""
    with path.emulating(*SHAPE) as truth:
        found = measure()
    return errors_us(found, TRUTH[kind](truth.packets()))


def peers_of(path: EmulatedPath, kind: str, *, busy: bool) -> dict[str, Callable[[], Trips]]:
    """Return who else measures this, by name."""

    def in_the_near_host() -> Trips:
        with path.near.entered():
            return asyncio.run(peers.icmplib(ROUNDS, busy=busy))

    def on_a_core(measure: Callable[..., Trips], *words: object) -> Callable[[], Trips]:
        def run() -> Trips:
            with load(busy=busy):
                return measure(path, *words)

        return run

    found = {peers.BLACKBOX: on_a_core(peers.blackbox, kind, ROUNDS)}
    if kind == "icmp":
        found |= {"fping": on_a_core(peers.fping, ROUNDS), "ping": on_a_core(peers.ping, ROUNDS)}
        found["icmplib"] = in_the_near_host
    return found


def version_of(name: str) -> str:
    if name == "icmplib":
        return peers.installed(name)
    return peers.version(peers.need(name), {"ping": "-V"}.get(name, "--version")).rpartition("/")[2]


@dataclass
class Rival:
    """Somebody who measures the same, and the errors of each run (us); `missing` says why there are none."""

    name: str
    measure: Callable[[], Trips]
    missing: str = ""
    errors: list[list[float]] = field(default_factory=list)

    @property
    def p99_us(self) -> float | None:
        """The run in the middle."""
        return round(statistics.median(map(p99, self.errors)), 1) if self.errors else None

    @property
    def median_us(self) -> float:
        return statistics.median(error for errors in self.errors for error in errors)


def compare(path: EmulatedPath, kind: str, *, busy: bool) -> None:
    """Measure one kind with everybody, one after the other, several times."""
    state = "loop busy 5 ms in every 20" if busy else "quiet"

    def mine() -> Trips:
        with path.near.entered():
            return ours(kind, busy=busy)

    rivals = [Rival("netmon", mine)]
    rivals += [Rival(name, measure) for name, measure in peers_of(path, kind, busy=busy).items()]
    for _ in range(RUNS):
        for rival in rivals:
            _run(path, kind, rival)
            say(f"{kind}, {state}, {rival.name}: {rival.missing or described(rival.errors[-1])}")
    for rival in rivals[1:]:
        _say_result(kind, state, rivals[0], rival)
    if kind == "icmp":
        _smokeping(path, rivals[0], state, busy=busy)


def _run(path: EmulatedPath, kind: str, rival: Rival) -> None:
    try:
        shown = rival.name if rival.name == "netmon" or rival.errors else version_of(rival.name)
        rival.errors.append(error(path, kind, rival.measure))
        rival.name = shown
    except (ImportError, FileNotFoundError) as problem:
        rival.missing = f"not installed: {problem}"


def _say_result(kind: str, state: str, ours: Rival, theirs: Rival) -> None:
    """Print one line: our figure beside one peer's."""
    found = theirs.missing or f"peer median {theirs.median_us:.0f} us"
    report(
        BENCH, "error_p99_us", ours.p99_us, "us", peer=theirs.name, lower=True, peer_value=theirs.p99_us,
        runs=RUNS, note=f"{kind}, {state}, 400 probes a run: median {ours.median_us:.1f} us; {found}",
        probe=kind, load=state, goal=GOAL_US[kind],
    )  # fmt: skip


def _smokeping(path: EmulatedPath, ours: Rival, state: str, *, busy: bool) -> None:
    """Compare means: a histogram is all that it tells."""
    peer, off, note = peers.SMOKEPING, [], "it tells a histogram and its sum only"
    try:
        peer = version_of(peers.SMOKEPING)
        with path.emulating(*SHAPE) as truth, load(busy=busy):
            means = peers.smokeping_means(path, RUNS * ROUNDS * EVERY_SECONDS, ADDRESSES)
        trips = true_echoes(truth.packets())
        off = [(mean - fmean(filter(None, trips[address]))) * 1e6 for address, mean in means.items()]
    except FileNotFoundError as problem:
        note = f"not installed: {problem}"
    mean_us = abs(fmean(error for errors in ours.errors for error in errors))
    report(
        BENCH, "error_of_the_mean_us", mean_us, "us", peer=peer, lower=True,
        peer_value=round(abs(fmean(off)), 1) if off else None, runs=RUNS, probe="icmp", load=state,
        note=f"icmp, {state}: {note}",
    )  # fmt: skip


def main() -> None:
    os.sched_setaffinity(0, OURS)
    with path_with_services() as path:
        for kind in KINDS:
            for busy in (False, True):
                compare(path, kind, busy=busy)


if __name__ == "__main__":
    main()
