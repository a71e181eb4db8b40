"""What the handlers of the capacity server need to know of a request."""

from __future__ import annotations

import socket

from aiohttp import web

from netmon import sdk
from probes.bandwidth.server.own_side import OwnSide
from probes.bandwidth.web_session import AGENT

_TCP_NOTSENT_LOWAT, _UNSENT_BYTES = 25, 1 << 18  # linux/tcp.h


def token_of(request: web.Request) -> str:
    """Return the token, from the header or, for clients in browsers, from the address."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else request.query.get("access_token", "")


def socket_of(request: web.Request) -> socket.socket:
    """Return the connection's socket; ConnectionResetError when it has gone."""
    sock: socket.socket | None = None
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
    if sock is None:
        raise ConnectionResetError
    return sock


def keep_queue_short(sock: socket.socket) -> None:
    """Hand the kernel no more than it can soon send: what waits in it can neither be stopped nor counted."""
    sock.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, _UNSENT_BYTES)


def own_side(request: web.Request, clock: sdk.Clock) -> OwnSide:
    """Return this end's side of a test that begins now."""
    return OwnSide(clock, socket_of(request).getsockname()[0], AGENT)


def hang_up(request: web.Request) -> None:
    """End a connection whose answer is not complete: the client must not wait for the rest."""
    if request.transport is not None:
        request.transport.abort()
