"""The extras of the package that a configuration cannot do without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from netmon.config.schema import Configuration

REMEDY = (
    "`sudo make install` again: it installs what the configuration needs; "
    "in an environment of your own: pip install '{package}'"
)
_OF_TYPES = {"govuk_notify": ("govuk", "notifications_python_client"), "apprise": ("apprise", "apprise")}


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra, who needs it, and the module that shows whether it is there."""

    name: str
    wanted_by: str
    module: str

    @property
    def package(self) -> str:
        """What pip knows it by."""
        return f"netmon-edge[{self.name}]"

    @property
    def remedy(self) -> str:
        """How to get it."""
        return REMEDY.format(package=self.package)

    @property
    def installed(self) -> bool:
        """Tell whether it can be imported; nothing is."""
        return find_spec(self.module) is not None


def extras(configuration: Configuration) -> Iterator[Extra]:
    """Yield what each channel and each calendar of a configuration needs beyond the package itself."""
    for name, section in configuration.notify.items():
        if section.type in _OF_TYPES:
            extra, module = _OF_TYPES[section.type]
            yield Extra(extra, f"notify.{name}", module)
    for window in configuration.maintenance:
        if window.calendar is not None:
            yield Extra("calendar", f"maintenance {window.name}", "icalendar")
