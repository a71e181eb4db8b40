"""The SNMP engine against its peers: the same 673 varbinds of simulated switches, CPU seconds compared.

The full engine runs, with timeouts, retries and all checks; its limits on packets per second are set
beyond what one core can send. Replies are at most 1472 octets, counters are live.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from _snmp_lab import (
    COMMUNITY,
    EXPORTER,
    FIELDS,
    OURS,
    PORTS,
    UPTIME_OID,
    VARBINDS,
    Exporter,
    address,
    agents,
    attempt,
    dotted,
    exporter,
    exporter_version,
    report,
    say,
    status_kb,
)
from fakes.context import make_context

from collectors.snmp.engine import SnmpEngine
from collectors.snmp.limits import Limits
from collectors.snmp.session import Session
from netmon import sdk
from netmon.clock import SystemClock

RUNS = 5
SECONDS = 3.0
BENCH = "snmp_engine"
COLUMNS = tuple(field.wanted for field in FIELDS)
BEYOND = Limits(1e6, 100_000, 1e6, 100_000)


class Rig:
    """Sessions with many simulated switches."""

    def __init__(self, port: int, devices: int) -> None:
        self.engine = SnmpEngine(limits=BEYOND)
        context = make_context(clock=SystemClock())
        credential = sdk.Credential("bench", sdk.SnmpVersion.V2C, sdk.SecretStr(COMMUNITY))
        self.sessions = [
            self.engine.session(sdk.Device(f"switch-{n}", address(n), port, credential), context)
            for n in range(devices)
        ]
        self.polls = 0

    async def poll(self, session: Session) -> None:
        table = await session.table(COLUMNS, 10.0)
        assert len(table.index) == PORTS, "every row must come"
        assert not table.partial
        assert None not in table[COLUMNS[-1]]
        self.polls += 1

    async def learn(self) -> None:
        """Sweep and plan: 50 at once, as more would wait for the processor longer than for the network."""
        for _ in range(4):
            for at in range(0, len(self.sessions), 50):
                await asyncio.gather(*map(self.poll, self.sessions[at : at + 50]))

    async def ms_per_poll(self, together: int, seconds: float) -> float:
        """Poll all devices over and over, so many at once; return CPU milliseconds per poll."""
        end, first, before = time.monotonic() + seconds, self.polls, time.process_time()

        async def work(part: list[Session]) -> None:
            while time.monotonic() < end:
                for session in part:
                    await self.poll(session)

        await asyncio.gather(*(work(self.sessions[worker::together]) for worker in range(together)))
        return 1000 * (time.process_time() - before) / (self.polls - first)

    async def ms_per_poll_in_bursts(self, bursts: int) -> float:
        """Poll all devices at once, once a second."""
        first, before = self.polls, time.process_time()
        for _ in range(bursts):
            await asyncio.sleep(1)
            await asyncio.gather(*map(self.poll, self.sessions))
        return 1000 * (time.process_time() - before) / (self.polls - first)


def sockets_open() -> int:
    """Count the datagram sockets of this process."""
    inodes = {line.split()[9] for line in Path("/proc/net/udp").read_text().splitlines()[1:]}
    links = (str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink())
    return sum(link.removeprefix("socket:[").removesuffix("]") in inodes for link in links)


async def ours(port: int, devices: int, together: int, peer: Exporter | None = None) -> dict[str, float]:
    """Measure the engine, and the peer in between: what else the machine does then hits both alike."""
    os.sched_setaffinity(0, OURS)
    sockets, memory = sockets_open(), status_kb("VmRSS")
    rig = Rig(port, devices)
    await rig.learn()
    found = {"fds": sockets_open() - sockets, "kb": (status_kb("VmRSS") - memory) / devices}
    mine, theirs, bursts = [], [], []
    for _ in range(RUNS):
        mine.append(await rig.ms_per_poll(together, SECONDS))
        if peer is not None:
            theirs.append(peer.ms_per_scrape(devices, together, SECONDS))
            os.sched_setaffinity(0, OURS)
            bursts.append(await rig.ms_per_poll_in_bursts(3))
    found["ms"] = statistics.median(mine)
    if peer is not None:
        found["peer_ms"], found["burst_ms"] = statistics.median(theirs), statistics.median(bursts)
    say(f"{devices} devices, {together} at once: {found}; {mine}, {theirs}; {rig.engine.counters}")
    await rig.engine.close()
    return found


def rate(ms: float | None) -> float | None:
    """Varbinds per CPU second, of CPU milliseconds per poll."""
    return None if ms is None else round(VARBINDS / ms * 1000)


def snmpbulkget(port: int) -> float:
    """One process per column: what libnetsnmp's tool costs, its start included."""
    if shutil.which("snmpbulkget") is None:
        raise FileNotFoundError("snmpbulkget")
    before, polls = os.times(), 5
    for device in range(polls):
        for number, field in enumerate(FIELDS):
            scalar = [UPTIME_OID[:-2]] if number == 0 else []
            command = [
                "snmpbulkget",
                "-m",
                "",
                "-v2c",
                "-c",
                COMMUNITY,
                f"-Cn{len(scalar)}",
                f"-Cr{PORTS}",
                "-Onq",
            ]
            target = f"{address(device)}:{port}"
            text = subprocess.run([*command, target, *scalar, dotted(field)], capture_output=True, check=True)
            assert text.stdout.count(b"\n") == PORTS + len(scalar)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return 1000 * spent / polls


