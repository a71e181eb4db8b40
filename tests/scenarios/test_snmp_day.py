"""Fifty switches for a day, in virtual time: lossy, dark, slow, renumbering and rebooting ones among them.

An hour of it belongs to the suite; NETMON_DAY_HOURS=24 runs the whole day.
"""

import asyncio
import os
import random
import resource
import sys
import time
from dataclasses import dataclass, field

from fakes.clock import FakeClock, run
from fakes.context import make_context
from fakes.day import COMMUNITY, LINE_OCTETS_PER_SECOND, DayAgent, DayDevice, Faults, port_rate
from fakes.snmp_agent import credential

from collectors.interfaces import InterfacesCollector
from collectors.snmp.agent import serve
from netmon import sdk
from netmon.hub import Hub
from netmon.runner import Runner
from netmon.schedule.ticker import Job, Ticker, phase_seconds

HOURS = float(os.environ.get("NETMON_DAY_HOURS", "1"))
DEVICES, PORTS = 50, 50
EVERY_SECONDS, TIMEOUT_SECONDS = (30.0, 20.0)
FAULTY = {
    "dark": Faults(dark=True),
    "slow": Faults(delay_seconds=0.3),
    "renumbering": Faults(renumbers_every_seconds=635.0),
    "rebooting": Faults(reboots_every_seconds=905.0),
}
COUNTED = (("ifHCInOctets", 1), ("ifHCOutOctets", 2))


def kilobytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - this is read often
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


@dataclass
class Judge:
    """A subscriber of the hub: holds every rate against what the port really carries."""

    rates: int = 0
    gaps: int = 0
    crossed: list[str] = field(default_factory=list)
    above_the_line: int = 0
    lost: int = 0
    last: dict[str, sdk.Reading] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)

    def accept(self, records) -> None:
        for record in records:
            if isinstance(record, sdk.Reading) and record.shape.measurement == "interface":
                self._judge(dict(record.shape.rows[0].key)["device"], record)

    def _judge(self, device, reading) -> None:
        before, self.last[device] = self.last.get(device), reading
        self.polls[device] = self.polls.get(device, 0) + 1
        if before is None:
            return
        names = [metric.name for metric in reading.shape.metrics]
        times = before.stamp.boottime_ns, reading.stamp.boottime_ns
        was = {dict(row.key)["ifName"]: at for at, row in enumerate(before.shape.rows)}
        for now, row in enumerate(reading.shape.rows):
            port = dict(row.key)["ifName"]
            then = was.pop(port)  # a port that came anew or vanished is a KeyError, or left over
            for name, scale in COUNTED:
                at = names.index(name)
                cells = (
                    before.columns[at][then],
                    reading.columns[at][now],
                    before.epochs[then],
                    reading.epochs[now],
                )
                self._weigh(f"{device} {port} {name}", scale * port_rate(int(port[4:])), cells, times)
        self.lost += len(was)

    def _weigh(self, what, true, cells, times) -> None:
        old, new, epoch, later = cells
        if old is None or new is None or epoch != later:
            self.gaps += 1
            return
        rate = sdk.rate(sdk.Count(old, times[0], epoch), sdk.Count(new, times[1], later))
        self.rates += 1
        self.above_the_line += rate is None or rate > LINE_OCTETS_PER_SECOND
        if rate is None or abs(rate - true) > 0.5 * true + 1:
            self.crossed.append(f"{what}: {rate} instead of {true}")


@dataclass
class Day:
    """What the day came to."""

    judge: Judge
    late_seconds: float = 0.0
    longest_seconds: float = 0.0
    overruns: int = 0
    kilobytes: list[int] = field(default_factory=list)
    broken: int = 0


def devices() -> list[DayDevice]:
    healthy = {f"sw{n}": Faults() for n in range(DEVICES - len(FAULTY))}
    return [
        DayDevice(name, PORTS, faults, random.Random(name)) for name, faults in (healthy | FAULTY).items()
    ]


