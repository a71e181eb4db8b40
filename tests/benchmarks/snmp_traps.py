"""Traps: what one costs from socket to event, beside pysnmp's receiver, and a flood of 10,000 a second.

The receiver is a process of its own; the sender, and the agent that is polled meanwhile, are others. CPU
is the receiving process's own.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing import get_context

from _snmp_lab import attempt, report, say
from fakes.context import make_context
from fakes.ports import free_port
from fakes.snmp_agent import COMMUNITY as POLLED
from fakes.snmp_agent import FakeSwitch, FaultyAgent
from fakes.traps import COMMUNITY, LINK_DOWN, integer, text, v2c

from collectors.snmp.agent import serve
from collectors.system import SystemCollector
from collectors.traps.source import TrapsSettings, TrapsSource
from netmon import sdk
from netmon.clock import SystemClock
from netmon.hub import Hub
from netmon.schedule.ticker import Job, Ticker, phase_seconds

RUNS = 5
TRAPS = 1500
PER_SECOND = 500
FLOOD_PER_SECOND = 10_000
FLOOD_SECONDS = 10.0
DEVICES = 20
LATE_MS = 1000.0
_PROCESSES = get_context("spawn")


def trap(number: int) -> bytes:
    bounds = (
        ("1.3.6.1.2.1.2.2.1.1.3", integer(3)),
        ("1.3.6.1.2.1.2.2.1.7.3", integer(1)),
        ("1.3.6.1.2.1.2.2.1.8.3", integer(2)),
        ("1.3.6.1.2.1.31.1.1.1.1.3", text(b"GigabitEthernet0/3")),
    )
    return v2c(LINK_DOWN, *bounds, request_id=number)


def send(port: int, per_second: float, count: int, go) -> None:
    """Send traps at a steady rate, ten at a time: they come in bursts, when something happens."""
    step = 10
    datagrams = [trap(number) for number in range(count)]
    go[0].set()
    go[1].wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        began = time.monotonic()
        for start in range(0, count, step):
            time.sleep(max(0.0, began + start / per_second - time.monotonic()))
            for datagram in datagrams[start : start + step]:
                sock.sendto(datagram, ("127.0.0.1", port))


def sender(port: int, per_second: float, count: int):
    """Return a process that has everything ready to be sent, and what lets it begin."""
    go = _PROCESSES.Event(), _PROCESSES.Event()
    process = _PROCESSES.Process(target=send, args=(port, per_second, count, go), daemon=True)
    process.start()
    go[0].wait(60)
    return process, go[1].set


def source(port: int, rate: float) -> TrapsSource:
    device = sdk.Device("router", "127.0.0.1", 161, COMMUNITY)
    assignment = sdk.Assignment(
        "traps", (f"127.0.0.1:{port}",), 30.0, 10.0, devices=(device,), credentials=(COMMUNITY,)
    )
    return TrapsSource(assignment, TrapsSettings(per_second=rate, all_per_second=rate))


async def _ours(port: int, queue) -> None:
    """Take TRAPS traps as events, woken as the daemon wakes it."""
    woken, found = asyncio.Event(), 0
    context = make_context(run_now=lambda _name: woken.set() or True)
    receiver = source(port, 1000.0)
    await receiver.open(context)
    queue.put("ready")
    began = 0.0
    while found < TRAPS * 0.99:
        await woken.wait()
        woken.clear()
        began = began or time.process_time()
        found += sum(isinstance(record, sdk.Event) for record in await receiver.read())
    queue.put((time.process_time() - began) / found)
    await receiver.close()
    await context.shared.close()


async def _pysnmp(port: int, queue) -> None:
    """Take as many with pysnmp's receiver, which gives its callback the variables and looks up no name."""
    from pysnmp.carrier.asyncio.dgram import udp
    from pysnmp.entity import config, engine
    from pysnmp.entity.rfc3413 import ntfrcv

    snmp, found, began, done = engine.SnmpEngine(), 0, 0.0, asyncio.Event()
    transport = udp.UdpAsyncioTransport().open_server_mode(("127.0.0.1", port))
    config.add_transport(snmp, udp.DOMAIN_NAME, transport)
    config.add_v1_system(snmp, "area", "trap-community")

    def took(*_arguments: object) -> None:
        nonlocal found, began
        began = began or time.process_time()
        found += 1
        if found >= TRAPS * 0.99:
            done.set()

    ntfrcv.NotificationReceiver(snmp, took)
    await asyncio.sleep(0.2)
    queue.put("ready")
    await done.wait()
    queue.put((time.process_time() - began) / found)
    await asyncio.sleep(0.5)  # for the last hundredth, which it would complain of
    snmp.close_dispatcher()


def _one(receiver, port: int, queue) -> None:
    asyncio.run(receiver(port, queue))


def cost(receiver) -> float:
    """Return CPU microseconds per trap."""
    port, queue = free_port(), _PROCESSES.Queue()
    child = _PROCESSES.Process(target=_one, args=(receiver, port, queue), daemon=True)
    child.start()
    queue.get(timeout=30)
    sending, begin = sender(port, PER_SECOND, TRAPS)
    begin()
    try:
        return queue.get(timeout=60) * 1e6
    finally:
        sending.join()
        child.join(10)
        child.kill()


@dataclass
class Flooded:
    """What a process saw: CPU in the flood, how late polls began (ms), how many failed, the counters."""

    cpu_seconds: float
    idle_cpu_seconds: float
    late_ms: list[float]
    failed: int
    counts: dict[str, int]


class Counting:
    """Keeps the newest reading of the receiver."""

    def __init__(self) -> None:
        self.reading: sdk.Reading | None = None

    def accept(self, records) -> None:
        for record in records:
            if isinstance(record, sdk.Reading) and record.shape.measurement == "traps":
                self.reading = record


