"""How PDUs travel to one device and back: the seam between messages with a community and SNMPv3.

A `body` is what is compared and decoded: the whole datagram for a community, the decrypted scopedPDU
for SNMPv3, whose authentication and privacy octets change with every message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from collectors.snmp.message import Header, Pdu, Request, decode_header, make_request
from netmon import sdk


class SendAgain(Exception):  # noqa: N818 - it asks for something, it is no error
    """The peer told what to change (an SNMPv3 report): seal the request anew and send it at once."""


Ask = Callable[[Request], Awaitable[object]]
"""Sends a request and waits for its reply."""


class News(NamedTuple):
    """Something about a device that is worth an event: its kind, words behind the device's name, data."""

    kind: str
    text: str
    data: Mapping[str, sdk.Json]


class Envelope(Protocol):
    """One credential of one device. `request_id` is the msgID of SNMPv3 as well."""

    @property
    def version(self) -> int:
        """Return msgVersion: 0, 1 or 3."""

    async def prepare(self, ask: Ask) -> None:
        """Find out what seal() needs by asking; SourceError when the device refuses. Cheap when done."""

    def news(self) -> Sequence[News]:
        """Return, once, what was noticed about the device that is no reading."""

    def request(self, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
        """Return a request for names by their content octets; `bulk`: non-repeaters, max-repetitions."""

    def seal(self, request: Request, request_id: int) -> bytes:
        """Return the datagram to send; called for every try."""

    def open(self, datagram: bytes) -> bytes | None:
        """Return the body of a datagram from the right source with a known id; None: not our peer's.

        SendAgain when the request must go out again in another form; SourceError ends the exchange.
        """

    def header(self, body: bytes) -> Header | None:
        """Return the header of a reply, strictly decoded; None when it is no reply to this credential.

        BerError when it breaks the protocol.
        """


@dataclass(frozen=True, slots=True)
class CommunityEnvelope:
    """Messages of SNMPv1 and SNMPv2c (RFC 1157, RFC 1901)."""

    version: int
    community: bytes = field(repr=False)

    async def prepare(self, ask: Ask) -> None:
        """Do nothing: a community is all there is to know."""

    def news(self) -> Sequence[News]:
        """Return nothing."""
        return ()

    def request(self, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
        """Return a whole message with a gap for its request-id."""
        return make_request(self.version, self.community, pdu, names, bulk)

    def seal(self, request: Request, request_id: int) -> bytes:
        """Return the message with its id."""
        return request.head + request_id.to_bytes(4, "big") + request.tail

    def open(self, datagram: bytes) -> bytes | None:
        """Return the datagram: header() or a template looks at version and community."""
        return datagram

    def header(self, body: bytes) -> Header | None:
        """Return the header of a response in our version and community."""
        header = decode_header(body)
        ours = (header.pdu, header.version, header.community) == (
            Pdu.RESPONSE,
            self.version,
            self.community,
        )
        return header if ours else None
