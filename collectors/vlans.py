"""The VLANs that a device knows, by number and name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from collectors.snmp.collector import SnmpCollector
from collectors.snmp.vlan import VLAN_TABLES, vlan_names
from netmon import sdk

VLANS: Final = "vlans"


class VlansCollector(SnmpCollector[sdk.NoSettings]):
    """Reads the VLANs of one device once an hour, and when it restarted or its ports changed."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {}
    settings_type = sdk.NoSettings
    period_seconds = 3600.0

    async def collect(self) -> Sequence[sdk.Record]:
        """Return the fact."""
        found: dict[int, str] = {}
        for columns in VLAN_TABLES:
            for number, name in vlan_names(await self.whole_table(columns)).items():
                found[number] = found.get(number) or name
        return [sdk.Fact(VLANS, self.key, values_of(found), self.context.clock.stamp())]


def values_of(vlans: Mapping[int, str]) -> dict[str, sdk.Json]:
    """Return VLANs as plain data; a name that is not known is left out."""
    return {
        "vlans": [{"id": number} | ({"name": name} if name else {}) for number, name in sorted(vlans.items())]
    }
