"""Handlers of the pages for people: gathered on the loop, made on the press, kept for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus

from aiohttp import web

from netmon.model import Fault, SlotState
from netmon.templates import Templates
from netmon.web import device_page, page, technician
from netmon.web.device_readings import rows_of
from netmon.web.documents import VerdictDocument
from netmon.web.files import static_file
from netmon.web.incidents import RecentIncidents
from netmon.web.look import Look
from netmon.web.press import Press
from netmon.web.problem import Problem
from netmon.web.recent import RecentEvents
from netmon.web.scale import Scales
from netmon.web.settings import WebSettings
from netmon.web.site import WebSite
from netmon.web.snapshot import Snapshot, take
from netmon.web.trends import Trends

_KEEP_SECONDS = 1.0
_MAX_KEPT = 64
_STATIC: Mapping[str, str] = {
    "netmon.css": "text/css",
    "refresh.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def headline(verdict: VerdictDocument) -> tuple[str, str]:
    """Return the verdict's colour and word."""
    if verdict.state is SlotState.DOWN:
        return "bad", "Down"
    if verdict.state is SlotState.UNKNOWN:
        return ("dim" if verdict.fault is Fault.UNKNOWN else "warn"), "Not known"
    return ("good", "Up") if verdict.fault is Fault.NONE else ("warn", "Up, with a fault")


class Pages:
    """The page at /, those of devices, their few static files, and the technician page."""

    def __init__(self, site: WebSite, settings: WebSettings, press: Press, templates: Templates) -> None:
        self._site, self._settings, self._press, self._templates = site, settings, press, templates
        self._trends = Trends(site.query)
        self._recent = RecentEvents(site)
        self._incidents = RecentIncidents(site)
        self._kept = _Kept(site.clock.monotonic)

    def install(self, app: web.Application) -> None:
        """Add the routes of the page; static files come from a fixed table, never from a folder."""
        app.router.add_get("/", self.show_main)
        app.router.add_get("/device", self.show_device)
        for name, content_type in _STATIC.items():
            app.router.add_get(f"/static/{name}", partial(_static, static_file(name), content_type))

    def install_technician(self, app: web.Application) -> None:
        """Add the route of the technician page."""
        app.router.add_get("/", self.show_technician)

    async def show_main(self, _request: web.Request) -> web.Response:
        """Answer with the page of the site."""
        return _html(await self._kept.get("main", self._make_main))

    async def show_device(self, request: web.Request) -> web.Response:
        """Answer with the page of one device, `?name=`."""
        device = request.query.get("name", "")
        if device not in self._site.view.watch.devices:
            raise Problem(HTTPStatus.NOT_FOUND, "no device of that name is configured")
        return _html(await self._kept.get(f"device/{device}", partial(self._make_device, device)))

    async def show_technician(self, request: web.Request) -> web.Response:
        """Answer with the technician page: one request, no names to look up, no history to wait for."""
        reached_at = _reached_at(request)
        make = partial(self._make_technician, reached_at)
        return _html(await self._kept.get(f"technician/{reached_at}", make))

    async def _make_main(self) -> bytes:
        look, now, health = self._look(), self._now(), self._site.health()
        traffic, timings, events, incidents = await asyncio.gather(
            look.traffic(), look.timings(), self._recent.newest(), self._incidents.newest()
        )
        gathered = page.Gathered(look.snapshot, now, events, incidents, health, traffic, timings, look.scales)
        return await self._press.render(lambda: self._print("page.html", page.compose(gathered)))

    async def _make_device(self, device: str) -> bytes:
        look, rows = self._look(), rows_of(self._site.view, device)
        traffic = await look.device_traffic(device)
        gathered = device_page.GatheredDevice(look.snapshot, self._now(), device, rows, traffic, look.scales)
        return await self._press.render(lambda: self._print("device.html", device_page.compose(gathered)))

    def _look(self) -> Look:
        now, snapshot, health = self._now(), self._snapshot(), self._site.health()
        began = (health.store and health.store.oldest) or health.started
        now_ms, history_ms = round(now.timestamp() * 1000), round((now - began).total_seconds() * 1000)
        return Look(self._trends, snapshot, now_ms, Scales.fit(snapshot, history_ms))

    async def _make_technician(self, reached_at: str) -> bytes:
        snapshot, health, now = self._snapshot(), self._site.health(), self._now()
        return await self._press.render(
            lambda: self._print("technician.html", technician.compose(snapshot, health, now, reached_at))
        )

    def _print(
        self, template: str, content: page.SitePage | device_page.DevicePage | technician.TechnicianPage
    ) -> bytes:
        tone, word = headline(content.verdict)
        return self._templates.render(template, page=content, tone=tone, word=word)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._site.clock.wall_ns() / 1e9, self._settings.timezone)

    def _snapshot(self) -> Snapshot:
        return take(self._site.view, self._site.verdict(), self._site.clock.boottime_ns())


@dataclass(slots=True)
class _Sheet:
    """One page as it was made last."""

    body: bytes = b""
    made_at: float = float("-inf")
    making: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Kept:
    """Keeps each page for a second: ten browsers cost as much as one."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._sheets: dict[str, _Sheet] = {}

    async def get(self, name: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        sheet = self._sheets.pop(name, None) or _Sheet()
        self._sheets[name] = sheet
        while len(self._sheets) > _MAX_KEPT:
            del self._sheets[next(iter(self._sheets))]
        async with sheet.making:
            if self._monotonic() - sheet.made_at >= _KEEP_SECONDS:
                sheet.body = await make()
                sheet.made_at = self._monotonic()
            return sheet.body


def _html(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/html", charset="utf-8")


async def _static(body: bytes, content_type: str, _request: web.Request) -> web.Response:
    headers = {"Cache-Control": "max-age=300"}
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


def _reached_at(request: web.Request) -> str:
    name = None if request.transport is None else request.transport.get_extra_info("sockname")
    return str(name[0]) if name else "not known"
