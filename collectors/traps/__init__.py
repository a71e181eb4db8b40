"""The receiver of SNMP notifications: traps and informs of versions 1, 2c and 3, as events."""
