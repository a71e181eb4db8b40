"""SNMP agents for tests: a switch of a few ports, with faults that can be switched on and off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from fakes.context import make_context

from collectors.snmp import ber
from collectors.snmp.agent import (
    Agent,
    Live,
    SortedObjects,
    counter32,
    counter64,
    gauge32,
    object_id,
    serve,
    time_ticks,
)
from collectors.snmp.ber import Oid
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.message import Header, Pdu, Status, decode_header, encode_message
from netmon import sdk

COMMUNITY = "test-community"

IF_TABLE = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1"


@dataclass
class FakePort:
    """One port of a fake switch; tests change it between polls."""

    index: int
    name: bytes
    descr: bytes = b""
    alias: bytes = b""
    octets: int = 1000
    speed: int = 1_000_000_000
    high_speed: int = 1000
    discontinuity: int = 0
    high_capacity: bool = True

    def objects(self) -> Iterator[tuple[str, Live]]:
        descr = self.descr or b"port " + self.name
        yield f"{IF_TABLE}.1.{self.index}", self.index
        yield f"{IF_TABLE}.2.{self.index}", descr
        yield f"{IF_TABLE}.3.{self.index}", 6
        yield f"{IF_TABLE}.4.{self.index}", 1500
        yield f"{IF_TABLE}.5.{self.index}", gauge32(self.speed)
        yield f"{IF_TABLE}.6.{self.index}", bytes((0, 27, 84, 170, 0, self.index % 256))
        yield f"{IF_TABLE}.7.{self.index}", 1
        yield f"{IF_TABLE}.8.{self.index}", 2
        yield f"{IF_TABLE}.9.{self.index}", time_ticks(17)
        yield f"{IF_TABLE}.10.{self.index}", counter32(self.octets)
        for number in (11, 12, 13, 14, 15, 17, 18, 19, 20):
            yield f"{IF_TABLE}.{number}.{self.index}", counter32(number)
        yield f"{IF_TABLE}.16.{self.index}", counter32(self.octets * 2)
        yield f"{IF_X_TABLE}.1.{self.index}", self.name
        if self.high_capacity:
            for number in range(6, 14):
                scale = {6: self.octets, 10: self.octets * 2}
                yield f"{IF_X_TABLE}.{number}.{self.index}", counter64(scale.get(number, number))
        yield f"{IF_X_TABLE}.15.{self.index}", gauge32(self.high_speed)
        yield f"{IF_X_TABLE}.16.{self.index}", 2
        yield f"{IF_X_TABLE}.17.{self.index}", 1
        yield f"{IF_X_TABLE}.18.{self.index}", self.alias
        yield f"{IF_X_TABLE}.19.{self.index}", time_ticks(self.discontinuity)


@dataclass
class FakeSwitch:
    """The state of a fake device; `changes` adds, replaces or removes (None) single objects."""

    ports: list[FakePort] = field(
        default_factory=lambda: [FakePort(n, f"Gi0/{n}".encode()) for n in range(1, 5)]
    )
    uptime: int = 123_456
    table_last_change: int = 5
    changes: dict[str, Live | None] = field(default_factory=dict)

    def objects(self) -> SortedObjects:
        found: dict[str, Live | None] = {
            "1.3.6.1.2.1.1.1.0": "Fake Switch, version 1.2",
            "1.3.6.1.2.1.1.2.0": object_id((1, 3, 6, 1, 4, 1, 9, 1, 1208)),
            "1.3.6.1.2.1.1.3.0": time_ticks(self.uptime),
            "1.3.6.1.2.1.1.4.0": "noc@example.net",
            "1.3.6.1.2.1.1.5.0": "sw-1",
            "1.3.6.1.2.1.1.6.0": "Rack 12",
            "1.3.6.1.2.1.2.1.0": len(self.ports),
            "1.3.6.1.2.1.31.1.5.0": time_ticks(self.table_last_change),
        }
        for port in self.ports:
            found.update(port.objects())
        found.update(self.changes)
        return SortedObjects({ber.oid(name): live for name, live in found.items() if live is not None})


class FaultyAgent(Agent):
    """An agent that may break every rule; each fault is an attribute to set."""

    def __init__(self, objects: Callable[[], SortedObjects], community: str = COMMUNITY) -> None:
        super().__init__(objects, community)
        self.drop: Callable[[Header], bool] = lambda _header: False
        self.delay_seconds = 0.0
        self.copies = 1
        self.status: Callable[[Header, int], Status] = lambda _header, _names: Status.NO_ERROR
        self.refused: Callable[[list[Oid]], bool] = lambda _names: False
        self.rewrite: Callable[[Header], Header] = lambda header: header
        self.mangle: Callable[[bytes], bytes] = lambda reply: reply
        self.successor: Callable[[Oid], Oid | None] = lambda _name: None
        self.source: asyncio.DatagramTransport | None = None
        self.seen: list[Header] = []

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self.requests_total += 1
        reply = self.answer(data)
        if reply is None:
            return
        way = self.source or self._transport
        for _ in range(self.copies):
            asyncio.get_running_loop().call_later(self.delay_seconds, _send, way, self.mangle(reply), addr)

    def respond(self, header: Header, names: list[Oid]) -> bytes | None:
        self.seen.append(header)
        if self.drop(header):
            return None
        status = Status.GEN_ERR if self.refused(names) else self.status(header, len(names))
        if status != Status.NO_ERROR:
            refused = replace(header, pdu=Pdu.RESPONSE, first=status, second=1)
            return encode_message(self.rewrite(refused), b"")
        reply = super().respond(header, names)
        return None if reply is None else self._rewritten(reply)

    def _rewritten(self, reply: bytes) -> bytes:
        header = decode_header(reply)
        return encode_message(self.rewrite(header), reply[header.start :])

    def _next(self, objects: SortedObjects, name: Oid) -> tuple[Oid, bytes]:
        if (after := self.successor(name)) is not None:
            return after, ber.encode(ber.COUNTER64, b"\x07")
        return super()._next(objects, name)


def _send(way: asyncio.DatagramTransport, reply: bytes, addr: object) -> None:
    if not way.is_closing():
        way.sendto(reply, addr)


def credential(community: str = COMMUNITY, version: sdk.SnmpVersion = sdk.SnmpVersion.V2C) -> sdk.Credential:
    return sdk.Credential("test", version, sdk.SecretStr(community))


@dataclass
class Bench:
    """A fake switch, its agent, and the device that a collector is given."""

    switch: FakeSwitch
    agent: FaultyAgent
    device: sdk.Device

    def assignment(self, name: str, timeout_seconds: float = 5.0) -> sdk.Assignment:
        return sdk.Assignment(name, (self.device.name,), 30.0, timeout_seconds, device=self.device)


@asynccontextmanager
async def bench(switch: FakeSwitch | None = None, **device) -> AsyncIterator[Bench]:
    """Serve a fake switch on a free loopback port."""
    switch = switch or FakeSwitch()
    agent = FaultyAgent(switch.objects)
    transport, port = await serve(agent, "127.0.0.1")
    try:
        yield Bench(switch, agent, sdk.Device("sw1", "127.0.0.1", port, credential(), **device))
    finally:
        transport.close()


@asynccontextmanager
async def snmp_context(try_seconds: float = 0.2, **overrides) -> AsyncIterator[sdk.Context]:
    """Give a context whose SNMP engine waits for a fifth of a second only."""
    context = make_context(**overrides)
    engine = SnmpEngine(try_seconds)
    context.shared._things[SnmpEngine] = engine
    try:
        yield context
    finally:
        await context.shared.close()
