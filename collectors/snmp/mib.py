"""Objects that netmon reads, as data: SNMPv2-MIB, SNMP-FRAMEWORK-MIB and IF-MIB (with interface_fields)."""

from __future__ import annotations

from typing import Final

from collectors.snmp.syntax import OBJECT, OCTETS, TICKS, WHOLE, column, scalar

# SNMPv2-MIB (RFC 3418)
SYS_DESCR: Final = scalar("sysDescr", "1.3.6.1.2.1.1.1", OCTETS)
SYS_OBJECT_ID: Final = scalar("sysObjectID", "1.3.6.1.2.1.1.2", OBJECT)
SYS_UP_TIME: Final = scalar("sysUpTime", "1.3.6.1.2.1.1.3", TICKS)
SYS_CONTACT: Final = scalar("sysContact", "1.3.6.1.2.1.1.4", OCTETS)
SYS_NAME: Final = scalar("sysName", "1.3.6.1.2.1.1.5", OCTETS)
SYS_LOCATION: Final = scalar("sysLocation", "1.3.6.1.2.1.1.6", OCTETS)

# SNMP-FRAMEWORK-MIB (RFC 3411): seconds since the engine last started, and how often it has
ENGINE_BOOTS: Final = scalar("snmpEngineBoots", "1.3.6.1.6.3.10.2.1.2", WHOLE)
ENGINE_TIME: Final = scalar("snmpEngineTime", "1.3.6.1.6.3.10.2.1.3", WHOLE)

# IF-MIB (RFC 2863): what describes an interface; its counters are in interface_fields
IF_TABLE: Final = "1.3.6.1.2.1.2.2.1"
IF_X_TABLE: Final = "1.3.6.1.2.1.31.1.1.1"
IF_NUMBER: Final = scalar("ifNumber", "1.3.6.1.2.1.2.1", WHOLE)
IF_TABLE_LAST_CHANGE: Final = scalar("ifTableLastChange", "1.3.6.1.2.1.31.1.5", TICKS)
IF_DESCR: Final = column("ifDescr", f"{IF_TABLE}.2", OCTETS)
IF_TYPE: Final = column("ifType", f"{IF_TABLE}.3", WHOLE)
IF_PHYS_ADDRESS: Final = column("ifPhysAddress", f"{IF_TABLE}.6", OCTETS)
IF_NAME: Final = column("ifName", f"{IF_X_TABLE}.1", OCTETS)
IF_ALIAS: Final = column("ifAlias", f"{IF_X_TABLE}.18", OCTETS)
