"""Make a walk fit to be shown to others: secrets are left out, addresses, serials and names masked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from collectors.snmp import ber
from collectors.snmp.ber import Oid
from collectors.snmp.masks import Masks
from collectors.snmp.recording import Recorded

SECRET: Final = tuple(
    sorted(
        map(
            ber.oid,
            (
                "1.3.6.1.6.3.10.2.1.1",  # snmpEngineID: keys are localised with it, and it holds an address
                "1.3.6.1.6.3.12",  # SNMP-TARGET-MIB: who is told what, under which name
                "1.3.6.1.6.3.13",  # SNMP-NOTIFICATION-MIB
                "1.3.6.1.6.3.14",  # SNMP-PROXY-MIB
                "1.3.6.1.6.3.15",  # SNMP-USER-BASED-SM-MIB: usmUserTable
                "1.3.6.1.6.3.16",  # SNMP-VIEW-BASED-ACM-MIB
                "1.3.6.1.6.3.18",  # SNMP-COMMUNITY-MIB
                "1.2.840.10036.1.2",  # dot11WEPDefaultKeysTable
                "1.2.840.10036.1.3",  # dot11WEPKeyMappingsTable
                "1.3.6.1.2.1.10.23.2",  # PPP-SEC-MIB
                "1.3.6.1.2.1.14.2.1.10",  # OSPF-MIB, where areas had a key once
                "1.3.6.1.2.1.14.7.1.16",  # ospfIfAuthKey
                "1.3.6.1.2.1.14.9.1.11",  # ospfVirtIfAuthKey
                "1.3.6.1.2.1.16.9.1.1.4",  # eventCommunity
                "1.3.6.1.2.1.16.19",  # RMON probeConfig: trapDestCommunity
                "1.3.6.1.2.1.23.3.1.5",  # rip2IfConfAuthKey
                "1.3.6.1.2.1.25.4.2.1.5",  # hrSWRunParameters: passwords on command lines
                "1.3.6.1.2.1.47.1.2.1.1.4",  # entLogicalCommunity
                "1.3.6.1.4.1.9.2.1.51",  # OLD-CISCO: configuration files and where they are kept
                "1.3.6.1.4.1.9.9.46.1.8",  # CISCO-VTP-MIB: vtpAuthPassword
                "1.3.6.1.4.1.9.9.96",  # CISCO-CONFIG-COPY-MIB: ccCopyUserPassword
                "1.3.6.1.4.1.2021.8.1.3",  # UCD-SNMP-MIB: extCommand
                "1.3.6.1.4.1.8072.1.3.2",  # NET-SNMP-EXTEND-MIB: commands, arguments and their output
            ),
        )
    )
)
"""Subtrees that are never recorded: they carry secrets, or may."""

NAMES: Final = tuple(
    sorted(
        map(
            ber.oid,
            (
                "1.3.6.1.2.1.1.4",  # sysContact
                "1.3.6.1.2.1.1.5",  # sysName
                "1.3.6.1.2.1.1.6",  # sysLocation
                "1.3.6.1.2.1.31.1.1.1.18",  # ifAlias
                "1.0.8802.1.1.2.1.3.3",  # lldpLocSysName
                "1.0.8802.1.1.2.1.4.1.1.9",  # lldpRemSysName
                "1.3.6.1.4.1.9.9.23.1.2.1.1.6",  # cdpCacheDeviceId
            ),
        )
    )
)
"""What people called their things."""

SERIALS: Final = tuple(
    sorted(
        map(
            ber.oid,
            (
                "1.3.6.1.2.1.47.1.1.1.1.11",  # entPhysicalSerialNum
                "1.3.6.1.2.1.47.1.1.1.1.15",  # entPhysicalAssetID
                "1.3.6.1.2.1.43.5.1.1.17",  # prtGeneralSerialNumber
            ),
        )
    )
)

_INDEXED_BY_MAC: Final = (
    ber.oid("1.3.6.1.2.1.17.4.3.1"),  # dot1dTpFdbTable
    ber.oid("1.3.6.1.2.1.17.7.1.2.2.1"),  # dot1qTpFdbTable
)
_ADDRESS_SIZES: Final = {1: 4, 2: 16, 3: 8, 4: 20}  # InetAddressType (RFC 4001); zoned ones have a tail
_INSTANCE_AFTER: Final = 10
"""No table's instances begin before this sub-identifier."""


