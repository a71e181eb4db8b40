"""The addresses of a device: ipAddressTable (IP-MIB, RFC 4293), and ipAddrTable, which it replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from collectors.snmp.answers import Table
from collectors.snmp.ber import Oid
from collectors.snmp.neighbour import address_of
from collectors.snmp.syntax import IP_V4, OBJECT, WHOLE, column

_IF_INDEX: Final = column("ipAddressIfIndex", "1.3.6.1.2.1.4.34.1.3", WHOLE)
_TYPE: Final = column("ipAddressType", "1.3.6.1.2.1.4.34.1.4", WHOLE)
_PREFIX: Final = column("ipAddressPrefix", "1.3.6.1.2.1.4.34.1.5", OBJECT)
NEW: Final = (_IF_INDEX, _TYPE, _PREFIX)

_OLD_IF_INDEX: Final = column("ipAdEntIfIndex", "1.3.6.1.2.1.4.20.1.2", WHOLE)
_OLD_MASK: Final = column("ipAdEntNetMask", "1.3.6.1.2.1.4.20.1.3", IP_V4)
OLD: Final = (_OLD_IF_INDEX, _OLD_MASK)

_BROADCAST: Final = 3
_PREFIX_ENTRY: Final = (1, 3, 6, 1, 2, 1, 4, 32, 1)
_OCTETS: Final = {1: 4, 2: 16, 3: 4, 4: 16}
"""InetAddressType, and the octets of an address without its zone (RFC 4001)."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a device; `prefixlen` is None and `if_index` 0 where it does not tell."""

    address: str
    prefixlen: int | None
    if_index: int


def merged(*tables: Iterator[Address]) -> list[Address]:
    """Return the addresses of all tables in order; what an earlier table does not tell, a later one may."""
    found: dict[str, Address] = {}
    for table in tables:
        for each in table:
            first = found.setdefault(each.address, each)
            if first.prefixlen is None or not first.if_index:
                prefixlen = each.prefixlen if first.prefixlen is None else first.prefixlen
                found[each.address] = Address(each.address, prefixlen, first.if_index or each.if_index)
    return sorted(found.values(), key=_order)


def new_addresses(table: Table) -> Iterator[Address]:
    """Yield what ipAddressTable has; broadcast addresses are nobody's."""
    for at, index in enumerate(table.index):
        address, kind = inet_address(index), table[_TYPE][at]
        if address and kind != _BROADCAST:
            yield Address(address, _prefixlen(table[_PREFIX][at], address), table[_IF_INDEX][at] or 0)


def old_addresses(table: Table) -> Iterator[Address]:
    """Yield what ipAddrTable has."""
    for at, index in enumerate(table.index):
        address = _octets(index) if len(index) == 4 else ""
        if address:
            yield Address(address, mask_length(table[_OLD_MASK][at]), table[_OLD_IF_INDEX][at] or 0)


def inet_address(index: Oid) -> str:
    """Return the address of an index of InetAddressType and InetAddress; empty for what is none.

    RFC 4001 puts the length before the address; some agents leave it out. A zone behind it is dropped.
    """
    size = _OCTETS.get(index[0], 0) if index else 0
    rest = index[1:]
    if len(rest) > size and rest[0] == len(rest) - 1:
        rest = rest[1:]
    return _octets(rest[:size]) if size and len(rest) in (size, size + 4) else ""


def is_its_own(address: str) -> bool:
    """Tell whether an address can tell devices apart: 127.0.0.1 and 169.254.1.1 are on many."""
    parsed = ip_address(address)
    return not (parsed.is_loopback or (parsed.version == 4 and parsed.is_link_local))


def mask_length(mask: bytes | None) -> int | None:
    """Return the length of the prefix that a netmask means; None for what is no netmask."""
    if mask is None or len(mask) != 4:
        return None
    bits = f"{int.from_bytes(mask, 'big'):032b}"
    return bits.count("1") if "01" not in bits else None


def _prefixlen(pointer: Oid | None, address: str) -> int | None:
    """Return the length at the end of ipAddressPrefix, which points to a row of ipAddressPrefixTable."""
    if pointer is None or pointer[: len(_PREFIX_ENTRY)] != _PREFIX_ENTRY:
        return None
    return pointer[-1] if pointer[-1] <= ip_address(address).max_prefixlen else None


def _octets(numbers: Sequence[int]) -> str:
    return address_of(bytes(numbers)) if all(number < 256 for number in numbers) else ""


def _order(address: Address) -> tuple[int, bytes]:
    parsed = ip_address(address.address)
    return parsed.version, parsed.packed
