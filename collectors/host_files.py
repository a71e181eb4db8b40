"""Take one look at the files of /proc and /sys in which Linux tells how the machine is doing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from collectors import host_text as text
from netmon import sdk

_MAX_INTERFACES = 256
_MAX_SENSORS = 64
_MAX_FILE_BYTES = 256 * 1024
_NOT_OURS = ("lo", "veth*")  # loopback says nothing of a network; containers come and go by the hundred
_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


@dataclass(frozen=True, slots=True)
class InterfaceNumbers:
    """One network interface; `counters` has the names of `host_text.INTERFACE_COUNTERS`."""

    name: str
    index: int
    counters: Mapping[str, int]
    up: int | None
    carrier: int | None
    carrier_changes: int | None
    speed_bytes_per_second: int | None
    full_duplex: int | None
    mtu_bytes: int | None


@dataclass(frozen=True, slots=True)
class HostNumbers:
    """What the files said at one moment; None and missing keys are not known."""

    cpu_seconds: Mapping[str, float]
    load: tuple[float | None, float | None, float | None]
    memory_bytes: Mapping[str, int]
    boot_time_seconds: int | None
    throttling: Mapping[tuple[str, str], int]
    temperatures: Mapping[str, float]
    interfaces: tuple[InterfaceNumbers, ...]


@dataclass(frozen=True, slots=True)
class FileSystemNumbers:
    """Room in the file system that holds the state folder."""

    size_bytes: int
    free_bytes: int
    """What an ordinary user may still write."""
    inodes: int
    free_inodes: int
    read_only: int


class HostFiles:
    """The files below `root`, which is / except in tests. All methods block on the files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def look(self) -> HostNumbers:
        """Read everything once; a file that is missing or hidden leaves its values unknown."""
        stat = self._text("proc/stat")
        return HostNumbers(
            cpu_seconds=text.cpu_seconds(stat, os.sysconf("SC_CLK_TCK")),
            load=text.load_averages(self._text("proc/loadavg")),
            memory_bytes=text.memory_bytes(self._text("proc/meminfo")),
            boot_time_seconds=text.boot_time_seconds(stat),
            throttling=text.throttling(self._text(_THROTTLED)),
            temperatures=dict(list(self._temperatures())[:_MAX_SENSORS]),
            interfaces=tuple(self._interfaces()),
        )

    def model(self) -> str:
        """Return the board's name from its device tree, else the product's from DMI; empty: not told."""
        tree = self._text("sys/firmware/devicetree/base/model")
        return sdk.clean((tree or self._text("sys/class/dmi/id/product_name") or "").rstrip("\0"))

    def _interfaces(self) -> Iterator[InterfaceNumbers]:
        # /proc/self/net is there where a sandbox (ProcSubset=pid) hides the rest of /proc.
        counters = text.interface_counters(self._text("proc/self/net/dev"))
        ours = [n for n in counters if not any(fnmatchcase(n, pattern) for pattern in _NOT_OURS)]
        for name in ours[:_MAX_INTERFACES]:
            files = f"sys/class/net/{name}"
            yield InterfaceNumbers(
                name=name,
                index=text.whole(self._text(f"{files}/ifindex")) or 0,
                counters=counters[name],
                up=text.up(self._text(f"{files}/operstate")),
                carrier=text.whole(self._text(f"{files}/carrier")),
                carrier_changes=text.whole(self._text(f"{files}/carrier_changes")),
                speed_bytes_per_second=text.speed_bytes_per_second(self._text(f"{files}/speed")),
                full_duplex=text.full_duplex(self._text(f"{files}/duplex")),
                mtu_bytes=text.whole(self._text(f"{files}/mtu")),
            )

    def _temperatures(self) -> Iterator[tuple[str, float]]:
        zones = set()
        for zone in self._folders("sys/class/thermal", "thermal_zone*"):
            name = sdk.clean(self._text(f"{zone}/type") or "") or zone.rpartition("/")[2]
            degrees = text.celsius(self._text(f"{zone}/temp"))
            if degrees is not None:
                yield (f"{name} {zone.rpartition('/')[2]}" if name in zones else name), degrees
            zones.add(name)
        for chip in self._folders("sys/class/hwmon", "hwmon*"):
            name = sdk.clean(self._text(f"{chip}/name") or "")
            # The kernel shows each thermal zone a second time as a hwmon chip, with _ for -.
            if name.replace("_", "-") not in {zone.replace("_", "-") for zone in zones}:
                yield from self._chip_temperatures(chip, name)

    def _chip_temperatures(self, chip: str, name: str) -> Iterator[tuple[str, float]]:
        where = chip.rpartition("/")[2]
        for file in self._folders(chip, "temp*_input"):
            stem = file.removesuffix("_input")
            label = sdk.clean(self._text(f"{stem}_label") or "") or stem.rpartition("/")[2]
            degrees = text.celsius(self._text(file))
            if degrees is not None:
                yield f"{where} {name} {label}", degrees

    def _folders(self, parent: str, pattern: str) -> list[str]:
        """Return what matches in a folder, relative to the root, numbers in their own order."""
        try:
            found = [entry.name for entry in (self._root / parent).iterdir()]
        except OSError:
            return []
        names = sorted((n for n in found if fnmatchcase(n, pattern)), key=lambda name: (len(name), name))
        return [f"{parent}/{name}" for name in names]

    def _text(self, relative: str) -> str | None:
        try:
            with (self._root / relative).open("rb") as file:
                return file.read(_MAX_FILE_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError):
            # Absent, hidden by the sandbox, or refused: a NIC without link answers EINVAL for its speed.
            return None


def file_system(folder: Path) -> FileSystemNumbers | None:
    """Return the room in a folder's file system; None when it cannot be asked. May hang with the disk."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return FileSystemNumbers(
        size_bytes=found.f_blocks * found.f_frsize,
        free_bytes=found.f_bavail * found.f_frsize,
        inodes=found.f_files,
        free_inodes=found.f_favail,
        read_only=int(bool(found.f_flag & os.ST_RDONLY)),
    )