class Redaction:
    """One recording's rules; `secrets` are texts that must not appear anywhere, such as communities."""

    def __init__(self, secrets: Iterable[bytes], *, keep_names: bool = False) -> None:
        self._secrets = tuple(filter(None, secrets))
        self._masked_columns = tuple(sorted(SERIALS if keep_names else SERIALS + NAMES))
        self._masks = Masks()

    def redacted(self, found: Sequence[Recorded]) -> list[Recorded]:
        """Return what may be shown, in the order of the masked names.

        All of it is looked at first: what one table tells to be an address or a name is masked in all.
        """
        kept = [recorded for recorded in found if not _below(recorded.name, SECRET)]
        for recorded in kept:
            self._learn(recorded)
        masked = {self._name(r.name): (r.tag, self._value(r)) for r in kept}
        return [Recorded(name, *masked[name]) for name in sorted(masked)]

    def _learn(self, recorded: Recorded) -> None:
        name, tag, content = recorded
        if tag == ber.IP_ADDRESS and len(content) == 4:
            self._masks.address(content)
        elif tag == ber.OCTET_STRING and _below(name, self._masked_columns):
            self._masks.name(content)
        elif tag == ber.OCTET_STRING and len(content) in (6, 16) and not _printable(content):
            self._masks.address(content)
        elif tag == ber.OCTET_STRING and _printable(content):
            self._masks.text(content)
        for table in _INDEXED_BY_MAC:
            if name[: len(table)] == table and max(name[-6:]) < 256:
                self._masks.address(bytes(name[-6:]))
        for start, stop in _inet_addresses(name):
            self._masks.address(bytes(name[start:stop]))

    def _name(self, name: Oid) -> Oid:
        """Return the name with every address that is known in its instance replaced.

        From the right: instances end with addresses more often than they begin with them.
        """
        arcs = list(name)
        stop = len(arcs)
        while stop - 4 >= _INSTANCE_AFTER:
            stop -= self._replace(arcs, stop) or 1
        return tuple(arcs)

    def _replace(self, arcs: list[int], stop: int) -> int:
        for size in (16, 6, 4):
            run = arcs[max(stop - size, _INSTANCE_AFTER) : stop]
            if len(run) == size and max(run) < 256 and (mask := self._masks.known.get(bytes(run))):
                arcs[stop - size : stop] = mask
                return size
        return 0

    def _value(self, recorded: Recorded) -> bytes:
        name, tag, content = recorded
        if tag == ber.OBJECT_IDENTIFIER:
            return ber.encode_oid(self._name(ber.decode_oid(content)))
        if tag not in (ber.OCTET_STRING, ber.IP_ADDRESS):
            return content
        if tag == ber.OCTET_STRING and _below(name, self._masked_columns):
            return self._masks.name(content)
        for secret in self._secrets:
            content = content.replace(secret, b"*" * len(secret))
        if content in self._masks.known:
            return self._masks.known[content]
        return self._masks.text(self._masks.names(content)) if _printable(content) else self._inside(content)

    def _inside(self, content: bytes) -> bytes:
        """Return octets in which a MAC address that is known, as in a bridge's identifier, is replaced."""
        for at in range(len(content) - 5):
            if (mask := self._masks.known.get(content[at : at + 6])) is not None:
                return content[:at] + mask + content[at + 6 :]
        return content


def _inet_addresses(name: Oid) -> Iterable[tuple[int, int]]:
    """Yield the places of addresses that stand in an instance behind their type and size (RFC 4001)."""
    for at in range(_INSTANCE_AFTER, len(name) - 5):
        size = _ADDRESS_SIZES.get(name[at])
        if size is not None and name[at + 1] == size and at + 2 + size <= len(name):
            stop = at + 2 + (16 if size == 20 else 4 if size == 8 else size)
            if max(name[at + 2 : stop]) < 256:
                yield at + 2, stop


def _below(name: Oid, subtrees: Sequence[Oid]) -> bool:
    """Tell whether a name lies in one of these subtrees, which are sorted and do not overlap."""
    at = bisect_right(subtrees, name)
    return at > 0 and name[: len(subtrees[at - 1])] == subtrees[at - 1]


def _printable(content: bytes) -> bool:
    return all(0x20 <= octet < 0x7F or octet in b"\t\r\n" for octet in content.rstrip(b"\0"))
