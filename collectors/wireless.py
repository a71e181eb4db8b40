"""Radios and wireless networks: clients, channel and how busy it is, where a vendor's MIB tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from collectors.rules.collector import RuleCollector, meant
from collectors.rules.labels import Labels
from collectors.rules.meaning import radio
from collectors.rules.shapes import Shapes
from netmon import sdk

WIRELESS: Final = "wireless"

_CLIENTS: Final = sdk.integer("netmon_wireless_clients", "Clients that are associated now.")
_CHANNEL: Final = sdk.integer("netmon_wireless_channel", "Channel number in use.")
_BUSY: Final = sdk.gauge("netmon_wireless_channel_busy_ratio", "Share of time that the channel is in use.")
_NOISE: Final = sdk.gauge("netmon_wireless_noise_dbm", "Noise floor in decibels over one milliwatt.")


class WirelessCollector(RuleCollector):
    """Reads what vendor files say of radios."""

    sections = ("radio",)
    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {WIRELESS: (_CLIENTS, _CHANNEL, _BUSY, _NOISE)}

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._shapes = Shapes(self.metrics)
        self._labels = Labels()

    async def collect(self) -> Sequence[sdk.Record]:
        """Return one reading of all radios; nothing for a device without any."""
        stamp = self.context.clock.stamp()
        found = meant(await self.found(), lambda table: table.radio, radio)
        radios = self._labels.of(WIRELESS, found)
        if not radios:
            return []
        shape = self._shapes.of(WIRELESS, [sdk.Row((*self.key, ("radio", label))) for label, _ in radios])
        columns = (
            [one.clients for _, one in radios],
            [one.channel for _, one in radios],
            [one.busy_ratio for _, one in radios],
            [one.noise_dbm for _, one in radios],
        )
        return [sdk.Reading(shape, stamp, columns, (sdk.Outcome.OK,) * len(radios))]
