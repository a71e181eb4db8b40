"""The little of DER (X.690) that certificates take: elements with a tag and a definite length."""

from __future__ import annotations

from collections.abc import Iterator

SEQUENCE = 0x30


def content(der: bytes, tag: int) -> bytes:
    """Return the content of the first element; ValueError when it has another tag."""
    found, value, _rest = element(der)
    if found != tag:
        raise ValueError(f"expected DER tag {tag:#x}, found {found:#x}")
    return value


def element(der: bytes) -> tuple[int, bytes, bytes]:
    """Split off the first element: its tag, its content, and what follows; IndexError when there is none."""
    tag, size, start = der[0], der[1], 2
    if size & 0x80:
        octets = size & 0x7F
        if not 1 <= octets <= 3:
            raise ValueError("no certificate is that long")
        start += octets
        size = int.from_bytes(der[2:start], "big")
    if start + size > len(der):
        raise ValueError("the certificate is cut off")
    return tag, der[start : start + size], der[start + size :]


def elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element in turn."""
    while der:
        tag, value, der = element(der)
        yield tag, value
