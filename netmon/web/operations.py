"""What machines ask: the scrape, signs of life, and reloading the configuration."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from http import HTTPStatus

from aiohttp import web

from netmon.errors import ConfigError
from netmon.web.press import Press
from netmon.web.problem import Problem
from netmon.web.scrape import send, wanted_format
from netmon.web.settings import Limits
from netmon.web.site import WebSite


class Operations:
    """Handlers of /metrics and /-/."""

    def __init__(self, site: WebSite, limits: Limits, press: Press) -> None:
        self._site = site
        self._press = press
        self._limits = limits
        self._scrapes = 0
        self._reloading = asyncio.Lock()

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/-/healthy", self.healthy)
        app.router.add_get("/-/ready", self.ready)
        app.router.add_post("/-/reload", self.reload)
        app.router.add_put("/-/reload", self.reload)

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        """Answer with all series, in pieces, so that neither memory nor the loop feels a large site."""
        if self._scrapes >= self._limits.scrapes_at_once:
            after = {"Retry-After": "1"}
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "enough scrapes are under way already", after)
        self._scrapes += 1
        try:
            form = wanted_format(request)
            # All pieces are taken at once: what is exposed must not change in the middle of it.
            pieces = await self._site.exposition(form)
            return await send(request, pieces, form, self._press)
        finally:
            self._scrapes -= 1

    async def healthy(self, _request: web.Request) -> web.Response:
        """Answer, because the event loop turns."""
        return web.Response(text="netmon is healthy.\n")

    async def ready(self, _request: web.Request) -> web.Response:
        """Tell whether the sources run and the history is open."""
        if not self._site.ready():
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "netmon is starting")
        return web.Response(text="netmon is ready.\n")

    async def reload(self, _request: web.Request) -> web.Response:
        """Read the configuration again, one request at a time; a broken one leaves the old one running."""
        async with self._reloading:
            try:
                await self._site.reload()
            except ConfigError as error:
                raise Problem(
                    HTTPStatus.INTERNAL_SERVER_ERROR,
                    "the configuration has mistakes; the old one goes on running",
                    mistakes=[asdict(mistake) for mistake in error.mistakes],
                ) from error
        return web.Response(text="The configuration was reloaded.\n")