async def misfortune(device, every, happen):
    while every:
        await asyncio.sleep(every)
        happen()
        device.faults.dark = bool(device.faults.reboots_every_seconds)
        await asyncio.sleep(45)
        device.faults.dark = False


async def live(day: Day, hours: float) -> None:
    clock, hub, loop = FakeClock(), Hub((day.judge,)), asyncio.get_running_loop()
    context = make_context(clock=clock)
    transports = []
    async with asyncio.TaskGroup() as happenings, Ticker(clock) as ticker:
        tasks = []
        for device in devices():
            transport, port = await serve(DayAgent(device), "127.0.0.1")
            transports.append(transport)
            asked = sdk.Device(device.name, "127.0.0.1", port, credential(COMMUNITY))
            assignment = sdk.Assignment(
                "interfaces", (device.name,), EVERY_SECONDS, TIMEOUT_SECONDS, device=asked
            )
            runner = Runner("interfaces", InterfacesCollector(assignment, sdk.NoSettings()), hub)
            healthy = device.name not in FAULTY
            ticker.add(Job(device.name, EVERY_SECONDS, punctual(day, runner, context, healthy), "snmp"))
            faults = device.faults
            for every, happen in (
                (faults.renumbers_every_seconds, device.renumber),
                (faults.reboots_every_seconds, lambda device=device: device.reboot(loop.time())),
            ):
                tasks.append(happenings.create_task(misfortune(device, every, happen)))
        for _ in range(6):
            await asyncio.sleep(hours * 600)
            day.kilobytes.append(kilobytes())
        day.overruns = sum(s.overruns_total for s in ticker.states if s.job.name not in FAULTY)
        day.broken = sum(hub.failures_total.values())
        for task in tasks:
            task.cancel()
    for transport in transports:
        transport.close()
    await context.shared.close()


def punctual(day, runner, context, healthy):
    """Return a job that notes how late a healthy device's poll begins, and how long it takes."""
    due: list[float] = []

    async def poll() -> None:
        began = context.clock.monotonic()
        await runner.run(context)
        if healthy and due:  # the first poll comes at once, the others at the job's own moments
            late = (began - due[0]) % EVERY_SECONDS
            day.late_seconds = max(day.late_seconds, min(late, EVERY_SECONDS - late))
            day.longest_seconds = max(day.longest_seconds, context.clock.monotonic() - began)
        elif healthy:
            due.append(phase_seconds("snmp", EVERY_SECONDS))

    return poll


def test_a_day_of_fifty_switches_has_no_false_rate_and_no_late_poll(caplog):
    caplog.set_level("CRITICAL")
    day, cpu = Day(Judge()), time.process_time()
    run(live(day, HOURS))
    polls = HOURS * 3600 / EVERY_SECONDS
    sys.stderr.write(
        f"{HOURS:g} h: {sum(day.judge.polls.values())} polls, {day.judge.rates} rates, "
        f"{day.judge.gaps} gaps, {len(day.judge.crossed)} false, "
        f"healthy polls began {day.late_seconds:.3f} s late at most, "
        f"took {day.longest_seconds:.3f} s at most, RSS {day.kilobytes} kB, "
        f"CPU {time.process_time() - cpu:.1f} s\n"
    )
    assert not day.judge.crossed[:5]
    assert day.judge.above_the_line == 0
    assert day.judge.lost == day.broken == 0
    assert day.late_seconds < 1.0
    assert day.longest_seconds < EVERY_SECONDS / 5  # three losses in a row and their timeouts
    assert day.overruns == 0
    assert "dark" not in day.judge.polls
    assert all(day.judge.polls[f"sw{n}"] >= polls - 2 for n in range(DEVICES - len(FAULTY)))
    assert min(day.judge.polls[name] for name in ("slow", "renumbering", "rebooting")) > 0.7 * polls
    assert day.kilobytes[-1] - day.kilobytes[1] < 8 << 10
