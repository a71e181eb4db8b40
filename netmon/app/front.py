"""The web server that runs now, and the next one when its settings change."""

from __future__ import annotations

import asyncio
import logging

from netmon.errors import NetmonError
from netmon.web.server import WebServer
from netmon.web.settings import WebSettings
from netmon.web.site import WebSite

log = logging.getLogger(__name__)


class Front:
    """Serves the site. New settings that cannot be used leave the old ones serving."""

    def __init__(self, site: WebSite) -> None:
        self._site = site
        self._wanted: WebSettings | None = None
        self._changed = asyncio.Event()
        self._settings: WebSettings | None = None
        self._server: WebServer | None = None

    async def open(self, settings: WebSettings) -> None:
        """Begin to serve; NetmonError says why not."""
        server = WebServer(self._site, settings)
        await server.start()
        self._settings, self._server = settings, server
        log.info("serving %s", ", ".join(f"http://{address}/" for address in server.addresses))

    def want(self, settings: WebSettings) -> None:
        """Serve by these settings soon: not at once, since a request may be what asks for it."""
        self._wanted = settings
        self._changed.set()

    async def run(self) -> None:
        """Take up new settings until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._wanted is not None and self._wanted != self._settings:
                await self._renew(self._wanted)

    async def close(self) -> None:
        """Stop serving."""
        if self._server is not None:
            await self._server.stop()

    async def _renew(self, settings: WebSettings) -> None:
        """Serve by new settings, else by the old ones, else not at all: measuring goes on in any case."""
        await self.close()
        for one in (settings, self._settings):
            try:
                if one is not None:
                    await self.open(one)
            except NetmonError as error:
                log.error("not taken up: %s", error)  # noqa: TRY400 - a message for a person
            else:
                return
