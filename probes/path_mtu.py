"""Find the largest packet that a path carries whole, and where larger ones vanish without a word.

Echo requests that may not be fragmented (IP_PMTUDISC_PROBE: the kernel's cached MTU is ignored). A router
that drops one should say so and name the next link's MTU (RFC 1191, RFC 8201); where that word is lost,
connections hang (RFC 2923 §2.1). Sizes are those of whole IP packets.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from probes.binding import bind
from probes.error_queue import IP_RECVERR, IPV6_RECVERR, failure, notice_of
from probes.path_answer import Kind, Packet
from probes.path_socket import Door, Flow, set_whole

LEAST_BYTES = {4: 68, 6: 1280}
"""What every link carries (RFC 791 §3.2, RFC 8200 §5)."""
_LARGEST_BYTES = 65_535
_SECTIONS = 6
"""Sizes that are tried at once: seven times fewer candidates per wait, where two at a time would be half."""
_TRIES, _CHECKS = 2, 4
_ERROR_EVERY_SECONDS = 1.1
_ANCILLARY_BYTES = 512


@dataclass(frozen=True, slots=True)
class PathMtu:
    """The largest size that got through.

    `announced_by` is the router that named it; empty when nobody had to, or nobody did. `black_hole`: larger
    packets vanish, and `last_hop` is the last one that they are known to reach; None: no time to find out.
    """

    size_bytes: int
    announced_by: str = ""
    black_hole: bool = False
    last_hop: int | None = None


class MtuSearch:
    """One search on one path; `hops` is its length, `wait_seconds` longer than any round trip on it."""

    def __init__(self, door: Door, flow: Flow, hops: int, wait_seconds: float) -> None:
        self._door = door
        self._least_bytes = LEAST_BYTES[flow.version]
        self._hops = hops
        self._wait_seconds = wait_seconds
        self._announced_by = ""

    async def run(self, link_bytes: int, left_seconds: Callable[[], float]) -> PathMtu | None:
        """Search below the MTU of this host's own link.

        None when the target does not answer echo requests, when the path loses too much to tell, or when
        there is no time left.
        """
        low, high = 0, min(link_bytes, _LARGEST_BYTES)
        silent = False
        sizes: Sequence[int] = (high, self._least_bytes)
        while low < high and left_seconds() > self._wait_seconds:
            passed, limit = await self._try(sizes)
            low = max(low, passed)
            if not low:
                return None
            failed = [size for size in sizes if size > low]
            if limit is not None and low <= limit < high:
                high, sizes = limit, (limit,)  # somebody names a size: it must only be tried
                continue
            if failed:
                silent = silent or limit is None
                high = min(failed) - 1
            sizes = _sections(low, high)
        if low < high:
            return None
        if silent:
            return await self._black_hole(low, left_seconds)
        return PathMtu(low, self._announced_by if low < link_bytes else "")

    async def _try(self, sizes: Sequence[int]) -> tuple[int, int | None]:
        """Send each size twice; return the largest that was answered (0: none), and the least MTU named."""
        packets = [(size, self._door.send(64, size)) for size in sizes for _ in range(_TRIES)]
        await self._hear([packet for _, packet in packets])
        passed = max((size for size, packet in packets if _reached(packet)), default=0)
        named = [
            answer for size, packet in packets
            if (answer := packet.answer) is not None
            and answer.kind is Kind.TOO_BIG
            and self._least_bytes <= answer.mtu_bytes < size
        ]  # fmt: skip
        if not named:
            return passed, None
        least = min(named, key=lambda answer: answer.mtu_bytes)
        self._announced_by = least.address
        return passed, least.mtu_bytes

    async def _black_hole(self, size_bytes: int, left_seconds: Callable[[], float]) -> PathMtu | None:
        """Make sure of the edge, and see how far the next larger size gets.

        Routers limit their ICMP errors, Linux to one a second after a burst of six, and the search has
        used them up: each look waits until there may be one again.
        """
        if left_seconds() < _ERROR_EVERY_SECONDS + self._wait_seconds:
            return None
        await asyncio.sleep(_ERROR_EVERY_SECONDS)
        above = [self._door.send(64, size_bytes + 1) for _ in range(_CHECKS)]
        below = [self._door.send(64, size_bytes) for _ in range(_CHECKS)]
        await self._hear([*below, *above])
        if any(map(_reached, above)) or not any(map(_reached, below)):
            return None
        named = next((p.answer for p in above if p.answer and p.answer.kind is Kind.TOO_BIG), None)
        if named is not None:
            return PathMtu(size_bytes, named.address)
        return PathMtu(size_bytes, black_hole=True, last_hop=await self._reach(size_bytes + 1, left_seconds))

    async def _reach(self, size_bytes: int, left_seconds: Callable[[], float]) -> int | None:
        """Return the last hop that packets of that size reach; 0: none says so, None: there is no time."""
        if left_seconds() < _ERROR_EVERY_SECONDS + self._wait_seconds:
            return None
        await asyncio.sleep(_ERROR_EVERY_SECONDS)
        hops = range(1, self._hops + 1)
        packets = [self._door.send(hop, size_bytes) for hop in hops for _ in range(_TRIES)]
        await self._hear(packets)
        return max((p.hop_limit for p in packets if p.answer and p.answer.kind is Kind.HOP), default=0)

    async def _hear(self, packets: Sequence[Packet]) -> None:
        await asyncio.wait([packet.answered for packet in packets], timeout=self._wait_seconds)
        self._door.drain()


def _reached(packet: Packet) -> bool:
    return packet.answer is not None and packet.answer.kind is Kind.TARGET


def _sections(low: int, high: int) -> Sequence[int]:
    """Return sizes above `low` up to `high`, evenly apart, the largest first among them."""
    count = min(_SECTIONS, high - low)
    return sorted({low + (high - low) * step // count for step in range(1, count + 1)}, reverse=True)


def link_mtu(flow: Flow) -> int:
    """Return the MTU of the link by which this host sends there; SourceError when it cannot send there.

    A datagram that is too large for any link is refused by the kernel, which names the link's MTU.
    """
    with socket.socket(flow.family, socket.SOCK_DGRAM) as sock:
        bind(sock, flow.circuit)
        set_whole(sock)
        level, option = (
            (socket.IPPROTO_IPV6, IPV6_RECVERR) if flow.version == 6 else (socket.IPPROTO_IP, IP_RECVERR)
        )
        sock.setsockopt(level, option, 1)
        sock.setblocking(False)
        try:
            sock.sendto(bytes(_LARGEST_BYTES - 28), (flow.address, 9))
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise failure(error, flow.address) from error
        with contextlib.suppress(BlockingIOError):
            _data, ancillary, _flags, _to = sock.recvmsg(1, _ANCILLARY_BYTES, socket.MSG_ERRQUEUE)
            notice = notice_of(ancillary)
            if notice is not None and notice.error == errno.EMSGSIZE:
                return notice.info
    return _LARGEST_BYTES