def pysnmp(port: int) -> float:
    hlapi = importlib.import_module("pysnmp.hlapi.v3arch.asyncio")

    async def measure() -> float:
        engine, polls = hlapi.SnmpEngine(), 6
        for poll in range(polls):
            if poll == 1:
                before = time.process_time()
            where = await hlapi.UdpTransportTarget.create((address(poll), port))
            for number, field in enumerate(FIELDS):
                names = [hlapi.ObjectType(hlapi.ObjectIdentity(dotted(field)))]
                if number == 0:
                    names.insert(0, hlapi.ObjectType(hlapi.ObjectIdentity(UPTIME_OID[:-2])))
                error, status, _, found = await hlapi.bulk_cmd(
                    engine,
                    hlapi.CommunityData(COMMUNITY),
                    where,
                    hlapi.ContextData(),
                    len(names) - 1,
                    PORTS,
                    *names,
                    lookupMib=False,
                )
                assert not error, error
                assert not int(status), status
                assert len(found) == PORTS + len(names) - 1
        engine.close_dispatcher()
        return 1000 * (time.process_time() - before) / (polls - 1)

    return asyncio.run(measure())


def gufo(port: int) -> float:
    client = importlib.import_module("gufo.snmp.aio")

    async def measure() -> float:
        before, polls = time.process_time(), 100
        for device in range(polls):
            async with client.SnmpSession(addr=address(device), port=port, community=COMMUNITY) as session:
                await session.get(UPTIME_OID)
                for field in FIELDS:
                    cells = [cell async for cell in session.getbulk(dotted(field), max_repetitions=PORTS)]
                    assert len(cells) == PORTS
        return 1000 * (time.process_time() - before) / polls

    return asyncio.run(measure())


def side_by_side(port: int) -> dict[str, float]:
    """Measure 100 devices, 50 at once, beside the peer; without it where it is not installed."""
    if shutil.which(EXPORTER) is None:
        return asyncio.run(ours(port, 100, 50))
    with tempfile.TemporaryDirectory() as name, exporter(Path(name), port) as peer:
        peer.ms_per_scrape(100, 50, 0.5)
        return asyncio.run(ours(port, 100, 50, peer))


def main() -> None:
    with agents() as port:
        small = side_by_side(port)
        theirs = small.get("peer_ms")
        missing = "" if theirs else f"{EXPORTER} is not installed"
        large = asyncio.run(ours(port, 1000, 200))
        name = EXPORTER if theirs is None else exporter_version()
        mine, peer_rate = rate(small["ms"]), rate(theirs)
        unit = "varbinds/s"
        report(
            BENCH, "varbinds_per_cpu_second", mine, unit, peer=name, peer_value=peer_rate, runs=RUNS,
            note=missing or "100 devices, 50 at once, replies <= 1472 octets",
        )  # fmt: skip
        report(
            BENCH, "varbinds_per_cpu_second_1000_devices", rate(large["ms"]), unit, peer="own 100 devices",
            peer_value=mine, runs=RUNS, note="200 at once",
        )  # fmt: skip
        report(
            BENCH, "burst_cpu_ms_per_poll", small.get("burst_ms"), "ms", peer="own floor", peer_value=0.35,
            lower=True, runs=RUNS, note="100 devices at once, once a second",
        )  # fmt: skip
        report(
            BENCH,
            "descriptors_per_family",
            small["fds"],
            "descriptors",
            peer="own floor",
            peer_value=1,
            lower=True,
        )
        report(
            BENCH, "rss_kb_per_device", large["kb"], "kB", peer="own floor", peer_value=90, lower=True,
            note="1000 devices",
        )  # fmt: skip
        os.sched_setaffinity(0, OURS)
        for other, measure in (("snmpbulkget", snmpbulkget), ("pysnmp", pysnmp), ("gufo-snmp", gufo)):
            value, note = attempt(other, lambda measure=measure: measure(port))
            report(
                BENCH,
                f"varbinds_per_cpu_second_against_{other}",
                mine,
                unit,
                peer=other,
                peer_value=rate(value),
                note=note,
            )


if __name__ == "__main__":
    main()
