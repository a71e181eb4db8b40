"""NTP packets as a client needs them (RFC 5905 §7.3, §14): ask, and read the answer without trusting it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PACKET = struct.Struct("!BBbbIII8s8s8s8s")
PACKET_BYTES = _PACKET.size
_CLIENT, _SERVER, _VERSION = 3, 4, 4
# RFC 868: seconds from 1900 to 1970.
_EPOCH_SECONDS = 2_208_988_800
_ERA_SECONDS = 1 << 32


class MessageError(ValueError):
    """The bytes are not an answer of an NTP server to this request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: Unix times in ns, the other values in seconds as in the header.

    `leap` is 3 while the server's own clock is not set. At stratum 0, `reference` is the kiss code that
    asks the client to go away, such as RATE.
    """

    leap: int
    stratum: int
    precision_seconds: float
    root_delay_seconds: float
    root_dispersion_seconds: float
    reference: bytes
    received_ns: int
    sent_ns: int


def encode_request(cookie: bytes) -> bytes:
    """Return a request; the 8 random octets stand where our time would, and come back in the answer."""
    return _PACKET.pack(_VERSION << 3 | _CLIENT, 0, 0, 0, 0, 0, 0, b"", b"", b"", cookie)


def decode_answer(data: bytes, cookie: bytes, near_ns: int) -> Answer:
    """Read an answer to the request with that cookie; MessageError when it is none.

    `near_ns` is about now (Unix, ns): NTP's seconds begin again every 136 years (RFC 5905 §6).
    """
    if len(data) < PACKET_BYTES:
        raise MessageError("shorter than an NTP header")
    flags, stratum, _poll, precision, delay, dispersion, reference, _set, origin, received, sent = (
        _PACKET.unpack_from(data)
    )
    if flags & 7 != _SERVER or not 1 <= flags >> 3 & 7 <= _VERSION:
        raise MessageError("not an answer of a server")
    if origin != cookie:
        raise MessageError("an answer to another request")
    return Answer(
        flags >> 6,
        stratum,
        2.0**precision,
        delay / 65_536,
        dispersion / 65_536,
        reference.to_bytes(4, "big"),
        unix_ns(received, near_ns),
        unix_ns(sent, near_ns),
    )


def unix_ns(stamp: bytes, near_ns: int) -> int:
    """Return the Unix time of an NTP timestamp, in the era that is nearest to a moment."""
    seconds, fraction = struct.unpack("!II", stamp)
    since_1970: int = seconds - _EPOCH_SECONDS
    eras = round((near_ns / 1e9 - since_1970) / _ERA_SECONDS)
    whole_seconds: int = since_1970 + eras * _ERA_SECONDS
    return whole_seconds * 1_000_000_000 + (int(fraction) * 1_000_000_000 >> 32)


def clock_offset_seconds(sent_ns: int, answer: Answer, came_ns: int) -> float:
    """Return how far the server's clock is ahead of ours (RFC 5905 §8), as if both ways took equally long."""
    return ((answer.received_ns - sent_ns) + (answer.sent_ns - came_ns)) / 2e9


def residence_seconds(answer: Answer) -> float:
    """Return how long the server had the request, by its own clock; never below 0."""
    return max(answer.sent_ns - answer.received_ns, 0) / 1e9
