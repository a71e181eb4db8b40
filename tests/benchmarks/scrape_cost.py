"""What a scrape of 100,000 series costs: how long the loop is blocked, and whether the devices feel it.

Blocked is the most CPU time that the loop's thread takes between two beats of a ticker of 2 ms: unlike the
beats' lateness, which stands in the notes, it is not made worse by who else is busy on the machine.
The daemon's parts are real: exposition, own metrics, web server, and polls of a simulated switch whose
packets are counted; a client in another process scrapes. The peer is prometheus-client's renderer, on the
loop as a handler that calls it would be.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from _results import OURS, THEIRS, report, say
from fakes.context import make_context
from fakes.snmp_agent import FakePort, FakeSwitch, bench
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily

from collectors.interfaces import InterfacesCollector
from netmon import sdk
from netmon.app.daemon import settle_memory
from netmon.app.site import VERSION
from netmon.clock import SystemClock
from netmon.hub import Hub
from netmon.latest import Latest
from netmon.metrics.daemon import build_samples, hub_samples
from netmon.metrics.excerpt import Part
from netmon.metrics.exposition import Exposition
from netmon.metrics.fragment import Cut
from netmon.metrics.own import OwnMetrics
from netmon.metrics.text_format import TextFormat
from netmon.model import Outcome, Reading, Row, Shape, counter
from netmon.model.derived import RUN, RUN_UP
from netmon.verdict.view import View, Watch, WatchedDevice
from netmon.web.server import WebServer
from netmon.web.settings import WebSettings

DEVICES, PORTS, METRICS = 100, 50, 20
SERIES = DEVICES * PORTS * METRICS
SECONDS = 10.0
TICK_SECONDS = 0.002
PEER = "prometheus-client"

CLIENT = """
import http.client, sys, time
port, path, packed = int(sys.argv[1]), sys.argv[2], sys.argv[3]
each, seconds = float(sys.argv[4]), float(sys.argv[5])
end, count, size, took = time.monotonic() + seconds, 0, 0, []
line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
while (began := time.monotonic()) < end:
    line.request("GET", path, headers={"Accept-Encoding": packed})
    reply = line.getresponse()
    body = reply.read()
    if reply.status == 200:
        count, size = count + 1, len(body)
    took.append(time.monotonic() - began)
    time.sleep(max(0.0, each - took[-1]))
