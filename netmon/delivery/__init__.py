"""Sends the history to other systems: each sink is a cursor over the store."""
