"""What this host was doing during a test: processors, network card, clock."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon import sdk

_MACHINE = Path("/")
_MOST_BYTES = 65_536
_SIOCGIFADDR = 0x8915  # linux/sockios.h
_IDLE, _IO_WAIT, _IRQ, _SOFT_IRQ = 3, 4, 5, 6  # columns of /proc/stat (proc(5))
# A hundredth of a second is what the kernel counts in: over less than this, shares are noise.
_SHORTEST_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Card:
    """The network card that carried the test; None: not known. `speed` is the line rate (layer 1)."""

    name: str
    speed_bits_per_second: int | None
    full_duplex: bool | None
    wireless: bool


@dataclass(frozen=True, slots=True)
class HostState:
    """Shares of processor time during a test (0 to 1, per core), and the host's other circumstances."""

    core_busy_ratios: tuple[float, ...]
    own_core_ratio: float | None
    card: Card | None
    clock_synchronised: bool | None
    clock_max_error_seconds: float | None
    core_interrupt_ratios: tuple[float, ...] = ()
    """Shares of each core's time that went into interrupts, packets above all."""
    own_waiting_ratio: float | None = None
    """Share of time in which this process had work and no core to do it on (/proc/self/schedstat)."""

    @property
    def idlest_core_ratio(self) -> float | None:
        """Return the share of the core that had most to spare, where we could have run; None: not known."""
        return min(self.core_busy_ratios, default=None)


class Witness:
    """Looks at the host from its making to `state()`."""

    def __init__(self, root: Path = _MACHINE) -> None:
        self._root = root
        self._cores = _core_ticks(_read(root / "proc/stat"))
        self._waited_seconds = _waited_seconds(_read(root / "proc/self/schedstat"))
        self._own_seconds, self._began = time.process_time(), time.monotonic()

    def state(self, local_address: str) -> HostState:
        """Return how the host was; `local_address` is the test's own end."""
        seconds = time.monotonic() - self._began
        own = (time.process_time() - self._own_seconds) / seconds if seconds >= _SHORTEST_SECONDS else None
        before, waited = self._waited_seconds, _waited_seconds(_read(self._root / "proc/self/schedstat"))
        clock, now = sdk.kernel_clock(), _core_ticks(_read(self._root / "proc/stat"))
        return HostState(
            tuple(1 - idle for idle in _shares(self._cores, now, (_IDLE, _IO_WAIT))),
            own,
            self._card(local_address),
            clock.synchronised,
            clock.max_error_seconds,
            _shares(self._cores, now, (_IRQ, _SOFT_IRQ)),
            None if own is None or before is None or waited is None else (waited - before) / seconds,
        )

    def _card(self, address: str) -> Card | None:
        name = interface_of(address)
        if name is None:
            return None
        files = self._root / "sys/class/net" / name
        speed = _read(files / "speed").strip()
        duplex = _read(files / "duplex").strip()
        return Card(
            name,
            int(speed) * 1_000_000 if speed.isdecimal() else None,
            {"full": True, "half": False}.get(duplex),
            (files / "wireless").exists() or (files / "phy80211").exists(),
        )


def interface_of(address: str) -> str | None:
    """Return the interface that has an IPv4 address (IPv6: of this host's list); None: not found."""
    if ":" in address:
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0]).hex()
        lines = _read(Path("/proc/self/net/if_inet6")).splitlines()
        return next((line.split()[-1] for line in lines if line.startswith(packed)), None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                found = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("=256s", name.encode()[:15]))
            except OSError:
                continue
            if socket.inet_ntop(socket.AF_INET, found[20:24]) == address:
                return name
    return None


def described(state: HostState) -> Mapping[str, sdk.Json]:
    """Return the host's circumstances as a record."""
    card = state.card
    return {
        "core_busy_ratios": [round(ratio, 3) for ratio in state.core_busy_ratios],
        "core_interrupt_ratios": [round(ratio, 3) for ratio in state.core_interrupt_ratios],
        "own_core_ratio": None if state.own_core_ratio is None else round(state.own_core_ratio, 3),
        "own_waiting_ratio": None if state.own_waiting_ratio is None else round(state.own_waiting_ratio, 3),
        "interface": card.name if card else None,
        "interface_bits_per_second": card.speed_bits_per_second if card else None,
        "interface_full_duplex": card.full_duplex if card else None,
        "interface_wireless": card.wireless if card else None,
        "clock_synchronised": state.clock_synchronised,
        "clock_max_error_seconds": state.clock_max_error_seconds,
        "cores": os.cpu_count(),
    }


def _waited_seconds(schedstat: str) -> float | None:
    fields = schedstat.split()
    return int(fields[1]) / 1e9 if len(fields) == 3 and fields[1].isdecimal() else None


def _core_ticks(stat: str) -> list[Sequence[int]]:
    lines = [line.split() for line in stat.splitlines() if line.startswith("cpu") and line[3:4].isdigit()]
    return [[int(field) for field in line[1:9]] for line in lines]


def _shares(
    before: Sequence[Sequence[int]], after: Sequence[Sequence[int]], columns: Sequence[int]
) -> tuple[float, ...]:
    """Return each core's share of time in these columns; nothing when the time was too short to tell."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = []
    for old, new in zip(before, after, strict=False):
        spent = [then - now for now, then in zip(old, new, strict=False)]
        whole = sum(spent)
        if whole < _SHORTEST_SECONDS * ticks:
            return ()
        found.append(sum(spent[column] for column in columns) / whole)
    return tuple(found)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
