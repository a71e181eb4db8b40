"""The capacity server: ndt7, HTTP downloads and uploads, and trains, behind one desk."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from aiohttp import web

from probes.bandwidth.ndt7_message import DOWNLOAD_PATH, PROTOCOL, UPLOAD_PATH
from probes.bandwidth.server.asking import client_of, hang_up, own_side
from probes.bandwidth.server.bulk import Bulk
from probes.bandwidth.server.desk import Desk, Turned, TurnedAway
from probes.bandwidth.server.ndt7_server import Ndt7Server
from probes.bandwidth.server.train_server import TRAINS_PATH, TrainServer

_STATUS = {Turned.STRANGER: 403, Turned.UNKNOWN: 401, Turned.BUSY: 503, Turned.OFTEN: 429, Turned.VOLUME: 503}
_STOP_SECONDS = 1.0
# How long what nobody asked for is still read, and how long a connection may say nothing.
_LINGER_SECONDS, _IDLE_SECONDS = 0.5, 15.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CapacityServer:
    """Serves on one address until it is closed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bulk = Bulk(desk)
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_STOP_SECONDS,
            lingering_time=_LINGER_SECONDS,
            keepalive_timeout=_IDLE_SECONDS,
        )
        self.port = 0

    async def open(self, address: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Listen; OSError when that is not possible."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, address, port, ssl_context=tls, backlog=64)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening, and end what runs."""
        await self._runner.cleanup()
        self._bulk.close()

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._fence])
        routes = [web.get(DOWNLOAD_PATH, self._ndt7), web.get(UPLOAD_PATH, self._ndt7)]
        routes += [web.get(TRAINS_PATH, self._trains), web.get("/netmon/v1/record", self._bulk.record)]
        for folder in ("", "/backend"):  # LibreSpeed's files, where its own clients look for them
            for ending in ("", ".php"):
                routes += [
                    web.get(f"{folder}/garbage{ending}", self._bulk.download),
                    web.post(f"{folder}/empty{ending}", self._bulk.upload),
                    web.get(f"{folder}/empty{ending}", self._bulk.ping),
                    web.get(f"{folder}/getIP{ending}", self._bulk.own_address),
                ]
        application.add_routes(routes)
        application.on_response_prepare.append(_spell_upgrade)
        return application

    @web.middleware
    async def _fence(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._desk.check(client_of(request))
            return await handler(request)
        except TurnedAway as error:
            raise _refusal(error.why) from error
        except ConnectionError:
            # The client went away, which is how most tests end.
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=499)

    async def _ndt7(self, request: web.Request) -> web.StreamResponse:
        if PROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
            raise web.HTTPBadRequest(text=f"the subprotocol is {PROTOCOL}\n")
        with self._desk.test(client_of(request), partial(hang_up, request), alone=True) as visit:
            limits = self._desk.limits
            server = Ndt7Server(request, visit, own_side(request, self._desk), self._desk)
            return await server.serve(down=request.path == DOWNLOAD_PATH, seconds=limits.seconds)

    async def _trains(self, request: web.Request) -> web.StreamResponse:
        with self._desk.test(client_of(request), partial(hang_up, request), alone=True) as visit:
            server = TrainServer(request, visit, own_side(request, self._desk), self._desk.limits)
            return await server.serve()


def _refusal(why: Turned) -> web.HTTPException:
    status = _STATUS[why]
    headers = {"Netmon-Reason": why.value} | ({"Retry-After": "30"} if status in (429, 503) else {})
    kinds: dict[int, type[web.HTTPException]] = {
        401: web.HTTPUnauthorized, 403: web.HTTPForbidden,
        429: web.HTTPTooManyRequests, 503: web.HTTPServiceUnavailable,
    }  # fmt: skip
    return kinds[status](headers=headers, text=f"{why.value}\n")


async def _spell_upgrade(_request: web.Request, response: web.StreamResponse) -> None:
    """Write the header as M-Lab's C++ client compares it, letter by letter."""
    if response.headers.get("Connection", "").lower() == "upgrade":
        response.headers["Connection"] = "Upgrade"


async def closed(server: CapacityServer) -> None:
    """Close a server, waiting no longer than it may take."""
    with suppress(TimeoutError):
        async with asyncio.timeout(2 * _STOP_SECONDS):
            await server.close()
