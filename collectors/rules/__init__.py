"""Vendor knowledge as data: which objects of a device mean what."""
