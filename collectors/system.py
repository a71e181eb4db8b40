"""The system group of a device: who it is, how long it has been up, and whether it restarted.

Identity travels twice: as info metrics with snmp_exporter's names, and as a fact that is stored when
it changes. A restart is an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from collectors.snmp import ber, mib, usm_protocols
from collectors.snmp.answers import Values
from collectors.snmp.conversation import ConversationCounters
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.report import REPORT_METRICS, EngineReport
from collectors.snmp.session import Session
from collectors.snmp.uptime import EngineAge, Uptime, restarted
from netmon import sdk

SYSTEM: Final = "system"

_UP_TIME: Final = sdk.integer(
    "sysUpTime",
    "Time since the device's SNMP agent started, in hundredths of a second; wraps after 497 days.",
)
_DESCR: Final = sdk.info("sysDescr", "The device's own description of its hardware and software.")
_NAME: Final = sdk.info("sysName", "The name that the device was given by its administrator.")
_SENT: Final = sdk.integer(
    "snmp_scrape_packets_sent", "Requests sent to the device since its system group was last read."
)
_RETRIED: Final = sdk.integer(
    "snmp_scrape_packets_retried", "Requests sent again to the device since its system group was last read."
)
_RETURNED: Final = sdk.integer(
    "snmp_scrape_pdus_returned", "Variables that the device returned since its system group was last read."
)

_TEXTS: Final = (mib.SYS_DESCR, mib.SYS_NAME, mib.SYS_CONTACT, mib.SYS_LOCATION)
_ASKED: Final = (mib.SYS_UP_TIME, mib.SYS_OBJECT_ID, *_TEXTS, mib.ENGINE_BOOTS, mib.ENGINE_TIME)


class SystemCollector(sdk.Source[sdk.NoSettings]):
    """Reads SNMPv2-MIB's system group (RFC 3418) with one request."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        SYSTEM: (_UP_TIME, _DESCR, _NAME, _SENT, _RETRIED, _RETURNED),
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
        stamp = self.context.clock.stamp()
        values = await self._session.get(_ASKED, self.assignment.timeout_seconds)
        fact = sdk.Fact(SYSTEM, self._key, identity(values), stamp)
        events = self._session.events(self._key, stamp)
        return [self._reading(values, stamp), fact, *self._restart(values, stamp), *events, *self._own()]

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
        cells = (values[mib.SYS_UP_TIME], *present, *self._spent())
        return sdk.Reading(self._shape, stamp, tuple((cell,) for cell in cells), (sdk.Outcome.OK,))

    def _own(self) -> list[sdk.Reading]:
        """Return what the engine counted, if nobody has told for a while."""
        if self._engine is None or self._report is None:
            return []
        return self._report.due(self._engine.counters, self.context.clock, self.context.site)

    def _spent(self) -> tuple[int, int, int]:
        """Return what all collectors of this device took since the last call."""
        session, last = self._session, self._counted
        now = session.counters if session is not None else last
        self._counted = now
        return (
            now.packets_sent - last.packets_sent,
            now.packets_retried - last.packets_retried,
            now.varbinds - last.varbinds,
        )

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
    return found | {mib.SYS_OBJECT_ID.name: None if numbers is None else ber.dotted(numbers)}


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else sdk.clean(octets)


def _uptime(values: Values, at_seconds: float) -> Uptime | None:
    hundredths = values[mib.SYS_UP_TIME]
    if hundredths is None:
        return None
    boots, seconds = values[mib.ENGINE_BOOTS], values[mib.ENGINE_TIME]
    engine = None if boots is None or seconds is None else EngineAge(boots, seconds)
    return Uptime(hundredths, at_seconds, engine)
