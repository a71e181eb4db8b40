"""Put frames on the wire and take frames from it: the only place that knows scapy."""

from __future__ import annotations

import contextlib
import fcntl
import secrets
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Interface, IPv4Network
from itertools import islice

from scapy.arch.linux import L2ListenSocket, L2Socket
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet

from probes.raw.frames import arp_answer, dhcp_offer, echo_answer
from probes.raw.grammar import FRAMES_MAX, Ask, Frame, Task

_ARP, _IPV4, _IPV6, _LLDP, _LLC = 0x0806, 0x0800, 0x86DD, 0x88CC, 0x0004
_SIOCGIFADDR, _SIOCGIFNETMASK, _SIOCGIFHWADDR = 0x8915, 0x891B, 0x8927
_SWITCH_GROUPS = ((_LLDP, "01:80:c2:00:00:0e"), (_LLC, "01:00:0c:cc:cc:cc"))
"""Where LLDP (802.1AB §7.1) and CDP are sent to; a whole interface need not be promiscuous for them."""
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_MULTICAST = 263, 1, 0  # linux/if_packet.h
_PACKET_MREQ = struct.Struct("=IHH8s")
_ALL_HOSTS_MAC = "33:33:00:00:00:01"
_BROADCAST = "ff:ff:ff:ff:ff:ff"
_SCAN_PREFIX = 22
"""The largest network that is asked address by address; of a larger one, the 256 around the own address."""
_PER_BURST, _BURST_SECONDS = 16, 0.02
_FRAMES_KEPT = 64
_AGAIN_SECONDS = 1.0


class Listener:
    """Keeps the last frame of each switch that is heard on one interface, while the process lives."""

    def __init__(self, interface: str) -> None:
        self._sockets = [_group_socket(interface, kind, group) for kind, group in _SWITCH_GROUPS]
        self._heard: dict[bytes, tuple[bytes, float]] = {}
        self._lock = threading.Lock()
        threading.Thread(
            target=self._listen, args=(interface,), name=f"listen {interface}", daemon=True
        ).start()

    def frames(self) -> Sequence[Frame]:
        """Return the frames with their age in seconds."""
        now = time.monotonic()
        with self._lock:
            return [Frame(data, now - heard) for data, heard in self._heard.values()]

    def _listen(self, interface: str) -> None:
        """Listen for ever, also after the interface was down, or away and is another one now."""
        while True:
            try:
                for data, _stamp in _frames(self._sockets, 3600.0):
                    self._note(data)
            except OSError:
                time.sleep(_AGAIN_SECONDS)
            with contextlib.suppress(OSError):
                self._open_again(interface)

    def _note(self, data: bytes) -> None:
        with self._lock:
            # One switch speaks LLDP and CDP from one address: destination and sender tell them apart.
            self._heard.pop(data[:12], None)
            self._heard[data[:12]] = (data, time.monotonic())
            if len(self._heard) > _FRAMES_KEPT:
                del self._heard[next(iter(self._heard))]

    def _open_again(self, interface: str) -> None:
        for sock in self._sockets:
            sock.close()
        self._sockets = [_group_socket(interface, kind, group) for kind, group in _SWITCH_GROUPS]


def _group_socket(interface: str, ethertype: int, group: str) -> L2ListenSocket:
    """Return a socket that hears a group's frames, joined by number: scapy's list of interfaces grows old."""
    sock = L2ListenSocket(iface=interface, type=ethertype, promisc=False)
    octets = bytes.fromhex(group.replace(":", ""))
    member = _PACKET_MREQ.pack(socket.if_nametoindex(interface), _PACKET_MR_MULTICAST, len(octets), octets)
    sock.ins.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, member)
    return sock


def ask_wire(ask: Ask) -> Sequence[Frame]:
    """Do what was asked on the wire; OSError when the interface is not there or is down."""
    if ask.task is Task.ARP:
        return _exchange(ask, _ARP, _who_has(ask.interface), arp_answer)
    if ask.task is Task.ND:
        return _exchange(ask, _IPV6, [_echo_to_all(ask.interface)], echo_answer)
    transaction = secrets.randbits(32)
    ours = transaction.to_bytes(4, "big")
    return _exchange(
        ask, _IPV4, [_discover(ask.interface, transaction)], lambda frame: dhcp_offer(frame, ours)
    )


