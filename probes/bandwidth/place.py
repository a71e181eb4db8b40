"""Where a test goes: a target as configured, its address now, and a socket that leaves by the circuit."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from dataclasses import dataclass, replace
from importlib.metadata import version

from netmon import sdk
from probes.binding import bind
from probes.error_queue import failure
from probes.target import Family, Resolved, parse_endpoint, resolve
from probes.url import Url, parse_url

AGENT = f"netmon/{version('netmon-edge')}"
PORT = 8862
"""Where `netmon reflector` serves capacity tests by itself."""
DROPPED_BYTES = 1 << 19
"""What may wait in a connection that drops it when it hangs up: a third fewer wake-ups than the default."""
_LINGER_NOT = struct.pack("ii", 1, 0)
_TCP_NOTSENT_LOWAT, _UNSENT_BYTES = 25, 1 << 17  # linux/tcp.h


@dataclass(frozen=True, slots=True)
class Place:
    """A server, as it was named, and the address that its name has."""

    url: Url
    resolved: Resolved
    circuit: sdk.Circuit | None
    token: str = ""
    client: str = ""
    """Random name of this run: what comes under it later replaces what the far end believes to run still."""

    @property
    def server(self) -> str:
        """Return server and address in words."""
        return f"{self.url.host} ({self.resolved.address}) port {self.url.port}"

    async def connect(self) -> socket.socket:
        """Return a connected, non-blocking socket; SourceError says why not."""
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            bind(sock, self.circuit)
            to = (self.resolved.address, self.url.port)
            await asyncio.get_running_loop().sock_connect(sock, to)
        except OSError as error:
            sock.close()
            raise failure(error, f"{self.resolved.address} port {self.url.port}") from error
        except BaseException:
            sock.close()
            raise
        return sock

    def with_defaults(self, port: int | None, path: str, *, bare: bool) -> Place:
        """Return the place with a method's own port and path, where the target was a bare host."""
        if not bare:
            return self
        url = self.url
        given = url.port if url.port != PORT or port is None else port
        return replace(self, url=replace(url, port=given, path=path))

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request says of its sender."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"User-Agent": AGENT, "Netmon-Client": self.client} | authorization

    @property
    def family(self) -> socket.AddressFamily:
        """Return the address family."""
        return socket.AF_INET6 if self.resolved.version == 6 else socket.AF_INET


def parse_place(target: str) -> Url:
    """Read "host", "host:port" or an address with http, https, ws or wss; UsageError for all else."""
    scheme, colon, rest = target.partition("://")
    if colon:
        return parse_url(f"{'https' if scheme in ('https', 'wss') else _plain(scheme)}://{rest}")
    endpoint = parse_endpoint(target, PORT)
    return Url("http", endpoint.host, endpoint.port, "/")


def _plain(scheme: str) -> str:
    return "http" if scheme == "ws" else scheme


def hang_up_at_once(sock: socket.socket) -> None:
    """Let closing drop what waits to be sent: nobody counts it any more."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)


def keep_queue_short(sock: socket.socket, unsent_bytes: int = _UNSENT_BYTES) -> None:
    """Hand the kernel no more than it can soon send: what waits in it can neither be stopped nor counted."""
    sock.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, unsent_bytes)


async def find_place(
    context: sdk.Context, target: str, family: Family, circuit: sdk.Circuit | None, token: str
) -> Place:
    """Return the place of a target; SourceError when its name has no address."""
    url = parse_place(target)
    resolved = await resolve(context, url.host, family, circuit)
    return Place(url, resolved, circuit, token, secrets.token_hex(8))
