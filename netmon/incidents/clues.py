"""What was noticed beside the minutes, by the minute: restarts, batteries, traps, the view from outside."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon.model import Event, Reading, SlotState
from netmon.model.derived import OUTSIDE_MINUTE, OUTSIDE_STATE
from netmon.verdict.off_time import EVENT as OFF
from netmon.verdict.power import on_battery

_MOST = 4096
_ON_BATTERY = frozenset({"upsTrapOnBattery", "apcUpsOnBattery", "apcUpsDischarged", "apcLowBattery"})
_BOOTED = frozenset({"coldStart", "warmStart"})
_LINK_DOWN = "linkDown"
_UPTIME = "sysUpTime"
_STATES = {1: SlotState.UP, 0: SlotState.DOWN}


class Sort(StrEnum):
    """What kind of thing was noticed."""

    RESTART = "restart"
    """A device restarted."""
    BATTERY = "battery"
    MAINS = "mains"
    LINK_DOWN = "link_down"
    POE = "poe"
    OFF = "off"
    """netmon itself did not run."""
    REBOOT = "reboot"
    """This machine booted."""
    CLOCK = "clock"
    REACHED = "reached"
    """The site answered a prober elsewhere."""
    UNREACHED = "unreached"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that was noticed, at a minute of the engine's own count, about a device or nothing."""

    minute: float
    sort: Sort
    about: str
    text: str


class Clues:
    """Keeps them for as long as an incident may need them; minutes are counted from the start of netmon."""

    def __init__(self) -> None:
        self._kept: deque[Clue] = deque(maxlen=_MOST)
        self._batteries: dict[str, bool] = {}
        self._read: set[str] = set()
        self._poe: dict[str, frozenset[str]] = {}
        self.outside: SlotState | None = None

    @property
    def batteries(self) -> Sequence[str]:
        """Names of the UPSs that speak."""
        return tuple(self._batteries)

    def begin(self) -> None:
        """Note that netmon starts: what devices say of their uptime is news again."""
        self._read.clear()

    def within(self, start: float, end: float) -> list[Clue]:
        """Return what was noticed from one minute to another."""
        return [clue for clue in self._kept if start <= clue.minute <= end]

    def around(self, start: float, end: float) -> list[Clue]:
        """Return what was noticed in that time, and which UPSs had been on their batteries before it."""
        before: dict[str, Clue] = {}
        for clue in self._kept:
            if clue.minute < start and clue.sort in (Sort.BATTERY, Sort.MAINS):
                before[clue.about] = clue
        still = [clue for clue in before.values() if clue.sort is Sort.BATTERY]
        return [*still, *self.within(start, end)]

    def move(self, minutes: float) -> None:
        """Put everything so far this many minutes further back: netmon did not run for so long."""
        moved = [Clue(one.minute - minutes, one.sort, one.about, one.text) for one in self._kept]
        self._kept.clear()
        self._kept.extend(moved)

    def note_event(self, event: Event, minute: float) -> None:
        """Take what an event tells."""
        self._kept.extend(_of_event(event, minute))

    def note_reading(self, reading: Reading, minute: float, site: str) -> None:
        """Take what a reading tells."""
        measurement, rows = reading.shape.measurement, reading.shape.rows
        if not rows:
            return
        if measurement == OUTSIDE_MINUTE:
            self._outside(reading, minute, site)
        device = dict(rows[0].key).get("device", "")
        if not device:
            return
        if measurement == "system":
            self._uptime(reading, device, minute)
        elif measurement == "poe_port":
            self._faulty_ports(reading, device, minute)
        battery = on_battery(reading)
        if battery is not None:
            if battery is not self._batteries.get(device, False):
                self._kept.append(_battery(device, minute, on=battery))
            self._batteries[device] = battery

    def _uptime(self, reading: Reading, device: str, minute: float) -> None:
        """Take a device's sysUpTime once: later restarts come as events, ones before our start do not."""
        names = [metric.name for metric in reading.shape.metrics]
        if device in self._read or _UPTIME not in names:
            return
        hundredths = reading.columns[names.index(_UPTIME)][0]
        if hundredths is not None:
            self._read.add(device)
            at = minute - hundredths / 6000
            self._kept.append(Clue(at, Sort.RESTART, device, f"{device} restarted"))

    def _faulty_ports(self, reading: Reading, device: str, minute: float) -> None:
        names = [metric.name for metric in reading.shape.metrics]
        states = reading.columns[names.index("netmon_poe_port_state")]
        rows = zip(reading.shape.rows, states, strict=True)
        faulty = frozenset(dict(row.key).get("ifName", "") for row, state in rows if state in (4, 6))
        fresh = sorted(faulty - self._poe.get(device, frozenset()))
        if fresh:
            text = f"{device} gives no power to {', '.join(fresh[:4])}"
            self._kept.append(Clue(minute, Sort.POE, device, text))
        self._poe[device] = faulty

    def _outside(self, reading: Reading, minute: float, site: str) -> None:
        for at, row in enumerate(reading.shape.rows):
            if dict(row.key).get("site") != site:
                continue
            number = reading.cell(at, OUTSIDE_STATE)
            state = SlotState.UNKNOWN if number is None else _STATES.get(int(number), SlotState.UNKNOWN)
            if state is SlotState.UP:
                self._kept.append(Clue(minute, Sort.REACHED, "", "the site answers from outside"))
            elif state is SlotState.DOWN:
                self._kept.append(Clue(minute, Sort.UNREACHED, "", "the site does not answer from outside"))
            self.outside = state


def _battery(device: str, minute: float, *, on: bool) -> Clue:
    words = "runs on its battery" if on else "has mains again"
    return Clue(minute, Sort.BATTERY if on else Sort.MAINS, device, f"UPS {device} {words}")


def _of_event(event: Event, minute: float) -> Iterator[Clue]:
    device = dict(event.key).get("device", "")
    if event.kind == "reboot":
        ago = event.data.get("uptime_seconds")
        at = minute - (ago if isinstance(ago, int | float) else 0) / 60
        yield Clue(at, Sort.RESTART, device, f"{device} restarted")
    elif event.kind == "trap":
        yield from _of_trap(str(event.data.get("trap", "")), device, minute)
    elif event.kind == OFF:
        yield Clue(minute, Sort.OFF, "", event.text)
        if event.data.get("rebooted") is True:
            yield Clue(minute, Sort.REBOOT, "", "this box restarted")
    elif event.kind == "clock_step":
        yield Clue(minute, Sort.CLOCK, "", event.text)
    elif event.kind == "path_change":
        yield Clue(minute, Sort.PATH, "", event.text)


def _of_trap(name: str, device: str, minute: float) -> Iterator[Clue]:
    if name in _BOOTED:
        yield Clue(minute, Sort.RESTART, device, f"{device} said that it restarted")
    elif name in _ON_BATTERY:
        yield _battery(device, minute, on=True)
    elif name == _LINK_DOWN:
        yield Clue(minute, Sort.LINK_DOWN, device, f"{device} said that a link went down")
