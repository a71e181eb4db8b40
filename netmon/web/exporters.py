"""What scrape jobs of snmp_exporter and blackbox_exporter ask: answered from what was read last.

Only what is configured can be asked for, and no question sends a packet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from aiohttp import web

from netmon.metrics.excerpt import Part, text_of
from netmon.metrics.fragment import Cut
from netmon.metrics.low_counters import with_low_counters
from netmon.metrics.text_format import TextFormat
from netmon.verdict.view import WatchedDevice, WatchedProbe
from netmon.web.press import Press
from netmon.web.problem import Problem
from netmon.web.scrape import send, wanted_format
from netmon.web.site import WebSite

MODULES: Final[Mapping[str, Sequence[str]]] = {
    "if_mib": ("system", "interface", "ethernet"),
    "system": ("system", "device"),
    "hrDevice": ("hr_processor", "processor"),
    "hrStorage": ("hr_storage", "memory", "storage"),
    "cisco_device": ("ent_sensor",),
    "all": ("",),
}
"""What each module of snmp_exporter reads, as measurements; `all` is whatever netmon knows of the device."""

_COSTS = "snmp_scrape"
"""Measurement of what reading a device took; its series have the module's name."""
_DEVICE_LABELS: Final[AbstractSet[str]] = frozenset({"site", "device"})
_PROBE_LABELS: Final[AbstractSet[str]] = frozenset({"site", "probe", "target"})
_NAMED = 10


class Exporters:
    """Handlers of /snmp and /probe."""

    def __init__(self, site: WebSite, press: Press) -> None:
        self._site = site
        self._press = press

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/snmp", self.snmp)
        app.router.add_get("/probe", self.probe)

    async def snmp(self, request: web.Request) -> web.StreamResponse:
        """Answer with a device's series, without site and device; `auth` is the configuration's affair."""
        target = _target(request)
        modules = _modules(request.query.getall("module", []))
        device = self._device(target)
        self._answering(device)
        return await self._send(request, _device_cuts(device.name, modules))

    async def probe(self, request: web.Request) -> web.StreamResponse:
        """Answer with the series of a probe's target, without site, probe and target."""
        probe, target = self._probe(_target(request), request.query.get("module", ""))
        cut = Cut((("probe", probe.name), ("target", target)), _PROBE_LABELS)
        return await self._send(request, [("", cut)])

    async def _send(self, request: web.Request, cuts: Iterable[tuple[str, Cut]]) -> web.StreamResponse:
        parts = [part for measurement, cut in cuts for part in self._site.parts(measurement, cut)]
        if not parts:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "nothing was read yet", {"Retry-After": "10"})
        form = wanted_format(request)
        text = await self._press.render(_text, parts, form)
        return await send(request, [text], form, self._press)

    def _device(self, target: str) -> WatchedDevice:
        devices = self._site.view.watch.devices
        for wanted in _spellings(target.removeprefix("udp://")):
            for device in devices.values():
                if wanted in (device.name, device.address):
                    return device
        known = [f"{device.name} ({device.address})" for device in devices.values()]
        raise _unknown(target, "[[device]] with this address", known)

    def _answering(self, device: WatchedDevice) -> None:
        """Raise what makes `up` 0, as a device that does not answer its exporter does."""
        answers = self._site.view.device(device).answers
        if answers is None:
            after = {"Retry-After": "10"}
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{device.name} was not asked lately", after)
        if not answers:
            raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"{device.name} did not answer the last poll")

    def _probe(self, asked: str, module: str) -> tuple[WatchedProbe, str]:
        """Return the one probe of a target that a module means, and the target's configured spelling."""
        found = [(probe, target) for probe, target in self._targets() if _same(target, asked)]
        if not found:
            raise _unknown(asked, "target of a [[probe]]", [target for _, target in self._targets()])
        if module in self._site.view.watch.probes:
            meant = [one for one in found if one[0].name == module]
        else:
            meant = [one for one in found if _kind_meant(one[0].kind, module)]
        names = ", ".join(sorted(probe.name for probe, _ in found))
        if not meant:
            detail = f"unknown module {module!r}: {asked} is a target of the probes {names}"
            raise Problem(HTTPStatus.BAD_REQUEST, detail)
        if len(meant) > 1:
            detail = f"{asked} is a target of several probes: say module= one of {names}"
            raise Problem(HTTPStatus.BAD_REQUEST, detail)
        return meant[0]

    def _targets(self) -> Iterator[tuple[WatchedProbe, str]]:
        view = self._site.view
        for probe in view.watch.probes.values():
            rows = view.latest.rows(probe.kind, (("probe", probe.name),))
            for target in dict.fromkeys(row.label("target") for row in rows):
                yield probe, target


def _text(parts: Sequence[Part], form: TextFormat) -> bytes:
    return text_of((replace(part, reading=with_low_counters(part.reading)) for part in parts), form)


def _target(request: web.Request) -> str:
    target = request.query.get("target", "")
    if not target:
        raise Problem(HTTPStatus.BAD_REQUEST, f"target is missing: {request.path}?target=NAME")
    return target


def _spellings(target: str) -> Iterator[str]:
    """Yield a target as it is, and without the port that need not be said: a group of an address is none."""
    yield target
    if target.endswith(":161") and (target.count(":") == 1 or target.endswith("]:161")):
        target = target.removesuffix(":161")
        yield target
    if target.startswith("[") and target.endswith("]"):
        yield target[1:-1]


def _modules(given: Sequence[str]) -> list[str]:
    names = [name for text in given for name in text.split(",") if name] or ["if_mib"]
    for name in names:
        if name not in MODULES:
            detail = f"unknown module {name[:80]!r}: there are {', '.join(MODULES)}"
            raise Problem(HTTPStatus.BAD_REQUEST, detail)
    return list(dict.fromkeys(names))


def _device_cuts(name: str, modules: Sequence[str]) -> Iterator[tuple[str, Cut]]:
    """Yield what the modules show; a measurement that two of them read is shown once."""
    key = (("device", name),)
    measurements = dict.fromkeys(one for module in modules for one in MODULES[module])
    for measurement in [""] if "" in measurements else measurements:
        yield measurement, Cut(key, _DEVICE_LABELS)
    for module in modules:
        yield _COSTS, Cut(key, _DEVICE_LABELS, (("module", module),))


def _unknown(target: str, place: str, known: Iterable[str]) -> Problem:
    names = sorted(set(known))
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    detail = (
        f"{target[:200]!r} is not configured, and netmon asks nobody else: make it the {place}, or ask for"
        f" one of these: {shown or 'there are none'}"
    )
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def _same(target: str, asked: str) -> bool:
    """Tell whether a scrape job means a target: it may leave out what a browser would add."""
    plain = target.removesuffix("/")
    return asked.removesuffix("/") in (plain, plain.removeprefix("http://"))


def _kind_meant(kind: str, module: str) -> bool:
    """Tell whether a module's name begins as those of this kind of probe do, such as http_2xx."""
    return not module or module == kind or module.startswith(f"{kind}_")
