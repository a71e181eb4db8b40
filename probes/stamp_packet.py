"""STAMP on the wire (RFC 8762 §4, unauthenticated), with the extensions of RFC 8972 that netmon uses.

A request and its reply have the same length. The first 12 octets of a request (sequence, timestamp) come
back in octets 24 to 36 of its reply: TWAMP peers that stop at 36 or 38 octets are understood too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from probes.stamp_time import ErrorEstimate, decode_error

PORT = 862
BASE_BYTES = 44
SHORTEST_BYTES = 36
"""Shortest packet that can bring back what identifies its request."""

_REQUEST = struct.Struct("!IQHH28x")
_REPLY = struct.Struct("!IQHHQIQHHB3x")
_IDENTITY_BYTES = 12
_TLV = struct.Struct("!BBH")
# RFC 8972 §4: flags, then types of §4.1, §4.5 and §4.7.
_UNRECOGNISED, _MALFORMED = 0x80, 0x40
_PADDING, _DIRECT_MEASUREMENT, _FOLLOW_UP = 1, 5, 7
_COUNTS, _FOLLOW_UP_VALUE = struct.Struct("!III"), struct.Struct("!IQB3x")
_MODE_SOFTWARE = 2
_MOST_TLVS = 16
_SAME_HOST_SECONDS = 60


@dataclass(frozen=True, slots=True)
class FollowUp:
    """When an earlier packet really left: its sequence number, and a timestamp of 64 bits."""

    sequence: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Request:
    """What a reflector needs of a request; `identity` is its sequence and timestamp, as they came."""

    sequence: int
    identity: bytes
    error_word: int
    session: int
    extensions: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A reflected packet. `sequence` is the reflector's own; timestamps are 64 bits as they came.

    `counted` is how many different requests of the session had come when it was sent; None from a
    reflector without Direct Measurement. `request_hop_limit` is None where the packet ends before it.
    """

    sequence: int
    sent: int
    error: ErrorEstimate
    received: int
    request_sequence: int
    request_hop_limit: int | None
    counted: int | None
    follow_up: FollowUp | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reflector says in a reply, beside what it copies from the request."""

    sequence: int
    sent: int
    error_word: int
    received: int
    hop_limit: int
    counted: int
    follow_up: FollowUp | None


def encode_request(sequence: int, timestamp: int, error_word: int, session: int) -> bytes:
    """Return a request that asks for the reflector's counts and its follow-up."""
    base = _REQUEST.pack(sequence, timestamp, error_word, session)
    counts = _TLV.pack(_UNRECOGNISED, _DIRECT_MEASUREMENT, _COUNTS.size)
    follow_up = _TLV.pack(_UNRECOGNISED, _FOLLOW_UP, _FOLLOW_UP_VALUE.size)
    return b"".join((base, counts, _COUNTS.pack(sequence + 1, 0, 0), follow_up, bytes(_FOLLOW_UP_VALUE.size)))


def decode_request(data: bytes) -> Request | None:
    """Read a request; None when it is too short for a reply that is not longer."""
    if len(data) < SHORTEST_BYTES:
        return None
    sequence, _timestamp, error_word, session = _REQUEST.unpack_from(data.ljust(BASE_BYTES, b"\0"))
    return Request(sequence, request_identity(data), error_word, session, data[BASE_BYTES:])


def encode_reply(request: Request, answer: Answer, size_bytes: int) -> bytes:
    """Return the reply, cut to the request's size."""
    base = _REPLY.pack(
        answer.sequence,
        answer.sent,
        answer.error_word,
        request.session,
        answer.received,
        *struct.unpack("!IQ", request.identity),
        request.error_word,
        0,
        answer.hop_limit,
    )
    return (base + _answered(request.extensions, answer))[:size_bytes]


def decode_reply(data: bytes) -> Reply | None:
    """Read a reply of 36 octets or more; None when it is shorter."""
    if len(data) < SHORTEST_BYTES:
        return None
    fields = _REPLY.unpack_from(data.ljust(BASE_BYTES, b"\0"))
    sequence, sent, error_word, _session, received, request_sequence, *_, hop_limit = fields
    counted, follow_up = None, None
    for flags, kind, at, size in _extensions(data[BASE_BYTES:]):
        if flags & (_UNRECOGNISED | _MALFORMED):
            continue
        if (kind, size) == (_DIRECT_MEASUREMENT, _COUNTS.size):
            _, counted, _ = _COUNTS.unpack_from(data, BASE_BYTES + at)
        elif (kind, size) == (_FOLLOW_UP, _FOLLOW_UP_VALUE.size):
            *told, mode = _FOLLOW_UP_VALUE.unpack_from(data, BASE_BYTES + at)
            follow_up = FollowUp(*told) if mode else None
    return Reply(
        sequence,
        sent,
        decode_error(error_word),
        received,
        request_sequence,
        hop_limit if len(data) > _REPLY.size - 4 else None,
        counted,
        follow_up,
    )


def request_identity(request: bytes) -> bytes:
    """Return what tells a request from all others."""
    return request[:_IDENTITY_BYTES]


def reply_identity(reply: bytes) -> bytes:
    """Return the identity of the request that a packet claims to answer."""
    return reply[24 : 24 + _IDENTITY_BYTES]


def looks_reflected(data: bytes) -> bool:
    """Tell whether a packet is a reply: it says when its request came, and that it left within a minute.

    In a request these octets are zero (RFC 8762) or padding (TWAMP), which is right by chance once in 10^7.
    """
    sent_seconds: int
    received_seconds: int
    sent_seconds, received_seconds, fraction = struct.unpack_from("!4xI8xII", data)
    if received_seconds == fraction == 0:
        return False
    apart = (sent_seconds - received_seconds) % (1 << 32)
    return min(apart, (1 << 32) - apart) <= _SAME_HOST_SECONDS


def _extensions(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield flags, type, position and size of each value; one that does not fit ends it."""
    at = 0
    for _ in range(_MOST_TLVS):
        if len(data) - at < _TLV.size:
            return
        flags, kind, size = _TLV.unpack_from(data, at)
        at += _TLV.size
        if size > len(data) - at:
            yield flags | _MALFORMED, kind, at, size
            return
        yield flags, kind, at, size
        at += size


def _answered(extensions: bytes, answer: Answer) -> bytes:
    """Return a request's extensions as the reflector fills them in: none is added, none grows."""
    filled = bytearray(extensions)
    for flags, kind, at, size in _extensions(extensions):
        said = 0
        if flags & _MALFORMED and size > len(extensions) - at:
            said = _MALFORMED
        elif (kind, size) == (_DIRECT_MEASUREMENT, _COUNTS.size):
            struct.pack_into("!II", filled, at + 4, answer.counted, answer.sequence + 1)
        elif (kind, size) == (_FOLLOW_UP, _FOLLOW_UP_VALUE.size):
            told = answer.follow_up
            value = (told.sequence, told.timestamp, _MODE_SOFTWARE) if told else (0, 0, 0)
            _FOLLOW_UP_VALUE.pack_into(filled, at, *value)
        elif kind != _PADDING:
            said = _UNRECOGNISED
        filled[at - _TLV.size] = said
    return bytes(filled)
