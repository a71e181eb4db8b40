"""STUN (RFC 8489): ask a server which address and port our packet came from. Pure."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_COOKIE = 0x2112A442
_REQUEST, _SUCCESS, _REFUSAL = 0x0001, 0x0101, 0x0111
_MAPPED, _XOR_MAPPED = 0x0001, 0x0020
_IPV4, _IPV6 = 1, 2
TRANSACTION_BYTES = 12
TRANSACTION = slice(8, 20)
"""Where request and answer carry the transaction's id."""


class MessageError(Exception):
    """A message breaks its protocol."""


def encode_request(transaction: bytes) -> bytes:
    """Return a Binding request with a transaction id of 12 bytes."""
    return _HEADER.pack(_REQUEST, 0, _COOKIE, transaction)


def decode_answer(data: bytes, transaction: bytes) -> str:
    """Return the public address that a server saw; MessageError when the answer does not tell."""
    if len(data) < _HEADER.size:
        raise MessageError(f"{len(data)} bytes are less than a header")
    kind, length, cookie, repeated = _HEADER.unpack_from(data)
    if cookie != _COOKIE or repeated != transaction:
        raise MessageError("it is no answer to this request")
    if kind == _REFUSAL:
        raise MessageError("the server refuses")
    if kind != _SUCCESS or length != len(data) - _HEADER.size:
        raise MessageError("it is no Binding answer, or its length is wrong")
    found = _attributes(data[_HEADER.size :])
    key = data[4 : _HEADER.size]  # the cookie and the transaction id
    if _XOR_MAPPED in found:
        return _address(found[_XOR_MAPPED], key)
    if _MAPPED in found:
        return _address(found[_MAPPED], bytes(len(key)))
    raise MessageError("it holds no address")


def _attributes(data: bytes) -> dict[int, bytes]:
    """Return the first attribute of each type (RFC 8489 §14: later ones of a type are ignored)."""
    found: dict[int, bytes] = {}
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        begin = at + _ATTRIBUTE.size
        if begin + length > len(data):
            raise MessageError("an attribute is longer than the message")
        found.setdefault(kind, data[begin : begin + length])
        at = begin + (length + 3) // 4 * 4
    return found


def _address(value: bytes, key: bytes) -> str:
    family = value[1] if len(value) > 1 else 0
    packed = bytes(a ^ b for a, b in zip(value[4:], key, strict=False))
    if family == _IPV4 and len(value) == 8:
        return str(IPv4Address(packed))
    if family == _IPV6 and len(value) == 20:
        return str(IPv6Address(packed))
    raise MessageError("its address is of no known kind")
