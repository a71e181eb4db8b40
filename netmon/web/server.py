"""The listeners: the main one, and the technician page's."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter

from aiohttp import web

from netmon.errors import NetmonError
from netmon.templates import Templates, csp_hash
from netmon.web.admission import Door
from netmon.web.api import Api
from netmon.web.attempts import Attempts
from netmon.web.exporters import Exporters
from netmon.web.files import TEMPLATES
from netmon.web.guard import Guard
from netmon.web.identity import HostNames, SiteHostNames, Tokens
from netmon.web.nonsense import Nonsense
from netmon.web.operations import Operations
from netmon.web.pages import Pages
from netmon.web.press import Press
from netmon.web.settings import Limits, Tls, WebSettings, split_address
from netmon.web.site import WebSite


class WebServer:
    """Serves one site. Started once; stopped as often as you like."""

    def __init__(self, site: WebSite, settings: WebSettings) -> None:
        self._settings = settings
        self._press = Press()
        templates = Templates(TEMPLATES)
        pages = Pages(site, settings, self._press, templates)
        self._guard = self._main_guard(site)
        app = _application(self._guard, settings.limits)
        operations = Operations(site, settings.limits, self._press)
        for part in (pages, Api(site, self._press), operations, Exporters(site, self._press)):
            part.install(app)
        self._listeners = [_Listener(app, settings.listen, settings.limits, settings.tls)]
        if settings.technician:
            style = csp_hash(templates.render("technician.css").decode())
            guard = self._technician_guard(site, style)
            app = _application(guard, settings.limits)
            pages.install_technician(app)
            self._listeners.append(_Listener(app, settings.technician, settings.limits, None))

    @property
    def addresses(self) -> tuple[str, ...]:
        """`host:port` of the page and, when there is one, of the technician page; with the real ports."""
        return tuple(listener.address for listener in self._listeners)

    @property
    def refused_connections_total(self) -> int:
        """Return how many connections were closed because too many were open."""
        return sum(listener.door.refused_total for listener in self._listeners)

    @property
    def bad_requests_total(self) -> int:
        """Return how many requests broke the protocol."""
        return sum(listener.nonsense.requests_total for listener in self._listeners)

    @property
    def responses_total(self) -> Counter[int]:
        """Return how many responses the main listener gave, by status."""
        return self._guard.responses

    async def start(self) -> None:
        """Listen; NetmonError when an address cannot be had or the certificate cannot be used."""
        try:
            for listener in self._listeners:
                await listener.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close all connections; requests under way get a moment to end."""
        await asyncio.gather(*(listener.stop() for listener in self._listeners))
        self._press.close()

    def _main_guard(self, site: WebSite) -> Guard:
        settings, limits = self._settings, self._settings.limits
        failures = Attempts(limits.token_failures_per_minute, site.clock.monotonic)
        host, _ = split_address(settings.listen)
        return Guard(
            HostNames(host, settings.allowed_hosts),
            Tokens(settings.token_sha256, failures),
            limits.answer_seconds,
        )

    def _technician_guard(self, site: WebSite, style: str) -> Guard:
        settings, limits = self._settings, self._settings.limits
        rate = Attempts(limits.technician_requests_per_minute, site.clock.monotonic)
        host, _ = split_address(settings.technician)
        names = SiteHostNames(host, settings.allowed_hosts)
        return Guard(names, Tokens((), rate), limits.answer_seconds, style, rate, plain=True)


def _application(guard: Guard, limits: Limits) -> web.Application:
    app = web.Application(client_max_size=limits.body_bytes)
    guard.install(app)
    return app


class _Listener:
    """One address with its application."""

    def __init__(self, app: web.Application, address: str, limits: Limits, tls: Tls | None) -> None:
        self._address, self._limits, self._tls = address, limits, tls
        self.nonsense = Nonsense()
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=self.nonsense.logger(),
            handle_signals=False,
            keepalive_timeout=limits.head_seconds,
            lingering_time=limits.head_seconds,
            shutdown_timeout=limits.stop_seconds,
        )
        self._server: asyncio.Server | None = None
        self.door = Door(self._make_protocol, limits)

    def _make_protocol(self) -> asyncio.Protocol:
        if self._runner.server is None:
            raise RuntimeError("the listener has not started")
        return self._runner.server()

    @property
    def address(self) -> str:
        """Return where it listens; the configured address before it is started."""
        if self._server is None or not self._server.sockets:
            return self._address
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        host, port = split_address(self._address)
        context = None if self._tls is None else _tls_context(self._tls)
        handshake_seconds = None if context is None else self._limits.head_seconds
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                self.door,
                host,
                port,
                ssl=context,
                reuse_address=True,
                backlog=64,
                ssl_handshake_timeout=handshake_seconds,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise NetmonError(
                f"[web] cannot listen on {self._address}: {reason}; set listen to another address or port"
            ) from error

    async def stop(self) -> None:
        """Stop listening and end what is open."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise NetmonError(
            f"[web] {tls.certificate} and {tls.key} are not a certificate and its key"
        ) from error
    return context
