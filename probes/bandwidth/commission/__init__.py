"""Commissioning: what the instrument can carry, where it stands, and what the line's token bucket is."""
