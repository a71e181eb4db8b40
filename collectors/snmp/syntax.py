"""What a MIB says about an object: its name, its place and its allowed values (RFC 2578 section 7.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid

V_co = TypeVar("V_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Syntax(Generic[V_co]):
    """Which tags an object's values may have, and how to make a value of tag and content.

    `decode` raises BerError for content that the syntax does not allow. `plain` says that a value is
    the number that its octets are, so that it may be lifted out of a reply without asking `decode`.
    """

    tags: frozenset[int]
    decode: Callable[[int, bytes], V_co]
    plain: bool = False


def _whole(tag: int, content: bytes) -> int:
    if tag == ber.INTEGER:
        return ber.decode_integer(content)
    return ber.decode_unsigned(content, 64 if tag == ber.COUNTER64 else 32)


def _not_negative(tag: int, content: bytes) -> int:
    value = _whole(tag, content)
    if value < 0:
        raise BerError(f"{value} where nothing below zero is allowed")
    return value


def _octets(_tag: int, content: bytes) -> bytes:
    return content


def _numbers(_tag: int, content: bytes) -> Oid:
    return ber.decode_oid(content)


# INTEGER and Gauge32 stand for each other: devices mix them up and the number says the same.
# Counters do not: a rate over what is no counter would be an invention.
WHOLE: Final = Syntax(frozenset({ber.INTEGER, ber.GAUGE32}), _whole, plain=True)
GAUGE: Final = Syntax(frozenset({ber.INTEGER, ber.GAUGE32}), _not_negative, plain=True)
COUNTER_32: Final = Syntax(frozenset({ber.COUNTER32}), _whole, plain=True)
COUNTER_64: Final = Syntax(frozenset({ber.COUNTER64}), _whole, plain=True)
TICKS: Final = Syntax(frozenset({ber.TIME_TICKS}), _whole, plain=True)
OCTETS: Final = Syntax(frozenset({ber.OCTET_STRING}), _octets)
IP_V4: Final = Syntax(frozenset({ber.IP_ADDRESS}), _octets)
OBJECT: Final = Syntax(frozenset({ber.OBJECT_IDENTIFIER}), _numbers)


@dataclass(frozen=True, slots=True)
class MibObject(Generic[V_co]):
    """One object type. A column's identifier ends with the column, a scalar's with its instance 0."""

    name: str
    oid: Oid
    syntax: Syntax[V_co]
    encoded: bytes = field(init=False, repr=False)
    """Content octets of the identifier, as they stand in messages."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded", ber.encode_oid(self.oid))

    def read(self, tag: int, content: bytes) -> V_co | None:
        """Return a value of this object; None for a tag or a content that its syntax does not allow."""
        if tag not in self.syntax.tags:
            return None
        try:
            return self.syntax.decode(tag, content)
        except BerError:
            return None


def scalar(name: str, place: str, syntax: Syntax[V_co]) -> MibObject[V_co]:
    """Return a scalar; its instance is added to the place that the MIB gives."""
    return MibObject(name, (*ber.oid(place), 0), syntax)


def column(name: str, place: str, syntax: Syntax[V_co]) -> MibObject[V_co]:
    """Return a column of a table."""
    return MibObject(name, ber.oid(place), syntax)