def _exchange(
    ask: Ask, ethertype: int, packets: Sequence[Packet], wanted: Callable[[bytes], object | None]
) -> Sequence[Frame]:
    """Send in small bursts and collect what answers until the time is up."""
    door = L2Socket(iface=ask.interface, type=ethertype, promisc=False)
    found: list[Frame] = []
    began, until = time.time(), time.monotonic() + ask.seconds
    try:
        waiting = list(packets)
        while (left_seconds := until - time.monotonic()) > 0 and len(found) < FRAMES_MAX:
            for packet in waiting[:_PER_BURST]:
                door.send(packet)
            del waiting[:_PER_BURST]
            pause_seconds = _BURST_SECONDS if waiting else left_seconds
            heard = (frame for frame in _frames([door], pause_seconds) if wanted(frame[0]))
            room = FRAMES_MAX - len(found)
            found += [Frame(data, max(stamp - began, 0.0)) for data, stamp in islice(heard, room)]
    finally:
        door.close()
    return found


def _frames(sockets: Sequence[L2Socket], seconds: float) -> Iterator[tuple[bytes, float]]:
    """Yield frames as they come, undissected, with the kernel's stamp (Unix time)."""
    until = time.monotonic() + seconds
    while (left_seconds := until - time.monotonic()) > 0:
        readable, _, _ = select.select([sock.ins for sock in sockets], [], [], left_seconds)
        for sock in sockets:
            if sock.ins in readable:
                _kind, data, stamp = sock.recv_raw()
                if data is not None:
                    yield data, time.time() if stamp is None else float(stamp)


def _who_has(interface: str) -> Sequence[Packet]:
    own, mac = _own_address(interface), _own_mac(interface)
    network = (
        own.network if own.network.prefixlen >= _SCAN_PREFIX else IPv4Network((own.ip, 24), strict=False)
    )
    return [
        Ether(src=mac, dst=_BROADCAST) / ARP(op=1, hwsrc=mac, psrc=str(own.ip), pdst=str(address))
        for address in network.hosts()
        if address != own.ip
    ]


def _echo_to_all(interface: str) -> Packet:
    """Ask ff02::1, all nodes of the link (RFC 4291 §2.7.1), from the interface's link-local address."""
    mac = _own_mac(interface)
    ip = IPv6(src=_link_local(interface), dst="ff02::1", hlim=1)
    return Ether(src=mac, dst=_ALL_HOSTS_MAC) / ip / ICMPv6EchoRequest(data=b"netmon")


def _discover(interface: str, transaction: int) -> Packet:
    """Ask for offers as a client that has no address yet, answers by broadcast (RFC 2131 §4.1)."""
    mac = _own_mac(interface)
    octets = bytes.fromhex(mac.replace(":", ""))
    options: list[object] = [("message-type", "discover"), ("param_req_list", [1, 3, 6, 51]), "end"]
    return (
        Ether(src=mac, dst=_BROADCAST)
        / IP(src="0.0.0.0", dst="255.255.255.255")  # noqa: S104 - a client without address
        / UDP(sport=68, dport=67)
        / BOOTP(chaddr=octets, xid=transaction, flags=0x8000)
        / DHCP(options=options)
    )


def _own_address(interface: str) -> IPv4Interface:
    address = socket.inet_ntoa(_ioctl(_SIOCGIFADDR, interface)[20:24])
    return IPv4Interface(f"{address}/{socket.inet_ntoa(_ioctl(_SIOCGIFNETMASK, interface)[20:24])}")


def _own_mac(interface: str) -> str:
    return _ioctl(_SIOCGIFHWADDR, interface)[18:24].hex(":")


def _ioctl(request: int, interface: str) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return fcntl.ioctl(sock, request, struct.pack("256s", interface.encode()))


def _link_local(interface: str) -> str:
    """Return the interface's own link-local address, by a route look-up that sends nothing."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.connect(("ff02::1", 9, 0, socket.if_nametoindex(interface)))
        return str(sock.getsockname()[0]).partition("%")[0]
