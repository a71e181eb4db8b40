"""Is this machine fit: interpreter, ping sockets, clock, state folder, network card, routes."""

from __future__ import annotations

import fcntl
import os
import platform
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from netmon.cli.doctor_finding import Finding, fail, ok, warn
from netmon.config.defaults import resolvers
from netmon.config.routes import gateways_v4, gateways_v6
from netmon.config.site import CircuitSection
from netmon.latest import Latest, LatestRow

_MIN_FREE_BYTES = 200_000_000
_LOW_FREE_RATIO = 0.1
_MAX_CLOCK_ERROR_SECONDS = 1.0
_PING_REMEDY = (
    'sysctl -w net.ipv4.ping_group_range="0 2147483647", and the same in /etc/sysctl.d/50-netmon.conf'
)


def interpreter() -> Iterator[Finding]:
    """Tell which Python runs netmon, and from where."""
    yield ok("python", f"{platform.python_version()} in {sys.prefix}")


def open_ping_socket(family: socket.AddressFamily) -> None:
    """Open and close an ICMP datagram socket; OSError when this user may not."""
    protocol = socket.IPPROTO_ICMP if family is socket.AF_INET else socket.IPPROTO_ICMPV6
    socket.socket(family, socket.SOCK_DGRAM, protocol).close()


def ping_sockets(open_socket: Callable[[socket.AddressFamily], None] = open_ping_socket) -> Iterator[Finding]:
    """Tell whether ICMP echo is permitted without privileges."""
    for family, name in ((socket.AF_INET, "IPv4"), (socket.AF_INET6, "IPv6")):
        subject = f"ping over {name}"
        try:
            open_socket(family)
        except PermissionError:
            yield warn(subject, "not permitted for this user: TCP and UDP are timed instead", _PING_REMEDY)
        except OSError as error:
            yield warn(
                subject, f"not available: {error.strerror}", f"use {name} on this machine, or ignore this"
            )
        else:
            yield ok(subject, "permitted")


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def state_folder(folder: Path) -> Iterator[Finding]:
    """Tell whether the history can be written, and whether a daemon is writing it."""
    nearest = existing(folder)
    if not os.access(nearest, os.W_OK | os.X_OK):
        remedy = "run this as root or as the user netmon, or set STATE_DIRECTORY to a folder of yours"
        yield fail("state folder", f"{folder} cannot be written by this user", remedy)
        return
    yield ok("state folder", f"{folder} {'can be written' if nearest == folder else 'will be made'}")
    if _locked(folder / "lock"):
        yield ok("daemon", "a daemon is running on this state folder")
    else:
        yield warn(
            "daemon", "no daemon is running on this state folder", "systemctl start netmon, or netmon run"
        )


def _locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # there is no lock, so nobody holds it
    return False


def routes(root: Path) -> Iterator[Finding]:
    """Tell the default gateways and the resolvers."""
    network = root / "proc/self/net"
    gateways = (*gateways_v4(_text(network / "route")), *gateways_v6(_text(network / "ipv6_route")))
    if gateways:
        yield ok("default route", f"by {', '.join(gateways)}")
    else:
        yield fail(
            "default route", "there is none", "connect the appliance, or set a gateway (nmtui, dhcpcd)"
        )
    stub = _text(root / "run/systemd/resolve/resolv.conf")
    found = resolvers(_text(root / "etc/resolv.conf"), stub)
    if found:
        yield ok("resolvers", ", ".join(found))
    else:
        yield fail("resolvers", "no name server is set", "set one in /etc/resolv.conf or by DHCP")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def own_numbers(latest: Latest) -> Iterator[Finding]:
    """Judge what the own-host collector read: clock, disk, power."""
    for row in latest.rows("host"):
        yield from _clock(row)
        yield from _disk(row)
        yield from _power(row)


def _clock(row: LatestRow) -> Iterator[Finding]:
    error = row.value("netmon_host_clock_max_error_seconds")
    remedy = "timedatectl set-ntp true, and let UDP port 123 pass to a time server"
    synchronised = row.value("netmon_host_clock_synchronised")
    if synchronised is None:
        yield ok("clock", "not known: the kernel does not tell whether it follows a time source")
    elif not synchronised:
        yield warn("clock", "follows no time source: the times of readings may be wrong", remedy)
    elif error is not None and error > _MAX_CLOCK_ERROR_SECONDS:
        yield warn("clock", f"may be wrong by {error:.1f} s", remedy)
    else:
        yield ok("clock", "synchronised" + ("" if error is None else f", within {error * 1000:.0f} ms"))


def _disk(row: LatestRow) -> Iterator[Finding]:
    size = row.value("netmon_host_filesystem_size_bytes")
    free = row.value("netmon_host_filesystem_free_bytes")
    if row.value("netmon_host_filesystem_readonly") == 1:
        yield fail(
            "disk", "is mounted read-only", "look for errors of the card in dmesg; replace it, or remount"
        )
    elif size is None or free is None:
        yield warn("disk", "does not answer", "look for errors of the card in dmesg")
    elif free < _MIN_FREE_BYTES:
        yield fail("disk", f"{free / 1e6:.0f} MB free", f"free at least {_MIN_FREE_BYTES / 1e6:.0f} MB")
    elif free < size * _LOW_FREE_RATIO:
        yield warn(
            "disk", f"{free / 1e9:.1f} of {size / 1e9:.1f} GB free", "lower [store] keep, or free some"
        )
    else:
        yield ok("disk", f"{free / 1e9:.1f} of {size / 1e9:.1f} GB free")


def _power(row: LatestRow) -> Iterator[Finding]:
    shape = row.reading.shape
    for metric, column in zip(shape.metrics, row.reading.columns, strict=True):
        if dict(metric.labels).get("cause") == "under_voltage" and column[row.at] == 1:
            remedy = "use the board's own power supply and a short cable"
            yield warn("power", "the board's voltage is, or was, too low", remedy)
            return


def network_cards(latest: Latest, circuits: Iterable[CircuitSection]) -> Iterator[Finding]:
    """Judge the links of this machine against the lines that it shall measure."""
    fastest: dict[str, float] = {}
    for row in latest.rows("host_interface"):
        speed = row.value("netmon_host_network_speed_bytes_per_second")
        if row.value("netmon_host_network_up") == 1 and speed is not None:
            fastest[row.label("interface")] = speed * 8
            yield _link(row, speed * 8)
    for circuit in circuits:
        contracted = max(circuit.down_bits_per_second or 0, circuit.up_bits_per_second or 0)
        link = fastest.get(circuit.interface) or max(fastest.values(), default=None)
        if link is not None and link < contracted:
            text = f"{contracted / 1e6:.0f} Mbit/s do not fit through this machine's {link / 1e6:.0f} Mbit/s"
            yield warn(
                f"circuit {circuit.id}", text, "use a faster card, cable or switch port for bandwidth tests"
            )


def _link(row: LatestRow, bits_per_second: float) -> Finding:
    subject, text = f"network card {row.label('interface')}", f"{bits_per_second / 1e6:.0f} Mbit/s"
    if row.value("netmon_host_network_full_duplex") == 0:
        remedy = "set the switch port to auto-negotiation, or change the cable"
        return fail(subject, f"{text}, half duplex: what it measures is not the line", remedy)
    return ok(subject, text)
