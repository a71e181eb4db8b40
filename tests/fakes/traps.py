"""Notifications as devices send them, octet by octet, and a receiver with everything around it."""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fakes.context import make_context

from collectors.snmp import ber, usm_message
from collectors.snmp.usm_channel import Lock
from collectors.snmp.usm_message import AUTH, PRIVACY
from collectors.traps.notification import INFORM, TRAP_V1, TRAP_V2
from collectors.traps.source import TrapsSettings, TrapsSource
from netmon import sdk

COMMUNITY = sdk.Credential("old", sdk.SnmpVersion.V2C, sdk.SecretStr("trap-community"), allow_weak=True)
USER = sdk.Credential(
    "core",
    sdk.SnmpVersion.V3,
    user="netmon",
    auth="SHA-256",
    auth_secret=sdk.SecretStr("authentication-passphrase"),
    privacy="AES-128",
    privacy_secret=sdk.SecretStr("encryption-passphrase"),
)
SENDER = bytes.fromhex("80001f8804747261702d31")
LINK_DOWN, LINK_UP, COLD_START = (f"1.3.6.1.6.3.1.1.5.{n}" for n in (3, 4, 1))

Bound = tuple[str, bytes]
"""A name and an encoded value."""


def integer(value: int) -> bytes:
    return ber.encode_integer(value)


def text(octets: bytes) -> bytes:
    return ber.encode(ber.OCTET_STRING, octets)


def identifier(dotted: str) -> bytes:
    return ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid(ber.oid(dotted)))


def varbinds(*bounds: Bound) -> bytes:
    one_each = (ber.encode(ber.SEQUENCE, identifier(name) + value) for name, value in bounds)
    return ber.encode(ber.SEQUENCE, b"".join(one_each))


def community_message(version: int, pdu: bytes, community: bytes = b"trap-community") -> bytes:
    return ber.encode(ber.SEQUENCE, integer(version) + text(community) + pdu)


def v1(
    generic: int,
    specific: int = 0,
    *bounds: Bound,
    enterprise: str = "1.3.6.1.4.1.9.1.1",
    agent: bytes = b"\x7f\0\0\1",
    ticks: int = 4200,
) -> bytes:
    """Return a trap of version 1."""
    content = (
        identifier(enterprise) + ber.encode(ber.IP_ADDRESS, agent) + integer(generic) + integer(specific)
    )
    content += ber.encode_integer(ticks, ber.TIME_TICKS) + varbinds(*bounds)
    return community_message(0, ber.encode(TRAP_V1, content))


def v2_pdu(trap: str, *bounds: Bound, inform: bool = False, request_id: int = 77, ticks: int = 4200) -> bytes:
    head = (
        ("1.3.6.1.2.1.1.3.0", ber.encode_integer(ticks, ber.TIME_TICKS)),
        ("1.3.6.1.6.3.1.1.4.1.0", identifier(trap)),
    )
    return ber.encode(
        INFORM if inform else TRAP_V2,
        integer(request_id) + integer(0) + integer(0) + varbinds(*head, *bounds),
    )


def v2c(trap: str, *bounds: Bound, community: bytes = b"trap-community", **pdu) -> bytes:
    """Return a trap or inform of version 2c."""
    return community_message(1, v2_pdu(trap, *bounds, **pdu), community)


@dataclass
class V3Sender:
    """A device that sends notifications of version 3; `lock` is that of `engine_id`."""

    lock: Lock
    engine_id: bytes = SENDER
    user: bytes = b"netmon"
    boots: int = 3
    seconds: int = 1000
    message_id: int = 5
    flags: int | None = None

    def seal(self, pdu: bytes, reportable: int = 0) -> bytes:
        """Return the message around a PDU."""
        scoped = ber.encode(ber.SEQUENCE, text(self.engine_id) + text(b"") + pdu)
        level = self.lock.level if self.flags is None else self.flags
        salt = b""
        if level & PRIVACY:
            salt, encrypted = self.lock.cipher.encrypt(scoped, self.boots, self.seconds)
            scoped = text(encrypted)
        self.message_id += 1
        head = integer(self.message_id) + integer(65_507) + text(bytes((level | reportable,))) + integer(3)
        mac_octets = self.lock.mac_octets if level & AUTH else 0
        security = text(self.engine_id) + integer(self.boots) + integer(self.seconds) + text(self.user)
        security += text(bytes(mac_octets)) + text(salt)
        content = (
            integer(3) + ber.encode(ber.SEQUENCE, head) + text(ber.encode(ber.SEQUENCE, security)) + scoped
        )
        whole = ber.encode(ber.SEQUENCE, content)
        if not mac_octets:
            return whole
        at = usm_message.decode(whole).mac_at
        mac = hmac.digest(self.lock.auth_key, whole, self.lock.hash_name)[:mac_octets]
        return whole[:at] + mac + whole[at + mac_octets :]


@dataclass
class Receiving:
    """An open source, the port it listens at, and what it has told so far."""

    source: TrapsSource
    port: int
    wanted: list[str] = field(default_factory=list)
    records: list[sdk.Record] = field(default_factory=list)

    async def read(self) -> Sequence[sdk.Event]:
        """Read once; return the events."""
        found = await self.source.read()
        self.records.extend(found)
        return [record for record in found if isinstance(record, sdk.Event)]

    @property
    def events(self) -> list[sdk.Event]:
        return [record for record in self.records if isinstance(record, sdk.Event)]

    def count(self, name: str, **labels: str) -> int:
        """Return a counter of the newest reading; 0 before there is one."""
        reading = next((r for r in reversed(self.records) if isinstance(r, sdk.Reading)), None)
        if reading is None:
            return 0
        wanted = tuple(labels.items())
        return next(
            column[0]
            for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
            if (metric.name, metric.labels) == (name, wanted)
        )

    def send(self, *datagrams: bytes, source: str = "127.0.0.1") -> None:
        """Send from an address of this machine."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            for datagram in datagrams:
                sock.sendto(datagram, ("127.0.0.1", self.port))

    async def until(self, fact, timeout_seconds: float = 5.0) -> None:
        """Read until a fact holds."""
        async with asyncio.timeout(timeout_seconds):
            while not fact():
                await asyncio.sleep(0.01)
                await self.read()

    async def event(self) -> sdk.Event:
        """Return the next event."""
        before = len(self.events)
        await self.until(lambda: len(self.events) > before)
        return self.events[before]


@asynccontextmanager
async def receiving(
    *credentials: sdk.Credential, address: str = "127.0.0.1", settings: TrapsSettings | None = None, **context
) -> AsyncIterator[Receiving]:
    """Open a source on a free port; one device, called router, has the address."""
    device = sdk.Device("router", address, 161, COMMUNITY)
    wanted: list[str] = []
    made = make_context(run_now=lambda name: wanted.append(name) or True, **context)
    assignment = sdk.Assignment(
        "traps", ("127.0.0.1:0",), 30.0, 10.0, devices=(device,), credentials=credentials or (COMMUNITY,)
    )
    source = TrapsSource(assignment, settings or TrapsSettings())
    try:
        await source.open(made)
        yield Receiving(source, source._receiver._sock.getsockname()[1], wanted)
    finally:
        await source.close()
        await made.shared.close()
