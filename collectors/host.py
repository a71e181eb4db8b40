"""The machine that netmon runs on: interfaces, processor, memory, disk, temperature and clock."""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from collectors import host_metrics as declared
from collectors.host_files import FileSystemNumbers, HostFiles, HostNumbers, InterfaceNumbers, file_system
from netmon import sdk

T = TypeVar("T")

_MACHINE = Path("/")
_DISK_TIMEOUT_SECONDS = 2.0
_HOST, _SENSOR, _INTERFACE = "host", "host_sensor", "host_interface"


class HostSettings(sdk.Settings):
    """What may be set about the own host."""

    folder: str = ""
    """Folder whose file system is watched; empty: the state folder."""


class HostCollector(sdk.Source[HostSettings]):
    """Reads /proc and /sys; needs no privilege and sends nothing."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        _HOST: declared.HOST,
        _SENSOR: declared.SENSOR,
        _INTERFACE: declared.INTERFACE,
    }
    settings_type = HostSettings

    def __init__(self, assignment: sdk.Assignment, settings: HostSettings, *, root: Path = _MACHINE) -> None:
        super().__init__(assignment, settings)
        self._files = HostFiles(root)
        self._folder = Path(settings.folder or state_folder(os.environ))
        self._numbers_thread = _OwnThread[HostNumbers]("host-files")
        self._disk_thread = _OwnThread[FileSystemNumbers | None]("host-disk")
        self._shapes: dict[str, sdk.Shape] = {}
        self._about: Mapping[str, sdk.Json] = {}

    async def open(self, context: sdk.Context) -> None:
        """Learn what does not change while the machine runs."""
        await super().open(context)
        kernel = os.uname()
        self._about = {
            "hostname": sdk.clean(kernel.nodename),
            "kernel": sdk.clean(f"{kernel.sysname} {kernel.release}"),
            "machine": sdk.clean(kernel.machine),
            "model": self._files.model(),
        }

    async def read(self) -> Sequence[sdk.Record]:
        """Read the files off the event loop; a disk that hangs leaves only its own values unknown."""
        stamp = self.context.clock.stamp()
        numbers, disk = await asyncio.gather(
            self._numbers_thread.ask(self._files.look, self.assignment.timeout_seconds), self._disk()
        )
        if numbers is None:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "the files of /proc and /sys cannot be read in time")
        site = ("site", self.context.site)
        records: list[sdk.Record] = [
            self._host(numbers, disk, stamp),
            sdk.Fact(_HOST, (site,), self._about, stamp),
        ]
        if numbers.temperatures:
            records.append(self._sensors(numbers.temperatures, stamp))
        if numbers.interfaces:
            records.append(self._interfaces(numbers.interfaces, stamp))
        return records

    async def close(self) -> None:
        """Let go of the threads."""
        self._numbers_thread.close()
        self._disk_thread.close()

    async def _disk(self) -> FileSystemNumbers | None:
        return await self._disk_thread.ask(partial(file_system, self._folder), _DISK_TIMEOUT_SECONDS)

    def _host(self, numbers: HostNumbers, disk: FileSystemNumbers | None, stamp: sdk.Stamp) -> sdk.Reading:
        clock = sdk.kernel_clock()
        values: dict[sdk.Metric, sdk.Value] = {
            declared.BOOT_TIME: numbers.boot_time_seconds,
            declared.UPTIME: stamp.boottime_ns / 1e9,
            declared.CLOCK_SYNCHRONISED: None if clock.synchronised is None else int(clock.synchronised),
            declared.CLOCK_MAX_ERROR: clock.max_error_seconds,
            **_known(declared.CPU, numbers.cpu_seconds),
            **_known(declared.MEMORY, numbers.memory_bytes),
            **_known(declared.THROTTLING, numbers.throttling),
            **dict(zip(declared.LOAD, numbers.load, strict=True)),
            **_file_system(disk),
        }
        whole = bool(numbers.cpu_seconds and numbers.memory_bytes and disk)
        shape = self._shape(_HOST, (sdk.Row((("site", self.context.site),)),))
        columns = tuple([values.get(metric)] for metric in shape.metrics)
        outcome = sdk.Outcome.OK if whole else sdk.Outcome.PARTIAL
        return sdk.Reading(shape, stamp, columns, (outcome,), (_epoch(stamp.boot_id),))

    def _sensors(self, temperatures: Mapping[str, float], stamp: sdk.Stamp) -> sdk.Reading:
        site = ("site", self.context.site)
        shape = self._shape(_SENSOR, tuple(sdk.Row((site, ("sensor", name))) for name in temperatures))
        return sdk.Reading(
            shape, stamp, (list(temperatures.values()),), (sdk.Outcome.OK,) * len(temperatures)
        )

    def _interfaces(self, found: Sequence[InterfaceNumbers], stamp: sdk.Stamp) -> sdk.Reading:
        site = ("site", self.context.site)
        shape = self._shape(_INTERFACE, tuple(sdk.Row((site, ("interface", one.name))) for one in found))
        rows = [_interface(one) for one in found]
        columns = tuple([row.get(metric) for row in rows] for metric in shape.metrics)
        # A driver that is loaded again starts its counters anew, under a new ifindex.
        epochs = tuple(_epoch(f"{stamp.boot_id}/{one.index}") for one in found)
        return sdk.Reading(shape, stamp, columns, (sdk.Outcome.OK,) * len(found), epochs)

    def _shape(self, measurement: str, rows: tuple[sdk.Row, ...]) -> sdk.Shape:
        kept = self._shapes.get(measurement)
        if kept is None or kept.rows != rows:
            kept = self._shapes[measurement] = sdk.Shape(measurement, self.metrics[measurement], rows)
        return kept


class _OwnThread(Generic[T]):
    """One blocking call at a time, off the event loop; one that hangs is waited for, never repeated."""

    def __init__(self, name: str) -> None:
        self._threads = sdk.DaemonThreads(1, name)
        self._under_way: asyncio.Future[T] | None = None

    async def ask(self, work: Callable[[], T], timeout_seconds: float) -> T | None:
        """Return what the call returns; None when it, or one before it, takes too long."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await asyncio.shield(self._under_way)
        except TimeoutError:
            return None

    def close(self) -> None:
        """Let go of the thread; a call that hangs ends with the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def state_folder(environ: Mapping[str, str]) -> str:
    """Return systemd's first `StateDirectory=`; else the home folder, where state lies by default."""
    return environ.get("STATE_DIRECTORY", "").split(":")[0] or environ.get("HOME") or "/"


