"""What is published about a local network."""

from __future__ import annotations

from netmon import sdk

NEIGHBOURS_4 = sdk.integer("netmon_lan_neighbours", "Hosts of the link that answered.", version="4")
NEIGHBOURS_6 = sdk.integer("netmon_lan_neighbours", "Hosts of the link that answered.", version="6")
CONFLICTS = sdk.integer("netmon_lan_address_conflicts", "IPv4 addresses that more than one host answers for.")
LINK_NEIGHBOURS = sdk.integer(
    "netmon_lan_link_neighbours", "Switches and other devices that are heard by LLDP or CDP."
)
DHCP_SECONDS = sdk.gauge(
    "netmon_lan_dhcp_offer_seconds", "Time to the first offer of an address; absent when none came."
)
DHCP_SERVERS = sdk.integer("netmon_lan_dhcp_servers", "DHCP servers that offered an address.")
DHCP_UNEXPECTED = sdk.integer(
    "netmon_lan_dhcp_unexpected_servers",
    "DHCP servers that are not among those expected; where none are named, all but the first ever seen.",
)
LAN_METRICS = (
    NEIGHBOURS_4,
    NEIGHBOURS_6,
    CONFLICTS,
    LINK_NEIGHBOURS,
    DHCP_SECONDS,
    DHCP_SERVERS,
    DHCP_UNEXPECTED,
)
