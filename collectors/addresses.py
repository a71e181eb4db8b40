"""The IP addresses of a device, and the ports that have them (IP-MIB, RFC 4293)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from collectors.snmp.collector import SnmpCollector
from collectors.snmp.ip_address import NEW, OLD, Address, is_its_own, merged, new_addresses, old_addresses
from collectors.snmp.known_ports import KnownPorts
from collectors.snmp.register import Register
from netmon import sdk

ADDRESSES: Final = "addresses"

_MOST: Final = 4096


class AddressesCollector(SnmpCollector[sdk.NoSettings]):
    """Reads the addresses of one device once an hour, and when it restarted or its ports changed."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {}
    settings_type = sdk.NoSettings
    period_seconds = 3600.0

    async def collect(self) -> Sequence[sdk.Record]:
        """Return the fact."""
        new, old = await self.whole_table(NEW), await self.whole_table(OLD)
        found = merged(new_addresses(new), old_addresses(old))[:_MOST]
        known = await (await self.context.shared.get(KnownPorts)).ports(self.session, self.left_seconds)
        register = await self.context.shared.get(Register)
        register.note(self.session, ADDRESSES, (each.address for each in found if is_its_own(each.address)))
        values = values_of(found, {port.index: port.key for port in known})
        return [sdk.Fact(ADDRESSES, self.key, values, self.context.clock.stamp())]


def values_of(addresses: Iterable[Address], names: Mapping[int, str]) -> dict[str, sdk.Json]:
    """Return addresses as plain data; `names` are ports by ifIndex, and what is not known is left out."""
    return {"addresses": [_entry(each, names.get(each.if_index, "")) for each in addresses]}


def _entry(address: Address, name: str) -> dict[str, sdk.Json]:
    found: dict[str, sdk.Json] = {"address": address.address}
    if address.prefixlen is not None:
        found["prefixlen"] = address.prefixlen
    if address.if_index:
        found["if_index"] = address.if_index
    return found | ({"if_name": name} if name else {})
