"""The API: one handler per endpoint, one envelope for all answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus

from aiohttp import web

from netmon.errors import StoreError
from netmon.web import endpoints as the
from netmon.web import past
from netmon.web.arguments import Arguments
from netmon.web.device_detail import device_detail
from netmon.web.device_readings import rows_of
from netmon.web.document_json import encode
from netmon.web.documents import InterfaceDocument
from netmon.web.endpoints import API_FORMAT, ENDPOINTS, ROWS_DEFAULT, ROWS_MAX, Endpoint
from netmon.web.incidents import incidents
from netmon.web.interfaces import interface_documents, own_interface_documents
from netmon.web.openapi import document
from netmon.web.press import Press
from netmon.web.problem import Problem
from netmon.web.site import WebSite
from netmon.web.snapshot import Snapshot, take
from netmon.web.topology import topology
from netmon.web.views import (
    circuit_documents,
    device_documents,
    fact_documents,
    probe_documents,
    verdict_document,
)

_WINDOW_MIN_SECONDS = 10.0
_WEEK, _QUARTER, _LONGEST = timedelta(days=7), timedelta(days=92), timedelta(days=400)

Data = Callable[[], object]
"""Makes what `data` holds; runs on the press, so it looks at nothing that changes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The envelope of every answer."""

    format: int
    site: str
    time: datetime
    data: object


class Api:
    """Handlers below /api."""

    def __init__(self, site: WebSite, press: Press) -> None:
        self._site = site
        self._press = press
        self._answers: dict[Endpoint, Callable[[Arguments], Awaitable[Data]]] = {
            the.VERDICT: self._now(verdict_document),
            the.CIRCUITS: self._now(circuit_documents),
            the.DEVICES: self._now(device_documents),
            the.DEVICE_DETAIL: self._device,
            the.TOPOLOGY: self._now(topology),
            the.PROBES: self._now(probe_documents),
            the.INTERFACES: self._interfaces,
            the.FACTS: self._facts,
            the.READINGS: self._readings,
            the.ROLLUPS: self._rollups,
            the.EVENTS: self._events,
            the.INCIDENTS: self._incidents,
            the.STATUS: self._status,
        }

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/api/openapi.json", self.openapi)
        for endpoint in ENDPOINTS:
            app.router.add_get(endpoint.path, partial(self._serve, endpoint))

    async def openapi(self, _request: web.Request) -> web.Response:
        """Answer with the description of this API."""
        version = self._site.health().version
        return _json(await self._press.render(lambda: encode(document(version))))

    async def _serve(self, endpoint: Endpoint, request: web.Request) -> web.Response:
        query = {name: request.query.getall(name) for name in request.query}
        arguments = Arguments(query, endpoint.parameters)
        try:
            data = await self._answers[endpoint](arguments)
        except StoreError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"the history cannot be read: {error}") from error
        site, time = self._site.view.watch.site, self._now_time()
        body = await self._press.render(lambda: encode(Answer(API_FORMAT, site, time, data())))
        return _json(body)

    def _now_time(self) -> datetime:
        return datetime.fromtimestamp(self._site.clock.wall_ns() / 1e9, UTC)

    def _now_ms(self) -> int:
        return self._site.clock.wall_ns() // 1_000_000

    def _snapshot(self) -> Snapshot:
        return take(self._site.view, self._site.verdict(), self._site.clock.boottime_ns())

    def _now(self, make: Callable[[Snapshot], object]) -> Callable[[Arguments], Awaitable[Data]]:
        async def answer(_arguments: Arguments) -> Data:
            return partial(make, self._snapshot())

        return answer

    async def _device(self, arguments: Arguments) -> Data:
        name, view = arguments.text("name"), self._site.view
        if name not in view.watch.devices:
            raise Problem(HTTPStatus.NOT_FOUND, "no device of that name is configured")
        return partial(device_detail, self._snapshot(), name, rows_of(view, name))

    async def _interfaces(self, arguments: Arguments) -> Data:
        return partial(_interfaces, self._snapshot(), arguments.text("device"))

    async def _facts(self, arguments: Arguments) -> Data:
        facts = tuple(self._site.view.latest.facts(arguments.text("kind"), arguments.labels()))
        return partial(fact_documents, facts)

    async def _status(self, _arguments: Arguments) -> Data:
        health = self._site.health()
        return lambda: health

    async def _readings(self, arguments: Arguments) -> Data:
        wanted = self._wanted(arguments, timedelta(hours=1), _WEEK)
        found, rest = await past.readings(self._site, wanted)
        return partial(past.readings_document, wanted.name, wanted.key, found, rest)

    async def _rollups(self, arguments: Arguments) -> Data:
        wanted = self._wanted(arguments, timedelta(hours=6), _QUARTER)
        window_ms = round(arguments.seconds("window", "5m", _WINDOW_MIN_SECONDS) * 1000)
        found, rest = await past.rollups(self._site, wanted, window_ms, arguments.text("metric"))
        return partial(past.rollups_document, wanted.name, window_ms, found, rest)

    async def _events(self, arguments: Arguments) -> Data:
        period = arguments.period(self._now_ms(), timedelta(days=1), _QUARTER)
        wanted = past.Wanted(arguments.text("kind"), period, arguments.limit(ROWS_DEFAULT, ROWS_MAX))
        found, rest = await past.events(self._site, wanted)
        return partial(past.events_document, found, rest)

    async def _incidents(self, arguments: Arguments) -> Data:
        period = arguments.period(self._now_ms(), timedelta(days=7), _LONGEST)
        found = await incidents(self._site, period, arguments.limit(ROWS_DEFAULT, ROWS_MAX))
        return lambda: found

    def _wanted(self, arguments: Arguments, default: timedelta, longest: timedelta) -> past.Wanted:
        return past.Wanted(
            arguments.text("measurement"),
            arguments.period(self._now_ms(), default, longest),
            arguments.limit(ROWS_DEFAULT, ROWS_MAX),
            arguments.labels(),
        )


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")


def _interfaces(snapshot: Snapshot, device: str) -> tuple[InterfaceDocument, ...]:
    own = () if device else own_interface_documents(snapshot)
    return (*own, *interface_documents(snapshot, device))
