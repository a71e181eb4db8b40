"""What the SNMP engine tells of itself: datagrams sent, received and dropped, by reason."""

from __future__ import annotations

from typing import Final, Self

from collectors.snmp.transport import TransportCounters
from netmon import sdk

ENGINE: Final = "snmp_engine"
DEVICE: Final = "snmp_device"

_EVERY_SECONDS: Final = 10.0

_COUNTED: Final = {
    "sent": "Datagrams sent to devices, repeated ones included.",
    "resent": "Datagrams sent again because no answer had come in time.",
    "received": "Datagrams received, whatever they were.",
    "bad_source": "Replies dropped because they came from another address than the one asked.",
    "unknown_id": "Replies dropped because their request-id was never given out; growth means forgeries.",
    "late": "Replies dropped because their request had ended: they came too late, or twice.",
    "mismatched": "Replies dropped because version, credential or PDU type were not those of the request.",
    "garbled": "Datagrams dropped because they are no SNMP messages.",
    "complaints": "ICMP errors about datagrams that were sent to devices.",
    "held_back": "Requests that waited because of a limit on packets per second.",
}
_FIELDS: Final = {
    name: sdk.counter(f"netmon_snmp_{name}_total", help_text) for name, help_text in _COUNTED.items()
}
_WRONG_TYPES: Final = sdk.counter(
    "netmon_snmp_wrong_types_total",
    "Values of tables left out because the device gave them in a type that their MIB does not allow.",
)

REPORT_METRICS: Final = {ENGINE: tuple(_FIELDS.values()), DEVICE: (_WRONG_TYPES,)}


class EngineReport:
    """Shared by all collectors: `await context.shared.get(EngineReport)`; whoever comes when due tells."""

    def __init__(self, opened_at_seconds: float, epoch: int) -> None:
        self._due_at_seconds = opened_at_seconds + _EVERY_SECONDS
        self._epoch = epoch
        self._engine_shape: sdk.Shape | None = None
        self._device_shape: sdk.Shape | None = None
        self._wrong_types: dict[str, int] = {}

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it; its counters begin in an epoch of their own, as those of the engine do."""
        return cls(clock.monotonic(), clock.boottime_ns())

    async def close(self) -> None:
        """Do nothing: it holds no resource."""

    def note_wrong_types(self, device: str, count: int) -> None:
        """Add values that a device gave in a wrong type; its row exists from the first note on."""
        self._wrong_types[device] = self._wrong_types.get(device, 0) + count

    def due(self, counters: TransportCounters, clock: sdk.Clock, site: str) -> list[sdk.Reading]:
        """Return the readings, every ten seconds at most; else nothing."""
        now = clock.monotonic()
        if now < self._due_at_seconds:
            return []
        self._due_at_seconds = now + _EVERY_SECONDS
        stamp = clock.stamp()
        if self._engine_shape is None:
            row = sdk.Row((("site", site),))
            self._engine_shape = sdk.Shape(ENGINE, REPORT_METRICS[ENGINE], (row,))
        columns = tuple((int(getattr(counters, name)),) for name in _FIELDS)
        return [
            sdk.Reading(self._engine_shape, stamp, columns, (sdk.Outcome.OK,), (self._epoch,)),
            *self._devices(stamp, site),
        ]

    def _devices(self, stamp: sdk.Stamp, site: str) -> list[sdk.Reading]:
        if not self._wrong_types:
            return []
        rows = tuple(sdk.Row((("site", site), ("device", name))) for name in self._wrong_types)
        if self._device_shape is None or self._device_shape.rows != rows:
            self._device_shape = sdk.Shape(DEVICE, REPORT_METRICS[DEVICE], rows)
        columns = (tuple(self._wrong_types.values()),)
        epochs = (self._epoch,) * len(rows)
        return [sdk.Reading(self._device_shape, stamp, columns, (sdk.Outcome.OK,) * len(rows), epochs)]
