"""The system group of a device: who it is, how long it has been up, and whether it restarted.

Identity travels twice: as info metrics with snmp_exporter's names, and as a fact that is stored when
it changes. A restart is an event.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from collectors.rules.details import details
from collectors.rules.profile import Profiles
from collectors.rules.shapes import Shapes
from collectors.snmp import ber, mib, usm_protocols
from collectors.snmp.answers import Values
from collectors.snmp.conversation import ConversationCounters
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.entity import Entities, Entity, chassis
from collectors.snmp.report import REPORT_METRICS, EngineReport
from collectors.snmp.session import Session
from collectors.snmp.uptime import EngineAge, Uptime, restarted
from netmon import sdk

SYSTEM: Final = "system"
COSTS: Final = "snmp_scrape"
DEVICE: Final = "device"

_SHOWN: Final = ("vendor", "hardware", "version", "serial")
_NOT_KNOWN: Final[Mapping[str, sdk.Json]] = {}
_DETAIL_SECONDS: Final = 3600.0
_RETRY_SECONDS: Final = 300.0

log = logging.getLogger(__name__)

_UP_TIME: Final = sdk.integer(
    "sysUpTime",
    "Time since the device's SNMP agent started, in hundredths of a second; wraps after 497 days.",
)
_DESCR: Final = sdk.info("sysDescr", "The device's own description of its hardware and software.")
_NAME: Final = sdk.info("sysName", "The name that the device was given by its administrator.")
_PORTS: Final = sdk.integer("ifNumber", "Interfaces that the device has, whatever their state.")
_OS: Final = sdk.info(
    "netmon_device_info", "What a device is: its operating system, vendor, hardware and version.", label="os"
)
_SINCE: Final = "since its system group was last read"
_SENT: Final = sdk.integer("snmp_scrape_packets_sent", f"Requests sent to the device {_SINCE}.")
_RETRIED: Final = sdk.integer("snmp_scrape_packets_retried", f"Requests sent again to the device {_SINCE}.")
_RETURNED: Final = sdk.integer("snmp_scrape_pdus_returned", f"Variables that the device returned {_SINCE}.")
_DURATION: Final = sdk.gauge("snmp_scrape_duration_seconds", f"Time that asking the device took {_SINCE}.")
_WALKS: Final = sdk.gauge(
    "snmp_scrape_walk_duration_seconds",
    "As snmp_scrape_duration_seconds: the rest of a read does not wait for the device.",
)

_TEXTS: Final = (mib.SYS_DESCR, mib.SYS_NAME, mib.SYS_CONTACT, mib.SYS_LOCATION)
_ASKED: Final = (
    mib.SYS_UP_TIME, mib.SYS_OBJECT_ID, *_TEXTS, mib.ENGINE_BOOTS, mib.ENGINE_TIME, mib.IF_NUMBER,
)  # fmt: skip


class SystemCollector(sdk.Source[sdk.NoSettings]):
    """Reads SNMPv2-MIB's system group (RFC 3418) with one request."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        SYSTEM: (_UP_TIME, _DESCR, _NAME, _PORTS),
        COSTS: (_SENT, _RETRIED, _RETURNED, _DURATION, _WALKS),
        DEVICE: (_OS,),
        **REPORT_METRICS,
    }
    settings_type = sdk.NoSettings

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._device = assignment.require_device()
        usm_protocols.check(self._device.credential)
        self._engine: SnmpEngine | None = None
        self._report: EngineReport | None = None
        self._session: Session | None = None
        self._shape: sdk.Shape | None = None
        self._uptime: Uptime | None = None
        self._counted = ConversationCounters()
        self._shapes = Shapes(self.metrics)
        self._details: Mapping[str, sdk.Json] = _NOT_KNOWN
        self._changed: Mapping[str, tuple[sdk.Json, sdk.Json]] = {}
        self._details_for = (-1, 0.0)
        """For which generation of the device they hold, and until when (monotonic seconds)."""

    async def open(self, context: sdk.Context) -> None:
        """Take the device's session."""
        await super().open(context)
        self._engine = await context.shared.get(SnmpEngine)
        self._report = await context.shared.get(EngineReport)
        self._session = self._engine.session(self._device, context)

    async def read(self) -> Sequence[sdk.Record]:
        """Return the reading and the fact, and an event when the device restarted."""
        if self._session is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"{self._device.name} was not opened")
        stamp, began = self.context.clock.stamp(), self.context.clock.monotonic()
        values = await self._session.get(_ASKED, self.assignment.timeout_seconds)
        restart = self._restart(values, stamp)
        await self._describe(self._session, began + self.assignment.timeout_seconds)
        fact = sdk.Fact(SYSTEM, self._key, {**identity(values), **self._details}, stamp)
        events = [*restart, *self._differences(stamp), *self._session.events(self._key, stamp)]
        readings = [self._costs(stamp), *self._what(stamp), *self._own()]
        return [self._reading(values, stamp), fact, *readings, *events]

    async def _describe(self, session: Session, deadline: float) -> None:
        """Find out what the device is, once an hour and after a restart; what is half known stays."""
        now = self.context.clock.monotonic()
        generation, until = self._details_for
        if generation == session.generation and now < until:
            return
        self._details_for = session.generation, now + _RETRY_SECONDS
        profiles, parts = (
            await self.context.shared.get(Profiles),
            await self.context.shared.get(Entities),
        )
        try:
            profile = await profiles.of(session, self.context, deadline - now)
            device = await self._own_part(session, parts, deadline)
            left = max(deadline - self.context.clock.monotonic(), 0.0)
            before, self._details = self._details, await details(session, profile, device, left)
            self._changed = changes(before, self._details)
        except sdk.SourceError as error:
            log.info("%s: what it is could not be found out: %s", self._device.name, error)
            return
        self._details_for = session.generation, now + _DETAIL_SECONDS

    def _differences(self, stamp: sdk.Stamp) -> list[sdk.Event]:
        found, self._changed = self._changed, {}
        return [
            sdk.Event(f"{name}_changed", self._key, f"{self._device.name}: {name} {old} became {new}", stamp)
            for name, (old, new) in found.items()
        ]

    async def _own_part(self, session: Session, parts: Entities, deadline: float) -> Entity | None:
        left = max(deadline - self.context.clock.monotonic(), 0.0)
        try:
            return chassis(await parts.entities(session, left))
        except sdk.SourceError:
            return None  # what its vendor's rules tell is worth having without it

    def _what(self, stamp: sdk.Stamp) -> list[sdk.Reading]:
        """Return the reading that says what the device is, when something of it is known."""
        if not any(self._details.values()):
            return []
        shown = tuple((name, str(self._details.get(name) or "")) for name in _SHOWN)
        os = str(self._details.get("os") or "unknown")
        row = sdk.Row(self._key, shown, ((_OS.name, os),))
        return [sdk.Reading(self._shapes.of(DEVICE, [row]), stamp, ([1],), (sdk.Outcome.OK,))]

    @property
    def _key(self) -> sdk.Labels:
        return (("site", self.context.site), ("device", self._device.name))

    def _reading(self, values: Values, stamp: sdk.Stamp) -> sdk.Reading:
        texts = tuple((wanted.name, _text(values[wanted])) for wanted in (mib.SYS_DESCR, mib.SYS_NAME))
        known = tuple((name, text) for name, text in texts if text is not None)
        row = sdk.Row(self._key, texts=known)
        if self._shape is None or self._shape.rows != (row,):
            self._shape = sdk.Shape(SYSTEM, self.metrics[SYSTEM], (row,))
        here = dict(known)
        present = [1 if metric.name in here else None for metric in (_DESCR, _NAME)]
        cells = (values[mib.SYS_UP_TIME], *present, values[mib.IF_NUMBER])
        return sdk.Reading(self._shape, stamp, tuple((cell,) for cell in cells), (sdk.Outcome.OK,))

    def _own(self) -> list[sdk.Reading]:
        """Return what the engine counted, if nobody has told for a while."""
        if self._engine is None or self._report is None:
            return []
        return self._report.due(self._engine.counters, self.context.clock, self.context.site)

    def _costs(self, stamp: sdk.Stamp) -> sdk.Reading:
        """Return what all collectors of this device took since the last call."""
        last = self._counted
        now = self._counted = self._session.counters if self._session is not None else last
        seconds = now.waited_seconds - last.waited_seconds
        spent = (
            now.packets_sent - last.packets_sent,
            now.packets_retried - last.packets_retried,
            now.varbinds - last.varbinds,
            seconds,
            seconds,
        )
        shape = self._shapes.of(COSTS, [sdk.Row(self._key)])
        return sdk.Reading(shape, stamp, tuple((cell,) for cell in spent), (sdk.Outcome.OK,))

    def _restart(self, values: Values, stamp: sdk.Stamp) -> list[sdk.Event]:
        uptime = _uptime(values, stamp.boottime_ns / 1e9)
        before, self._uptime = self._uptime, uptime or self._uptime
        if before is None or uptime is None or not restarted(before, uptime):
            return []
        if self._session is not None:
            self._session.renewed()
        seconds = uptime.hundredths / 100
        text = f"{self._device.name} restarted {seconds:.0f} s ago"
        data = {"uptime_seconds": seconds, "uptime_before_seconds": before.hundredths / 100}
        return [sdk.Event("reboot", self._key, text, stamp, data)]


def identity(values: Values) -> dict[str, sdk.Json]:
    """Return the fact about a device: its system group as clean text, None where it has no such object."""
    numbers = values[mib.SYS_OBJECT_ID]
    found: dict[str, sdk.Json] = {wanted.name: _text(values[wanted]) for wanted in _TEXTS}
    return {**found, mib.SYS_OBJECT_ID.name: None if numbers is None else ber.dotted(numbers)}


def changes(
    before: Mapping[str, sdk.Json], after: Mapping[str, sdk.Json]
) -> dict[str, tuple[sdk.Json, sdk.Json]]:
    """Return what of hardware, version and serial number is another one now: an upgrade, or a swap."""
    return {
        name: (before[name], after[name])
        for name in ("hardware", "version", "serial")
        if before.get(name) and after.get(name) and before[name] != after[name]
    }


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else sdk.clean(octets)


def _uptime(values: Values, at_seconds: float) -> Uptime | None:
    hundredths = values[mib.SYS_UP_TIME]
    if hundredths is None:
        return None
    boots, seconds = values[mib.ENGINE_BOOTS], values[mib.ENGINE_TIME]
    engine = None if boots is None or seconds is None else EngineAge(boots, seconds)
    return Uptime(hundredths, at_seconds, engine)
