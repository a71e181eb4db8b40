"""Commands of the command line that need a plugin's code (poll, probe, demo)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import ClassVar

from netmon.sdk.context import Context
from netmon.sdk.settings import Circuit, Credential

Standalone = Callable[[Callable[[str], None]], AbstractAsyncContextManager[Context]]
"""Gives a context for one run without a daemon; takes what the lines of its story go to."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What the configuration has, for a command that extends it; empty where there is none."""

    credentials: Mapping[str, Credential] = field(default_factory=dict)
    circuits: tuple[Circuit, ...] = ()
    devices: Mapping[str, str] = field(default_factory=dict)
    """Names of its devices by address, as it has them."""
    timezone: str = "UTC"
    """Name of the site's own time zone."""


class Command(ABC):
    """One word of the command line, found by the entry point group `netmon.commands`."""

    summary: ClassVar[str]
    """One line for `netmon --help`."""
    needs_configuration: ClassVar[bool] = False
    """True for a command that wants `options.configured`, a `Configured`."""

    @abstractmethod
    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments; `--config` and `--json` are there already."""

    @abstractmethod
    def run(self, options: Namespace) -> int:
        """Do it; return 0 for ok, 1 for a measurement that failed. NetmonError is shown to the person.

        Beside the arguments, `options.standalone` is a `Standalone`, and `options.credentials` are the
        configured ones by name, if `--credential` was given.
        """
