"""DNS messages (RFC 1035 §4): write a query, read an answer without trusting a byte of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from random import Random

from netmon import sdk

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "CAA": 257,
}  # fmt: skip
RCODES = (
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
    "NOTAUTH", "NOTZONE",
)  # fmt: skip

_CLASSES = {1: "not_understood", 2: "server_failure", 3: "no_such_name", 4: "not_understood", 5: "refused"}

_HEADER = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_SOA_NUMBERS = struct.Struct("!5I")
_RESPONSE, _TRUNCATED, _RECURSION_DESIRED = 1 << 15, 1 << 9, 1 << 8
_INTERNET = 1
_OPTIONS = 41  # RFC 6891 §6.1.1: the pseudo-record of EDNS
_MAX_NAME_BYTES = 255
_MAX_LABEL_BYTES = 63
_MAX_POINTERS = 32


class MessageError(ValueError):
    """The bytes are not a DNS message."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the name as labels, with the case it was asked in, and its type."""

    labels: tuple[bytes, ...]
    kind: int
    edns_bytes: int = field(default=0, compare=False)
    """Largest answer that we take by UDP (RFC 6891 §6.2.3); 0: the question comes without EDNS."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record; `data` is as it came."""

    labels: tuple[bytes, ...]
    kind: int
    ttl_seconds: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, whole and well-formed; a truncated one may have fewer records than it announced."""

    identifier: int
    rcode: int
    truncated: bool
    question: Question | None
    answers: tuple[Record, ...]
    authorities: tuple[Record, ...]
    additionals: tuple[Record, ...]

    @property
    def edns(self) -> bool:
        """True when the server speaks EDNS."""
        return any(record.kind == _OPTIONS for record in self.additionals)


def parse_name(text: str) -> tuple[bytes, ...]:
    """Return the labels of a name such as "www.example.org"; "." has none. UsageError when it is no name."""
    try:
        labels = tuple(label.encode("ascii") for label in text.rstrip(".").split(".")) if text != "." else ()
    except UnicodeEncodeError as error:
        raise sdk.UsageError(f"{text!r}: write an international name in its xn-- form") from error
    too_long = sum(len(label) + 1 for label in labels) + 1 > _MAX_NAME_BYTES
    if too_long or any(not 1 <= len(label) <= _MAX_LABEL_BYTES for label in labels):
        raise sdk.UsageError(f"{text!r} is not a domain name")
    return labels


def mixed_case(labels: tuple[bytes, ...], random: Random) -> tuple[bytes, ...]:
    """Return the name in random case: an answer repeats it, a guess from elsewhere does not."""
    return tuple(
        bytes(octet ^ 0x20 if chr(octet).isalpha() and random.random() < 0.5 else octet for octet in label)
        for label in labels
    )


def encode_query(identifier: int, question: Question) -> bytes:
    """Return a query that asks for recursion."""
    name = b"".join(bytes((len(label),)) + label for label in question.labels) + b"\0"
    header = _HEADER.pack(identifier, _RECURSION_DESIRED, 1, 0, 0, 1 if question.edns_bytes else 0)
    asked = header + name + _QUESTION.pack(question.kind, _INTERNET)
    if not question.edns_bytes:
        return asked
    return asked + b"\0" + _RECORD.pack(_OPTIONS, question.edns_bytes, 0, 0)


def decode_answer(data: bytes) -> Answer:
    """Read a response; MessageError when it is not exactly one.

    Every record takes at least eleven octets, so that a small message cannot claim many.
    """
    if len(data) < _HEADER.size:
        raise MessageError("shorter than its header")
    identifier, flags, questions, *counts = _HEADER.unpack_from(data)
    if not flags & _RESPONSE:
        raise MessageError("a query, not an answer")
    if questions > 1:
        raise MessageError("more than one question")
    truncated = bool(flags & _TRUNCATED)
    at, question = _read_question(data) if questions else (_HEADER.size, None)
    sections: list[tuple[Record, ...]] = []
    for count in counts:
        at, records = _read_records(data, at, count, cut=truncated)
        sections.append(records)
    if at != len(data) and not truncated:
        raise MessageError("more octets than records")
    rcode = flags & 0xF
    for record in sections[2]:
        if record.kind == _OPTIONS:
            rcode |= record.ttl_seconds >> 24 << 4  # RFC 6891 §6.1.3
    return Answer(identifier, rcode, truncated, question, *sections)


def rcode_name(rcode: int) -> str:
    """Return the name of a response code (RFC 6895 §2.3)."""
    return RCODES[rcode] if rcode < len(RCODES) else f"RCODE{rcode}"


def answer_class(answer: Answer) -> str:
    """Return what kind of answer it is, from a closed vocabulary."""
    if answer.rcode == 0:
        return "answered" if answer.answers else "no_data"
    return _CLASSES.get(answer.rcode, "other")


def soa_serial(record: Record) -> int | None:
    """Return the serial number of an SOA record (RFC 1035 §3.3.13); None when it is too short for one."""
    if len(record.data) < _SOA_NUMBERS.size:
        return None
    serial: int = _SOA_NUMBERS.unpack(record.data[-_SOA_NUMBERS.size :])[0]
    return serial


def _read_question(data: bytes) -> tuple[int, Question]:
    at, labels = _read_name(data, _HEADER.size)
    if at + _QUESTION.size > len(data):
        raise MessageError("the question is cut off")
    kind, question_class = _QUESTION.unpack_from(data, at)
    if question_class != _INTERNET:
        raise MessageError("not of the Internet class")
    return at + _QUESTION.size, Question(labels, kind)


def _read_records(data: bytes, at: int, count: int, *, cut: bool) -> tuple[int, tuple[Record, ...]]:
    """Read the records of a section; a truncated message may end early."""
    records = []
    for _ in range(count):
        if cut and at == len(data):
            break
        at, labels = _read_name(data, at)
        if at + _RECORD.size > len(data):
            raise MessageError("a record is cut off")
        kind, _class, ttl_seconds, size = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if at + size > len(data):
            raise MessageError("a record's data is cut off")
        records.append(Record(labels, kind, ttl_seconds, data[at : at + size]))
        at += size
    return at, tuple(records)


def _read_name(data: bytes, at: int) -> tuple[int, tuple[bytes, ...]]:
    """Read a name, following compression (RFC 1035 §4.1.4): pointers lead backwards only, so none loops."""
    labels: list[bytes] = []
    end, lowest, pointers, size = 0, at, 0, 1
    while True:
        length = _octet(data, at)
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | _octet(data, at + 1)
            pointers += 1
            if target >= lowest or pointers > _MAX_POINTERS:
                raise MessageError("a compression pointer that does not lead backwards")
            end = end or at + 2
            at = lowest = target
            continue
        if length > _MAX_LABEL_BYTES:
            raise MessageError("an unknown kind of label")
        at += 1
        if length == 0:
            return end or at, tuple(labels)
        size += length + 1
        if at + length > len(data) or size > _MAX_NAME_BYTES:
            raise MessageError("a name that is too long")
        labels.append(data[at : at + length])
        at += length


def _octet(data: bytes, at: int) -> int:
    if at >= len(data):
        raise MessageError("a name is cut off")
    return data[at]
