"""A small SNMP v1/v2c agent: answers GET, GETNEXT and GETBULK from a table of objects.

It serves the demonstration site and the tests; it is no product, binds where it is told to, and
never writes.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

from collectors.snmp import ber
from collectors.snmp.ber import Oid
from collectors.snmp.message import (
    VERSION_1,
    Header,
    Pdu,
    Status,
    decode_header,
    decode_varbinds,
    encode_message,
)

_HEADROOM = 64
"""Octets that a message needs beside community and varbinds, with room to spare."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A value with the tag it travels under; the functions below make them."""

    tag: int
    content: bytes


Answer = int | str | bytes | Typed
"""What an object may be: an INTEGER, an OCTET STRING, or anything else as `Typed`."""

Live = Answer | Callable[[], Answer]
"""An answer, or what makes one when it is asked for: a counter that lives."""


def counter32(value: int) -> Typed:
    """Return a Counter32, wrapped at 2**32."""
    return _number(ber.COUNTER32, value % 2**32)


def counter64(value: int) -> Typed:
    """Return a Counter64, wrapped at 2**64."""
    return _number(ber.COUNTER64, value % 2**64)


def gauge32(value: int) -> Typed:
    """Return a Gauge32, which sticks at 2**32 - 1."""
    return _number(ber.GAUGE32, min(value, 2**32 - 1))


def time_ticks(hundredths: int) -> Typed:
    """Return TimeTicks in hundredths of a second, wrapped at 2**32 (497 days)."""
    return _number(ber.TIME_TICKS, hundredths % 2**32)


def object_id(numbers: Oid) -> Typed:
    """Return an OBJECT IDENTIFIER."""
    return Typed(ber.OBJECT_IDENTIFIER, ber.encode_oid(numbers))


def ip_address(four_octets: bytes) -> Typed:
    """Return an IpAddress."""
    return Typed(ber.IP_ADDRESS, four_octets)