async def _monitor(ports: tuple[int, int], pipe) -> None:
    """Poll DEVICES devices each second beside the receiver; tell how it was without and in a flood."""
    trap_port, agent_port = ports
    clock, counting = SystemClock(), Counting()
    hub, late, failed = Hub((counting,)), [], 0
    async with AsyncExitStack() as stack:
        started = clock.monotonic()
        ticker = await stack.enter_async_context(Ticker(clock))
        context = make_context(clock=clock, run_now=ticker.run_now)
        stack.push_async_callback(context.shared.close)
        receiver = source(trap_port, 10.0)
        await receiver.open(context)
        stack.push_async_callback(receiver.close)

        async def listen() -> None:
            hub.publish(await receiver.read())

        def poller(number: int) -> Job:
            name = f"device/d{number}"
            credential = sdk.Credential("poll", sdk.SnmpVersion.V2C, sdk.SecretStr(POLLED))
            device = sdk.Device(f"d{number}", "127.0.0.1", agent_port, credential)
            collector = SystemCollector(
                sdk.Assignment("system", (device.name,), 1.0, 0.5, device=device), sdk.NoSettings()
            )
            phase, opened = phase_seconds(name, 1.0), False

            async def poll() -> None:
                nonlocal opened, failed
                due = (clock.monotonic() - started - phase) % 1.0
                if not opened:
                    await collector.open(context)
                    opened = True
                else:
                    late.append(min(due, LATE_MS) * 1000)
                try:
                    await collector.read()
                except (sdk.SourceError, TimeoutError):
                    failed += 1

            return Job(name, 1.0, poll)

        ticker.add(Job("traps", 30.0, listen))
        for number in range(DEVICES):
            ticker.add(poller(number))
        await asyncio.sleep(2.0)
        late.clear()
        began = time.process_time()
        await asyncio.sleep(FLOOD_SECONDS / 2)
        idle = (time.process_time() - began) * 2
        pipe.send(("ready", statistics.quantiles(late, n=100)[98]))
        late.clear()
        began = time.process_time()
        await asyncio.sleep(FLOOD_SECONDS + 0.5)
        cpu, seen = time.process_time() - began, list(late)
        await listen()
        reading = counting.reading
        assert reading is not None
        counts = {
            metric.name + "".join(f" {value}" for _, value in metric.labels): column[0]
            for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
            if column[0]
        }
        pipe.send(Flooded(cpu, idle, seen, failed, counts))


def _monitoring(ports: tuple[int, int], pipe) -> None:
    asyncio.run(_monitor(ports, pipe))


async def flood() -> tuple[Flooded, float]:
    """Return what the monitor saw, and the 99th percentile of lateness before the flood (ms)."""
    agent = FaultyAgent(FakeSwitch().objects)
    transport, agent_port = await serve(agent, "127.0.0.1")
    ours, theirs = _PROCESSES.Pipe()
    trap_port = free_port()
    child = _PROCESSES.Process(target=_monitoring, args=((trap_port, agent_port), theirs), daemon=True)
    child.start()
    sending, begin = await asyncio.to_thread(
        sender, trap_port, FLOOD_PER_SECOND, int(FLOOD_PER_SECOND * FLOOD_SECONDS)
    )
    try:
        _, calm = await asyncio.to_thread(ours.recv)
        begin()
        found = await asyncio.to_thread(ours.recv)
        sending.join()
        return found, calm
    finally:
        transport.close()
        child.join(5)
        child.kill()


def main() -> None:
    """Run both, the peer between our runs."""
    ours, theirs, note = [], [], ""
    for run in range(RUNS):
        ours.append(cost(_ours))
        value, note = attempt("pysnmp", lambda: cost(_pysnmp))
        theirs += [value] if value is not None else []
        say(f"run {run + 1}: {ours[-1]:.0f} us per trap, pysnmp {value or 0:.0f} us")
    peer = statistics.median(theirs) if theirs else None
    report(
        "snmp_traps", "cpu_us_per_trap", statistics.median(ours), "us",
        peer="pysnmp 7.1", peer_value=peer and round(peer, 1), lower=True, runs=RUNS,
        note=note or f"v2c linkDown, six variables, {PER_SECOND} a second by tens, from socket to event",
    )  # fmt: skip
    found, calm = asyncio.run(flood())
    sent = int(FLOOD_PER_SECOND * FLOOD_SECONDS)
    counted = found.counts.get("netmon_traps_received_total", 0)
    counted += found.counts.get("netmon_traps_dropped_total kernel", 0)
    for name, value in found.counts.items():
        say(f"{name}: {value}")
    say(f"{sent} sent, {counted} received or dropped by the kernel, {found.failed} of the polls failed")
    say(f"CPU {found.cpu_seconds:.2f} s in the flood, {found.idle_cpu_seconds:.2f} s in as long without")
    late = statistics.quantiles(found.late_ms, n=100)[98]
    flooded = found.cpu_seconds - found.idle_cpu_seconds
    report(
        "snmp_traps", "flood_cpu_percent", 100 * flooded / FLOOD_SECONDS, "%",
        note=f"of a core, beside {DEVICES} polls a second; {FLOOD_PER_SECOND}/s for {FLOOD_SECONDS:g} s",
    )  # fmt: skip
    report(
        "snmp_traps", "flood_poll_late_ms", late, "ms",
        peer="no flood", peer_value=round(calm, 2), lower=True,
        note=f"99th percentile of {len(found.late_ms)} polls' beginnings; {found.failed} polls failed",
    )  # fmt: skip
    report("snmp_traps", "flood_uncounted", sent - counted, "datagrams", note=f"of {sent}")


if __name__ == "__main__":
    main()
