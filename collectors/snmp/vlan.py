"""The VLANs of a device: Q-BRIDGE-MIB (RFC 4363), its 802.1Q successor, and CISCO-VTP-MIB."""

from __future__ import annotations

from typing import Final

from collectors.snmp.answers import Table
from collectors.snmp.syntax import OCTETS, WHOLE, MibObject, column
from netmon import sdk

_STATIC: Final = column("dot1qVlanStaticName", "1.3.6.1.2.1.17.7.1.4.3.1.1", OCTETS)
_CURRENT: Final = column("dot1qVlanStatus", "1.3.6.1.2.1.17.7.1.4.2.1.6", WHOLE)
"""Its index: TimeMark and the VLAN."""
_IEEE: Final = column("ieee8021QBridgeVlanStaticName", "1.3.111.2.802.1.1.4.1.4.3.1.3", OCTETS)
"""Its index: the bridge's component and the VLAN."""
_VTP_TYPE: Final = column("vtpVlanType", "1.3.6.1.4.1.9.9.46.1.3.1.1.3", WHOLE)
_VTP_NAME: Final = column("vtpVlanName", "1.3.6.1.4.1.9.9.46.1.3.1.1.4", OCTETS)
"""Its index: the management domain and the VLAN."""

VLAN_TABLES: Final[tuple[tuple[MibObject[object], ...], ...]] = (
    (_STATIC,),
    (_IEEE,),
    (_VTP_TYPE, _VTP_NAME),
    (_CURRENT,),
)

_IDS: Final = range(1, 4095)
_ETHERNET: Final = 1
"""VlanType of VTP; the others (1002 to 1005) are of token ring and FDDI."""


def vlan_names(table: Table) -> dict[int, str]:
    """Return the VLANs of one of VLAN_TABLES by number; empty where one has no name."""
    wanted = next((each for each in (_STATIC, _IEEE, _VTP_NAME) if each.name in table.columns), None)
    types = table[_VTP_TYPE] if _VTP_TYPE.name in table.columns else [_ETHERNET] * len(table.index)
    names = [None] * len(table.index) if wanted is None else table[wanted]
    rows = zip(table.index, types, names, strict=True)
    return {
        index[-1]: sdk.clean(name or b"")
        for index, kind, name in rows
        if len(index) in (1, 2) and index[-1] in _IDS and kind in (_ETHERNET, None)
    }
