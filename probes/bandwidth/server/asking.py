"""What the handlers of the capacity server need to know of a request."""

from __future__ import annotations

import socket

from aiohttp import web

from probes.bandwidth.place import AGENT
from probes.bandwidth.server.desk import Client, Desk
from probes.bandwidth.server.own_side import OwnSide


def client_of(request: web.Request) -> Client:
    """Return who asks; the token is in a header or, for clients in browsers, in the address."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        token = request.query.get("access_token", "")
    return Client(request.remote or "", request.headers.get("Netmon-Client", "")[:64], token)


def socket_of(request: web.Request) -> socket.socket:
    """Return the connection's socket; ConnectionResetError when it has gone."""
    sock: socket.socket | None = None
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
    if sock is None:
        raise ConnectionResetError
    return sock


def own_side(request: web.Request, desk: Desk) -> OwnSide:
    """Return this end's side of a test that begins now."""
    return OwnSide(desk.clock, socket_of(request).getsockname()[0], AGENT, desk.limits.bits_per_second)


def hang_up(request: web.Request) -> None:
    """End a connection whose answer is not complete: the client must not wait for the rest."""
    if request.transport is not None:
        request.transport.abort()
