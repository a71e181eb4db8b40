"""Guess what a device is for, from what it told."""

from __future__ import annotations

from collectors.discovery.survey import Survey

_WLAN, _ETHERNET = 71, (6, 62, 69, 117)  # IANAifType
_MANY_PORTS = 8
_LAYER_2, _LAYER_3 = 0x02, 0x04  # SNMPv2-MIB sysServices: 2 ** (layer - 1)

ROUTER, FIREWALL, SWITCH = "router", "firewall", "switch"
AT_THE_EDGE = (ROUTER, FIREWALL)
"""Roles of devices that a line may be plugged into."""


def role(survey: Survey) -> str:
    """Return one of the configuration's roles: `other` when nothing tells."""
    if survey.role_of_system:
        return survey.role_of_system
    ethernet = sum(port.type in _ETHERNET for port in survey.ports)
    bridges = bool(survey.bridge_ports) or bool((survey.services or 0) & _LAYER_2)
    radios = any(port.type == _WLAN for port in survey.ports)
    tests = (
        ("ups", "UPS-MIB" in survey.standards),
        ("printer", "Printer-MIB" in survey.standards),
        ("access_point", radios and ethernet < _MANY_PORTS),
        (SWITCH, bridges and ethernet >= _MANY_PORTS),
        (ROUTER, bool(survey.forwards) or bool((survey.services or 0) & _LAYER_3 and not bridges)),
        (SWITCH, bridges or ethernet >= _MANY_PORTS),
        ("server", "HOST-RESOURCES-MIB" in survey.standards),
    )
    return next((name for name, holds in tests if holds), "other")
