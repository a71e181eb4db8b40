"""What every request passes before its handler, and every response before it leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from netmon.web.attempts import Attempts
from netmon.web.identity import HostNames, Tokens, same_origin
from netmon.web.problem import Problem, as_problem, as_text

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = frozenset({"/-/healthy", "/-/ready"})
_POLICY = (
    "default-src 'none'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src "
)
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "netmon",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Checks name, origin, token and rate of a request, ends it in time, and dresses the response.

    `rate` None: as often as the client likes. `plain`: refusals are text for a person, not problem
    documents for a program. `responses` counts by status.
    """

    hosts: HostNames
    tokens: Tokens
    answer_seconds: float
    style: str = "'self'"
    rate: Attempts | None = None
    plain: bool = False
    responses: Counter[int] = field(default_factory=Counter)

    def install(self, app: web.Application) -> None:
        """Stand before all handlers of an application."""
        app.middlewares.append(self.admit)
        app.on_response_prepare.append(self.dress)

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through to its handler, or end it with a refusal."""
        try:
            return await self._answer(request, handler)
        except web.HTTPException as answer:
            raise (as_text(answer, request) if self.plain else as_problem(answer)) from answer

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._check(request)
        try:
            async with asyncio.timeout(self.answer_seconds):
                return await handler(request)
        except TimeoutError as error:
            detail = f"no answer within {self.answer_seconds:g} s; ask for less"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "10"}) from error

    async def dress(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers that keep a page from being misused."""
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = _POLICY + self.style
        response.headers.setdefault("Cache-Control", "no-store")
        self.responses[response.status] += 1

    def _check(self, request: web.Request) -> None:
        host, address = request.headers.get("Host", ""), request.remote or ""
        if not self.hosts.allow(host):
            raise Problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this server is not called {host[:80]!r}; [web] allowed_hosts lists further names",
            )
        if self.rate is not None:
            self._slow_down(self.rate, address)
        if request.method not in _READING and not same_origin(
            request.headers.get("Origin"), host, request.scheme
        ):
            raise Problem(HTTPStatus.FORBIDDEN, "actions are taken from this server's own pages only")
        if request.path not in _OPEN:
            self.tokens.check(address, request.headers.get("Authorization", ""))

    def _slow_down(self, rate: Attempts, address: str) -> None:
        wait_seconds = rate.wait_seconds(address)
        if wait_seconds > 0:
            after = {"Retry-After": str(int(wait_seconds) + 1)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many requests from this address", after)
        rate.note(address)