print(count, size, sorted(took)[len(took) // 2])
"""


def shapes() -> list[Shape]:
    metrics = tuple(counter(f"ifHCCounter{n}", "One of twenty counters.") for n in range(METRICS))
    return [
        Shape(
            "interface",
            metrics,
            tuple(
                Row(
                    (("site", "bench"), ("device", f"switch-{device}"), ("ifName", f"Gi0/{port}")),
                    (
                        ("ifIndex", str(port)),
                        ("ifDescr", f"GigabitEthernet0/{port}"),
                        ("ifAlias", "to a room"),
                    ),
                )
                for port in range(PORTS)
            ),
        )
        for device in range(DEVICES)
    ]


class BenchSite:
    """As much of the daemon as a scrape sees."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.latest, self.series = Latest(), Exposition(self.clock)
        self.hub, self.own = Hub((self.latest, self.series)), OwnMetrics()
        self.own.watch(lambda: [*build_samples(VERSION), *hub_samples(self.hub)])
        self.shapes, self.turn = shapes(), 0
        devices = {
            name: WatchedDevice(name, "switch", 30.0, sources=("interfaces",)) for name in ("sw1", "switch-9")
        }
        self.view = View(Watch("bench", "Bench", devices=devices), self.latest, self.clock)
        for name in devices:
            self.tell_run(name)

    def poll(self, device: int) -> None:
        """Publish what a poll of one device gives."""
        self.turn += 1
        columns = tuple([self.turn * 1_000_003 + n * port for port in range(PORTS)] for n in range(METRICS))
        outcomes = (Outcome.OK,) * PORTS
        self.hub.publish([Reading(self.shapes[device], self.clock.stamp(), columns, outcomes)])

    def tell_run(self, device: str) -> None:
        """Publish that a device answered."""
        names = (("source", "interfaces"), ("name", "interfaces"), ("target", device))
        shape = Shape(RUN, (RUN_UP,), (Row((("site", "bench"), *names)),))
        self.hub.publish([Reading(shape, self.clock.stamp(), ([1],), (Outcome.OK,))])

    async def query(self, _question: object) -> None:
        """Nobody asks for the past."""

    async def exposition(self, form: TextFormat) -> Sequence[bytes]:
        await self.series.prepare()
        return [*self.series.render(form), self.own.render(form)]

    def parts(self, measurement: str, cut: Cut) -> Sequence[Part]:
        return self.series.parts(measurement, cut)


class Ticker:
    """Beats every 2 ms: how late each beat is, and how much CPU the loop took since the one before, in ms."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self.blocked_ms: list[float] = []

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, used = loop.time() + TICK_SECONDS, time.thread_time()
            await asyncio.sleep(TICK_SECONDS)
            self.late_ms.append((loop.time() - due) * 1000)
            self.blocked_ms.append((time.thread_time() - used) * 1000)

    def __str__(self) -> str:
        late, blocked = sorted(self.late_ms), sorted(self.blocked_ms)
        at = int(len(late) * 0.99)
        return (
            f"blocked p99 {blocked[at]:.2f} max {blocked[-1]:.2f} ms,"
            f" late p99 {late[at]:.2f} max {late[-1]:.2f} ms at load {os.getloadavg()[0]:.0f}"
        )


@contextlib.asynccontextmanager
async def ticking() -> AsyncIterator[Ticker]:
    found = Ticker()
    task = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])


async def scraping(port: int, path: str, packed: str, each_seconds: float, seconds: float) -> list[float]:
    """Scrape from another process, on the other core; return count, bytes of one, median seconds."""
    command = (sys.executable, "-c", CLIENT, *map(str, (port, path, packed, each_seconds, seconds)))
    client = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    os.sched_setaffinity(client.pid, THEIRS)
    output, _ = await client.communicate()
    return [float(number) for number in output.split()]


async def polls(site: BenchSite, every_seconds: float = 30.0) -> None:
    while True:
        for device in range(DEVICES):
            site.poll(device)
            site.tell_run("switch-9")
            await asyncio.sleep(every_seconds / DEVICES)


async def measure_scrapes(port: int, peer_ms: float) -> None:
    for path, packed, name in (
        ("/metrics", "identity", "plain"),
        ("/metrics", "gzip", "gzip"),
        ("/snmp?target=switch-9&module=all", "gzip", "snmp"),
    ):
        async with ticking() as beats:
            count, size, took = await scraping(port, path, packed, 0.1, SECONDS)
        note = (
            f"{count / SECONDS:.1f} scrapes a second, {size / 1e6:.2f} MB, {took * 1000:.0f} ms each; {beats}"
        )
        say(f"{name}: {note}")
        report(
            "scrape_cost", f"loop_blocked_ms_{name}", max(beats.blocked_ms), "ms",
            peer=PEER, peer_value=peer_ms, lower=True, note=note,
        )  # fmt: skip


def measure_peer(site: BenchSite) -> float:
    """Return the ms of CPU of a handler that asks prometheus-client for the same series."""

    class Devices:
        def collect(self):
            for n, metric in enumerate(site.shapes[0].metrics):
                labels = [name for name, _ in (*site.shapes[0].rows[0].key, *site.shapes[0].rows[0].info)]
                family = CounterMetricFamily(metric.name, metric.help, labels=labels)
                for shape in site.shapes:
                    for port, row in enumerate(shape.rows):
                        family.add_metric([text for _, text in (*row.key, *row.info)], n * port)
                yield family

    registry = CollectorRegistry()
    registry.register(Devices())
    took = []
    for _ in range(5):
        began = time.thread_time()
        generate_latest(registry)
        took.append((time.thread_time() - began) * 1000)
    say(f"{PEER}: {median(took):.0f} ms on the loop for {SERIES:,} series")
    return median(took)


def measure_parts(site: BenchSite) -> None:
    """Time the pieces: writing one device, joining all, the first scrape after a pause."""
    for name, work in (
        ("write_ms_per_device", lambda: site.poll(0)),
        ("render_ms", site.series.render),
        ("own_ms", site.own.render),
    ):
        took = []
        for _ in range(50):
            began = time.thread_time()
            work()
            took.append((time.thread_time() - began) * 1000)
        say(f"{name}: {median(took):.3f}")
        report("scrape_cost", name, median(took), "ms", runs=50)


async def read(site: BenchSite, collector: InterfacesCollector, times: int, every_seconds: float) -> None:
    for _ in range(times):
        site.hub.publish(await collector.read())
        await asyncio.sleep(every_seconds)


async def measure_packets(site: BenchSite, port: int) -> None:
    """Count an agent's packets over the same time without scrapes, and with ten a second."""
    switch = FakeSwitch([FakePort(n, f"Gi0/{n}".encode()) for n in range(1, 49)])
    async with bench(switch) as rig:
        context = make_context(clock=site.clock)
        collector = InterfacesCollector(rig.assignment("interfaces"), sdk.NoSettings())
        await collector.open(context)
        await read(site, collector, 20, 0.0)  # until it knows the device
        counted = []
        for paths in ((), ("/metrics", "/snmp?target=sw1&module=all")):
            before = rig.agent.requests_total
            scrapes = [scraping(port, path, "gzip", 0.1, SECONDS) for path in paths]
            await asyncio.gather(read(site, collector, 10, SECONDS / 10), *scrapes)
            counted.append(rig.agent.requests_total - before)
        await collector.close()
        await context.shared.close()
    say(f"SNMP packets in {SECONDS:g} s: {counted[0]} without scrapes, {counted[1]} with")
    report("scrape_cost", "snmp_packets_added", counted[1] - counted[0], "packets",
           note=f"{counted[0]} in {SECONDS:g} s without scrapes, {counted[1]} with ten a second")  # fmt: skip


async def main() -> None:
    os.sched_setaffinity(0, OURS)
    site = BenchSite()
    for device in range(DEVICES):
        site.poll(device)
    peer_ms = measure_peer(site)
    server = WebServer(site, WebSettings(listen="127.0.0.1:0"))
    await server.start()
    settle_memory()
    port = int(server.addresses[0].rpartition(":")[2])
    try:
        async with ticking() as beats:
            _, _, took = await scraping(port, "/metrics", "gzip", 1.0, 0.5)
        say(f"the first scrape, which writes all: {took * 1000:.0f} ms, {beats}")
        report(
            "scrape_cost",
            "loop_blocked_ms_first",
            max(beats.blocked_ms),
            "ms",
            note=f"{took * 1000:.0f} ms; {beats}",
        )
        async with ticking() as beats:
            await asyncio.sleep(3)
        say(f"nobody scrapes: {beats}")
        polling = asyncio.create_task(polls(site))
        await measure_scrapes(port, peer_ms)
        await measure_packets(site, port)
        polling.cancel()
        measure_parts(site)
    finally:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
