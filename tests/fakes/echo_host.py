"""A host that answers echo requests as a test tells it to, on loopback of a namespace that ignores them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

ECHO_REPLY, UNREACHABLE, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 8, 11


@dataclass(frozen=True)
class Request:
    """One echo request as it came: its number since the start, IP header, and ICMP header with payload."""

    number: int
    ip_header: bytes
    message: bytes

    @property
    def payload(self) -> bytes:
        return self.message[8:]

    def reply(self, payload: bytes | None = None) -> bytes:
        """Return the echo reply, with another payload if one is given."""
        body = self.payload if payload is None else payload
        return _checked(bytes((ECHO_REPLY, 0, 0, 0)) + self.message[4:8] + body)

    def error(self, kind: int, code: int, quote_bytes: int = 64) -> bytes:
        """Return an ICMP error about this request."""
        quoted = self.ip_header + self.message[:quote_bytes]
        return _checked(bytes((kind, code, 0, 0, 0, 0, 0, 0)) + quoted)


class EchoHost:
    """Answers with what `answer` returns, at once; `requests` keeps what came."""

    def __init__(self, answer: Callable[[Request], list[bytes]]) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    async def __aenter__(self) -> Self:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._sock.setblocking(False)
        asyncio.get_running_loop().add_reader(self._sock, self._heard)
        return self

    async def __aexit__(self, *_error: object) -> None:
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()

    def send(self, message: bytes, to: str = "127.0.0.1") -> None:
        self._sock.sendto(message, (to, 0))

    def _heard(self) -> None:
        packet, (source, _port) = self._sock.recvfrom(65_535)
        header_bytes = (packet[0] & 0xF) * 4
        message = packet[header_bytes:]
        if message[0] == ECHO_REQUEST:
            request = Request(len(self.requests), packet[:header_bytes], message)
            self.requests.append(request)
            for reply in self.answer(request):
                self.send(reply, source)


def _checked(message: bytes) -> bytes:
    padded = message + b"\0" * (len(message) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    return message[:2] + checksum.to_bytes(2, "big") + message[4:]
