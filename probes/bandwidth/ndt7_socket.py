"""ndt7's WebSocket without TLS, by the kernel alone: data do not pass through Python.

What is sent is random, so that masked frames are made once: masking random octets by other random ones (RFC
6455, section 5.3) makes random octets, and no text that anybody on the way could take for something else.
"""

from __future__ import annotations

import mmap
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import BinaryIO

from netmon import sdk
from probes.bandwidth import frames
from probes.bandwidth.ndt7_message import FIRST_MESSAGE_BYTES, LARGEST_MESSAGE_BYTES, next_message_bytes

_READ_BYTES = 1 << 24
_LARGEST_TEXT_BYTES = 65_536
# So much at a time, and so many frames of no length, before others have their turn.
_ONE_READ_BYTES, _ONE_READ_PARTS = 1 << 23, 4096
_LARGEST_PING_BYTES = 125


class FrameReader:
    """Takes what a server sends: texts are told, pings answered, data dropped inside the kernel."""

    def __init__(self, sock: socket.socket, tell: Callable[[bytes], None]) -> None:
        self._sock, self._tell = sock, tell
        self._nowhere = mmap.mmap(-1, _READ_BYTES)
        self._opcode = self._left_bytes = 0
        self._kept = bytearray()
        self._pong = b""

    def close(self) -> None:
        """Give the mapping back."""
        self._nowhere.close()

    def read(self) -> int:
        """Take what there is; return how many bytes. ConnectionError when there will be no more."""
        taken = 0
        try:
            for _ in range(_ONE_READ_PARTS):
                if taken >= _ONE_READ_BYTES:
                    break
                grown = self._payload() if self._left_bytes else self._header()
                if not grown:
                    break
                taken += grown
        except BlockingIOError:
            return taken
        return taken

    def answer(self) -> None:
        """Send the pong that is due; may only be called between frames."""
        if self._pong:
            frame, self._pong = self._pong, b""
            self._sock.send(frame)

    def _header(self) -> int:
        seen = self._sock.recv(frames.LARGEST_HEADER_BYTES, socket.MSG_PEEK)
        if not seen:
            raise ConnectionResetError
        try:
            header = frames.parse_header(seen)
        except ValueError as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, "what came is no WebSocket frame") from error
        if header is None:
            return 0
        self._sock.recv(header.header_bytes)
        self._opcode, self._left_bytes = header.opcode, header.payload_bytes
        if not self._left_bytes:
            self._end()
        return header.header_bytes

    def _payload(self) -> int:
        if self._opcode in (frames.TEXT, frames.PING, frames.CLOSE):
            found = self._sock.recv(min(self._left_bytes, _LARGEST_TEXT_BYTES))
            grown = len(found)
            if len(self._kept) + grown <= _LARGEST_TEXT_BYTES:
                self._kept += found
        else:
            wanted = min(self._left_bytes, _READ_BYTES)
            grown = self._sock.recv_into(self._nowhere, wanted, socket.MSG_TRUNC)
        if not grown:
            raise ConnectionResetError
        self._left_bytes -= grown
        if not self._left_bytes:
            self._end()
        return grown

    def _end(self) -> None:
        """Take a whole frame."""
        kept, self._kept = bytes(self._kept), bytearray()
        if self._opcode == frames.CLOSE:
            raise ConnectionResetError
        if self._opcode == frames.TEXT:
            self._tell(kept)
        elif self._opcode == frames.PING:
            payload = kept[:_LARGEST_PING_BYTES]
            self._pong = frames.client_frame(frames.PONG, payload, secrets.token_bytes(4))


def message_pool() -> BinaryIO:
    """Return a file in memory with one masked message of each size that ndt7 has, one after the other."""
    pool = os.fdopen(os.memfd_create("netmon-ndt7"), "w+b", buffering=0)
    data = os.urandom(LARGEST_MESSAGE_BYTES)
    size_bytes = FIRST_MESSAGE_BYTES
    while size_bytes <= LARGEST_MESSAGE_BYTES:
        pool.write(frames.client_header(frames.BINARY, size_bytes, secrets.token_bytes(4)))
        pool.write(memoryview(data)[:size_bytes])
        size_bytes *= 2
    return pool


def messages() -> Iterator[tuple[int, int]]:
    """Return where in the pool each message lies, in the order and the sizes in which ndt7 sends them."""
    places, offset, size_bytes = {}, 0, FIRST_MESSAGE_BYTES
    while size_bytes <= LARGEST_MESSAGE_BYTES:
        frame_bytes = len(frames.client_header(frames.BINARY, size_bytes, b"mask")) + size_bytes
        places[size_bytes] = offset, frame_bytes
        offset, size_bytes = offset + frame_bytes, size_bytes * 2
    size_bytes, sent_bytes = FIRST_MESSAGE_BYTES, 0
    while True:
        yield places[size_bytes]
        sent_bytes += size_bytes
        size_bytes = next_message_bytes(size_bytes, sent_bytes)
