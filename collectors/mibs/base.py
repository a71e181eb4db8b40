"""The names that MIB files build upon, so that a vendor's file alone can be compiled.

Only what others import: places of the tree (RFC 2578, RFC 1155) and textual conventions by the type
that they refine (RFC 2579 and the MIB modules named).
"""

from __future__ import annotations

from typing import Final

_TREE: Final = (
    "org iso 3", "dod org 6", "internet dod 1", "directory internet 1", "mgmt internet 2", "mib-2 mgmt 1",
    "transmission mib-2 10", "experimental internet 3", "private internet 4", "enterprises private 1",
    "security internet 5", "snmpV2 internet 6", "snmpDomains snmpV2 1", "snmpProxys snmpV2 2",
    "snmpModules snmpV2 3",
)  # fmt: skip
_NUMBER, _OCTETS = "INTEGER", "OCTET STRING"
_INTERFACES: Final = ("interfaces mib-2 2", "ifTable interfaces 2", "ifEntry ifTable 1", "ifIndex ifEntry 1")
_ENTITY: Final = (
    "entityMIB mib-2 47", "entityMIBObjects entityMIB 1", "entityPhysical entityMIBObjects 1",
    "entPhysicalTable entityPhysical 1", "entPhysicalEntry entPhysicalTable 1",
    "entPhysicalIndex entPhysicalEntry 1",
)  # fmt: skip
_NODES: Final[dict[str, tuple[str, ...]]] = {
    "SNMPv2-SMI": _TREE,
    "RFC1155-SMI": _TREE[:10],
    "RFC1065-SMI": _TREE[:10],
    "RFC1213-MIB": ("system mib-2 1", *_INTERFACES),
    "SNMPv2-MIB": ("system mib-2 1", "sysName system 5"),
    "IF-MIB": (*_INTERFACES, "ifDescr ifEntry 2"),
    "ENTITY-MIB": _ENTITY,
}
_OF_SYNTAX: Final[dict[str, dict[str, str]]] = {
    "SNMPv2-TC": {
        _OCTETS: "DisplayString PhysAddress MacAddress DateAndTime TAddress",
        _NUMBER: "TruthValue RowStatus StorageType TestAndIncr TimeStamp TimeInterval",
        "OBJECT IDENTIFIER": "AutonomousType VariablePointer RowPointer InstancePointer TDomain",
    },
    "RFC1213-MIB": {_OCTETS: "DisplayString PhysAddress"},
    "SNMP-FRAMEWORK-MIB": {_OCTETS: "SnmpAdminString SnmpEngineID"},
    "INET-ADDRESS-MIB": {
        _OCTETS: "InetAddress InetAddressIPv4 InetAddressIPv6",
        _NUMBER: "InetAddressType InetAddressPrefixLength InetPortNumber",
    },
    "IF-MIB": {_NUMBER: "InterfaceIndex InterfaceIndexOrZero", _OCTETS: "OwnerString"},
    "ENTITY-MIB": {_NUMBER: "PhysicalIndex PhysicalClass"},
    "IANAifType-MIB": {_NUMBER: "IANAifType"},
    "HCNUM-TC": {"Counter64": "CounterBasedGauge64 ZeroBasedCounter64"},
    "RMON-MIB": {_OCTETS: "OwnerString", _NUMBER: "EntryStatus"},
    "BRIDGE-MIB": {_OCTETS: "BridgeId"},
    "Q-BRIDGE-MIB": {_OCTETS: "PortList", _NUMBER: "VlanId VlanIndex"},
    "P-BRIDGE-MIB": {_NUMBER: "EnabledStatus"},
}
"""Textual conventions of a module, by the type that they refine."""
_EMPTY: Final = frozenset({"SNMPv2-CONF", "RFC-1212", "RFC-1215"})
"""Modules that only have macros, which the compiler knows."""


def module(name: str) -> str | None:
    """Return a base module as text; None for one that is not known here."""
    if name not in _NODES and name not in _OF_SYNTAX and name not in _EMPTY:
        return None
    lines = [f"{name} DEFINITIONS ::= BEGIN", *_imports(name)]
    for node in _NODES.get(name, ()):
        new, parent, number = node.split()
        lines.append(f"{new} OBJECT IDENTIFIER ::= {{ {parent} {number} }}")
    for syntax, kinds in _OF_SYNTAX.get(name, {}).items():
        for kind in kinds.split():
            words = f'STATUS current DESCRIPTION "{kind}" SYNTAX {syntax}'
            lines.append(f"{kind} ::= TEXTUAL-CONVENTION {words}")
    return "\n".join([*lines, "END", ""])


def _imports(name: str) -> list[str]:
    if name in ("SNMPv2-SMI", "RFC1155-SMI", "RFC1065-SMI", *_EMPTY):
        return []
    names = "mgmt, mib-2, snmpModules, Counter64" if name in _NODES else "Counter64"
    return [f"IMPORTS {names} FROM SNMPv2-SMI TEXTUAL-CONVENTION FROM SNMPv2-TC;"]