def _number(tag: int, value: int) -> Typed:
    return Typed(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


class SortedObjects:
    """Objects in the order of their identifiers; sorted once, values made when asked for."""

    def __init__(self, objects: Mapping[Oid, Live]) -> None:
        self._objects = dict(objects)
        self._order = sorted(self._objects)

    def get(self, name: Oid) -> bytes | None:
        """Return the encoded value of one object; None when there is no such object."""
        live = self._objects.get(name)
        return None if live is None else _encode(live() if callable(live) else live)

    def after(self, name: Oid) -> Oid | None:
        """Return the next object's identifier; None at the end."""
        at = bisect_right(self._order, name)
        return self._order[at] if at < len(self._order) else None

    def below(self, name: Oid) -> bool:
        """Tell whether any object lies in the subtree of `name`."""
        at = bisect_left(self._order, name)
        return at < len(self._order) and self._order[at][: len(name)] == name


def _encode(answer: Answer) -> bytes:
    match answer:
        case int():
            return ber.encode_integer(answer)
        case str():
            return ber.encode(ber.OCTET_STRING, answer.encode())
        case bytes():
            return ber.encode(ber.OCTET_STRING, answer)
        case Typed(tag, content):
            return ber.encode(tag, content)


class Agent(asyncio.DatagramProtocol):
    """Answers for one device. `objects` is called for each request, so that rows may come and go."""

    def __init__(self, objects: Callable[[], SortedObjects], community: str, max_size: int = 1472) -> None:
        """Keep the table; `max_size` is the largest reply in octets, as real agents have one."""
        self._objects = objects
        self._community = community.encode()
        self._max_size = max_size
        self._transport: asyncio.DatagramTransport | None = None
        self.requests_total = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        # A cast, for asyncio's own datagram transport is no DatagramTransport before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Answer one datagram; silence for what is broken or has another community, as agents do."""
        self.requests_total += 1
        reply = self.answer(data)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)

    def answer(self, datagram: bytes) -> bytes | None:
        """Return the reply to one request; None for silence."""
        try:
            header = decode_header(datagram)
            names = [ber.decode_oid(varbind.name) for varbind in decode_varbinds(datagram, header)]
        except ber.BerError:
            return None
        if header.community != self._community:
            return None
        return self.respond(header, names)

    def respond(self, header: Header, names: Sequence[Oid]) -> bytes | None:
        """Return the reply to a request that is well-formed and allowed; None for silence."""
        objects = self._objects()
        match header.pdu:
            case Pdu.GET:
                found = [self._exact(objects, name) for name in names]
            case Pdu.GETNEXT:
                found = [self._next(objects, name) for name in names]
            case Pdu.GETBULK if header.version != VERSION_1:
                return self._fitting(header, islice(self._bulk(objects, header, names), 4096))
            case _:
                return None
        return self._whole(header, names, found)

    @staticmethod
    def _exact(objects: SortedObjects, name: Oid) -> tuple[Oid, bytes]:
        value = objects.get(name)
        if value is not None:
            return name, value
        known = objects.below(name[:-1])
        return name, ber.encode(ber.NO_SUCH_INSTANCE if known else ber.NO_SUCH_OBJECT, b"")

    @staticmethod
    def _next(objects: SortedObjects, name: Oid) -> tuple[Oid, bytes]:
        after = objects.after(name)
        value = None if after is None else objects.get(after)
        if after is None or value is None:
            return name, ber.encode(ber.END_OF_MIB_VIEW, b"")
        return after, value

    def _bulk(
        self, objects: SortedObjects, header: Header, names: Sequence[Oid]
    ) -> Iterator[tuple[Oid, bytes]]:
        for name in names[: header.first]:
            yield self._next(objects, name)
        cursors = list(names[header.first :])
        for _ in range(header.second if cursors else 0):
            row = [self._next(objects, name) for name in cursors]
            yield from row
            if all(value[0] == ber.END_OF_MIB_VIEW for _, value in row):
                return
            cursors = [name for name, _ in row]

    def _fitting(self, header: Header, found: Iterator[tuple[Oid, bytes]]) -> bytes:
        """Return as many varbinds as the largest reply holds (RFC 3416 section 4.2.3)."""
        room = self._max_size - _HEADROOM - len(header.community)
        kept = bytearray()
        for name, value in found:
            varbind = _varbind(name, value)
            if len(kept) + len(varbind) > room:
                break
            kept += varbind
        return _response(header, bytes(kept), Status.NO_ERROR if kept else Status.TOO_BIG)

    def _whole(self, header: Header, names: Sequence[Oid], found: Sequence[tuple[Oid, bytes]]) -> bytes:
        missing = [at for at, (_, value) in enumerate(found, 1) if value[0] >= ber.NO_SUCH_OBJECT]
        if missing and header.version == VERSION_1:
            echo = b"".join(_varbind(name, ber.encode(ber.NULL, b"")) for name in names)
            return _response(header, echo, Status.NO_SUCH_NAME, missing[0])
        varbinds = b"".join(_varbind(name, value) for name, value in found)
        if len(varbinds) > self._max_size - _HEADROOM - len(header.community):
            return _response(header, b"", Status.TOO_BIG)
        return _response(header, varbinds, Status.NO_ERROR)


def _varbind(name: Oid, value: bytes) -> bytes:
    return ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid(name)) + value)


def _response(header: Header, varbinds: bytes, status: Status, index: int = 0) -> bytes:
    return encode_message(replace(header, pdu=Pdu.RESPONSE, first=status, second=index), varbinds)


async def serve(agent: Agent, host: str, port: int = 0) -> tuple[asyncio.DatagramTransport, int]:
    """Listen for an agent; return the transport, which the caller closes, and the port (0: any free one)."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: agent, local_addr=(host, port))
    return transport, int(transport.get_extra_info("sockname")[1])
