"""Collectors: passive sources; they read what devices and this host count themselves."""
