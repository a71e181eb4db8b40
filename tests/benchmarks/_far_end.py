"""The far host's services: HTTP and DNS on every address it has. Two ports; ends with its input."""

from __future__ import annotations

import asyncio
import struct
import sys

_BODY = b"netmon " * 20
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
_NO_ANSWER_HEADER = struct.Struct("!HHHHHH")


class Page(asyncio.Protocol):
    """One answer per request, the connection stays open."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if data.endswith(b"\r\n\r\n"):
            self.transport.write(_PAGE)


class Names(asyncio.DatagramProtocol):
    """Answers every question: there is such a name, without data."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        end = data.index(b"\0", 12) + 5
        header = _NO_ANSWER_HEADER.pack(int.from_bytes(data[:2], "big"), 0x8180, 1, 0, 0, 0)
        self.transport.sendto(header + data[12:end], addr)


async def serve(http_port: int, dns_port: int) -> None:
    """Serve until the starter goes away."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Page, "0.0.0.0", http_port, backlog=4096)
    # A wildcard socket answers from whatever address it likes: one for each that is asked.
    for number in range(1, 51):
        await loop.create_datagram_endpoint(Names, local_addr=(f"10.98.0.{number}", dns_port))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
