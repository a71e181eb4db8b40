"""Two hosts joined by an emulated path, whose log says what really happened to every packet.

with emulated_path(tmp_path) as path:
    with path.emulating(forward="delay=5ms,loss=1%", backward="delay=5ms") as truth, path.near.entered():
        ...                              # measure path.far's addresses
    truth.packets()                      # after the block: all that went over it
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import pytest
from fakes.namespaces import Host, cable, hosts

SOURCE = Path(__file__).parents[1] / "tools" / "pathemu" / "pathemu.c"
NEAR, FAR = "10.99.0.1", "10.99.0.2"
NEAR_6, FAR_6 = "fd99::1", "fd99::2"
MANY = "10.98"
"""All of 10.98.0.0/16 is the far host, too."""
FORWARD, BACKWARD = 0, 1
ICMP, TCP, UDP = 1, 6, 17

_RECORD = struct.Struct("=QQQIIHBBBBHIIHHIII")
_SIOCETHTOOL = 0x8946
_STX_CSUM, _SRX_CSUM, _STSO, _SGSO, _SGRO = 0x17, 0x15, 0x1F, 0x24, 0x2C
_READY_SECONDS = 10.0


class Verdict(IntEnum):
    """What became of a packet."""

    FORWARDED, LOST, QUEUE_FULL, DUPLICATE, OUTAGE, BYPASSED, FAILED = range(7)


class Packet(NamedTuple):
    """One line of the log. `source_port` and `destination_port` are id and sequence of an ICMP echo."""

    arrived_ns: int
    due_ns: int
    sent_ns: int
    number: int
    queue_bytes: int
    ip_bytes: int
    direction: int
    verdict: int
    protocol: int
    flags: int
    ip_id: int
    source: int
    destination: int
    source_port: int
    destination_port: int
    first: int
    second: int
    third: int

    @property
    def delivered(self) -> bool:
        return self.verdict in (Verdict.FORWARDED, Verdict.DUPLICATE)


@dataclass
class Truth:
    """The log of one run; whole when the run has ended."""

    log: Path

    def packets(self, protocol: int | None = None) -> list[Packet]:
        """Return all packets of a protocol, or all, in the order of their arrival."""
        found = map(Packet._make, _RECORD.iter_unpack(self.log.read_bytes()))
        return [packet for packet in found if protocol is None or packet.protocol == protocol]


@dataclass
class EmulatedPath:
    """The near host measures, the far one answers, the middle one is the path."""

    near: Host
    far: Host
    middle: Host
    folder: Path
    program: Path

    @contextmanager
    def emulating(
        self, forward: str = "delay=1ms", backward: str = "delay=1ms", *options: str
    ) -> Iterator[Truth]:
        """Forward packets, with these faults, as long as the block lasts."""
        log, ready = self.folder / "packets.log", self.folder / "ready"
        ready.unlink(missing_ok=True)
        words = ("--ab", forward, "--ba", backward, "--log", str(log), "--log-max", "200000")
        more = ("--rt", "--cpu", str(max(os.sched_getaffinity(0))), "--ready", str(ready))
        command = (*self.middle.prefix, str(self.program), *words, *more, *options, "near", "far")
        with (self.folder / "statistics.json").open("wb") as statistics:
            process = subprocess.Popen(command, stderr=statistics)
        try:
            _wait_for(ready, process)
            yield Truth(log)
            # What is still under way belongs in the log, too.
            time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def emulated_path(folder: Path) -> Iterator[EmulatedPath]:
    """Make the hosts and the program; skip the test where that takes more than there is."""
    program = _build()
    with hosts("a", "e", "b") as (near, middle, far):
        cable((near, "eth0"), (middle, "near"))
        cable((far, "eth0"), (middle, "far"))
        for name in ("near", "far"):
            _plain(middle, name)
            middle.ip("link", "set", name, "promisc", "on", "txqueuelen", "10000")
            _write(middle, f"net/ipv6/conf/{name}/disable_ipv6", "1")
        _address(near, NEAR, NEAR_6)
        _address(far, FAR, FAR_6)
        near.ip("route", "add", f"{MANY}.0.0/16", "via", FAR)
        far.ip("route", "add", "local", f"{MANY}.0.0/16", "dev", "lo")
        _know(near, far, FAR, FAR_6)
        _know(far, near, NEAR, NEAR_6)
        yield EmulatedPath(near, far, middle, folder, program)


def round_trips(packets: Iterable[Packet]) -> dict[tuple[int, int, int], deque[float | None]]:
    """Return the true times of echo requests (s; None: lost), in their order, by (address, id, sequence)."""
    found: dict[tuple[int, int, int], deque[float | None]] = defaultdict(deque)
    open_since: dict[tuple[int, int, int, int], int] = {}
    for packet in sorted(packets, key=_moment):
        address = packet.source if packet.direction == BACKWARD else packet.destination
        key = (address, packet.source_port, packet.destination_port)
        if packet.flags == 8 and packet.direction == FORWARD and packet.verdict != Verdict.DUPLICATE:
            found[key].append(None)
            open_since[*key, packet.second] = packet.arrived_ns
        elif packet.flags == 0 and packet.direction == BACKWARD and packet.delivered:
            began_ns = open_since.pop((*key, packet.second), None)
            if began_ns is not None:
                found[key][-1] = (packet.sent_ns - began_ns) / 1e9
    return found


def _moment(packet: Packet) -> int:
    """Return when the near host saw a packet: as it left there, or as it came back."""
    return packet.arrived_ns if packet.direction == FORWARD else packet.sent_ns


def _build() -> Path:
    compiler = shutil.which("gcc")
    if compiler is None:
        reason = "gcc is needed to build the emulated path"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    program = Path(tempfile.gettempdir()) / f"netmon-pathemu-{digest}"
    if not program.exists():
        fresh = program.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, "-O2", "-w", "-o", str(fresh), str(SOURCE), "-lm"], check=True)
        fresh.rename(program)
    return program


def _wait_for(ready: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready.exists():
        assert process.poll() is None, "the emulator ended at once"
        assert time.monotonic() < deadline, "the emulator is not ready"
        time.sleep(0.005)


def _address(host: Host, ipv4: str, ipv6: str) -> None:
    _plain(host, "eth0")
    for name in ("all", "eth0"):
        _write(host, f"net/ipv6/conf/{name}/accept_dad", "0")
    _write(host, "net/ipv4/ping_group_range", "0 2147483647")
    _write(host, "net/ipv4/icmp_ratelimit", "0")
    with suppress(OSError):
        _write(host, "net/ipv4/icmp_msgs_per_sec", "1000000")
    host.ip("link", "set", "eth0", "txqueuelen", "10000")
    host.ip("addr", "add", f"{ipv4}/24", "dev", "eth0")
    host.ip("addr", "add", f"{ipv6}/64", "dev", "eth0", "nodad")


def _know(host: Host, other: Host, *addresses: str) -> None:
    """Make address resolution part of the set-up, not of the measurement."""
    shown = other.run("cat", "/sys/class/net/eth0/address").stdout.strip()
    for address in addresses:
        host.ip("neigh", "replace", address, "lladdr", shown, "dev", "eth0", "nud", "permanent")


def _write(host: Host, name: str, text: str) -> None:
    with host.entered():
        Path("/proc/sys", name).write_text(text)


def _plain(host: Host, interface: str) -> None:
    """Switch off what joins packets and what leaves checksums to hardware that is not there."""
    with host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in (_STSO, _SGSO, _SGRO, _STX_CSUM, _SRX_CSUM):
            value = bytearray(struct.pack("=II", command, 0))
            pointer = (struct.pack("16sP", interface.encode(), _address_of(value))).ljust(40, b"\0")
            with suppress(OSError):
                fcntl.ioctl(sock, _SIOCETHTOOL, pointer)


def _address_of(value: bytearray) -> int:
    import ctypes

    return ctypes.addressof(ctypes.c_char.from_buffer(value))
