"""Files that the centre keeps: contracts, sites, upgrades, exclusions, tickets, claims, closed days."""
