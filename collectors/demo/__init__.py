"""A simulated site on loopback: a router and a switch that speak SNMP, and a line with good and bad hours."""