K = TypeVar("K")


def _known(
    metrics: Mapping[K, sdk.Metric], values: Mapping[K, int] | Mapping[K, float]
) -> dict[sdk.Metric, sdk.Value]:
    return {metric: values.get(name) for name, metric in metrics.items()}


def _file_system(disk: FileSystemNumbers | None) -> dict[sdk.Metric, sdk.Value]:
    if disk is None:
        return {}
    return {
        declared.FILE_SYSTEM_SIZE: disk.size_bytes,
        declared.FILE_SYSTEM_FREE: disk.free_bytes,
        declared.INODES: disk.inodes,
        declared.INODES_FREE: disk.free_inodes,
        declared.READ_ONLY: disk.read_only,
    }


def _interface(one: InterfaceNumbers) -> dict[sdk.Metric, sdk.Value]:
    return {
        **_known(declared.COUNTERS, one.counters),
        declared.UP: one.up,
        declared.CARRIER: one.carrier,
        declared.CARRIER_CHANGES: one.carrier_changes,
        declared.SPEED: one.speed_bytes_per_second,
        declared.FULL_DUPLEX: one.full_duplex,
        declared.MTU: one.mtu_bytes,
    }


def _epoch(name: str) -> int:
    """Return a number that differs when counters started again; stable while they run."""
    return zlib.crc32(name.encode())
