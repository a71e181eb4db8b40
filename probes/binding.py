"""Leave by one circuit: with its own address or by its own interface, or not at all.

What left another way would be measured under the circuit's name without having gone by it.
"""

from __future__ import annotations

import errno
import socket
import struct
from ipaddress import ip_address

from netmon import sdk
from probes.error_queue import failure
from probes.timestamping import Ancillary

# linux/in.h; the socket module of Python 3.11 lacks the name.
_IP_PKTINFO = 8
# ip(7): interface, address to leave with, a third that counts only in packets received; RFC 3542 §6.
_IPV4_INFO, _IPV6_INFO = struct.Struct("=i4s4x"), struct.Struct("=16sI")


def source_version(circuit: sdk.Circuit | None) -> int:
    """Return the IP version of a circuit's own address: 4 or 6, or 0 when it has none."""
    return ip_address(circuit.source_address).version if circuit and circuit.source_address else 0


def bind(sock: socket.socket, circuit: sdk.Circuit | None, port: int = 0) -> None:
    """Tie a new socket to a circuit; None, or one without source, leaves it to the routes.

    `port` is its own port, or the identifier of a ping socket; 0: any. SourceError: UNREACHABLE when the
    address or interface is not here, UNSUPPORTED when it cannot be used, BUSY when the port is taken.
    """
    if circuit and circuit.interface:
        _bind_to_interface(sock, circuit.interface)
    if circuit and circuit.source_address:
        _check_version(circuit, 6 if sock.family == socket.AF_INET6 else 4)
        _bind_to_address(sock, circuit.source_address, port)
    elif port:
        _bind_to_address(sock, "::" if sock.family == socket.AF_INET6 else "0.0.0.0", port)  # noqa: S104 - its source is the route's choice


def packet_info(version: int, circuit: sdk.Circuit | None) -> tuple[Ancillary, ...]:
    """Return the control message that ties one datagram of IP version 4 or 6 to a circuit; errors as bind().

    For sockets that all circuits share. The kernel lets anybody name an interface so.
    """
    if circuit is None or not circuit.has_source:
        return ()
    index = _interface_index(circuit.interface) if circuit.interface else 0
    address = bytes(4 if version == 4 else 16)
    if circuit.source_address:
        _check_version(circuit, version)
        _check_own(circuit.source_address)
        address = ip_address(circuit.source_address).packed
    if version == 6:
        return ((socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _IPV6_INFO.pack(address, index)),)
    return ((socket.IPPROTO_IP, _IP_PKTINFO, _IPV4_INFO.pack(index, address)),)


def _check_version(circuit: sdk.Circuit, version: int) -> None:
    if source_version(circuit) != version:
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED,
            f"an IPv{version} target cannot be asked from {circuit.source_address}, the circuit's source",
        )


def _check_own(address: str) -> None:
    """Raise SourceError for an address that is not here; a send would only say that something is invalid."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        _bind_to_address(sock, address)


def _bind_to_address(sock: socket.socket, address: str, port: int = 0) -> None:
    try:
        sock.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise _absent(address, "an address") from error
        raise failure(error, f"source {address}") from error


def _bind_to_interface(sock: socket.socket, interface: str) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    except PermissionError as error:
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED,
            f"binding to {interface} is not permitted: it takes Linux 5.7 or CAP_NET_RAW;"
            " or give the circuit an address as its source",
        ) from error
    except OSError as error:
        if error.errno == errno.ENODEV:
            raise _absent(interface, "an interface") from error
        raise failure(error, f"interface {interface}") from error


def _interface_index(interface: str) -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError as error:
        raise _absent(interface, "an interface") from error


def _absent(name: str, what: str) -> sdk.SourceError:
    return sdk.SourceError(sdk.Outcome.UNREACHABLE, f"{name} is not {what} of this machine")
