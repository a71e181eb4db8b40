"""The configuration: read, checked as a whole, frozen, and turned into a plan."""

from netmon.config.defaults import discover
from netmon.config.load import Loaded, Options, default_path, load
from netmon.config.plan import Planned, assignments, circuits
from netmon.config.schema import Configuration

__all__ = [
    "Configuration",
    "Loaded",
    "Options",
    "Planned",
    "assignments",
    "circuits",
    "default_path",
    "discover",
    "load",
]
