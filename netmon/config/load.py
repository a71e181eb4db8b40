"""Load the configuration: the one door for the daemon and its commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netmon.config.assemble import Surroundings, assemble
from netmon.config.check import check_section
from netmon.config.credential import CredentialSection
from netmon.config.defaults import discover
from netmon.config.document import join
from netmon.config.files import read_files
from netmon.config.plan import sdk_circuit, sdk_credential
from netmon.config.schema import Configuration
from netmon.config.secret import Scope
from netmon.config.sources import Catalogue, installed
from netmon.errors import ConfigError, Mistake
from netmon.sdk import Configured, Credential

SYSTEM_PATH = Path("/etc/netmon/netmon.toml")


@dataclass(frozen=True, slots=True)
class Options:
    """How strictly to load.

    `secrets` off leaves secrets and certificate files alone (they are then empty), to check a file on
    another machine. `unsupported` on takes sections that this version cannot bring to life.
    `catalogue`: None for the sources that are installed.
    """

    secrets: bool = True
    unsupported: bool = False
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without mistakes, and where it came from; no files and no digest when discovered."""

    configuration: Configuration
    warnings: tuple[Mistake, ...] = ()
    files: tuple[Path, ...] = ()
    digest: str = ""


def default_path(given: Path | None, system: Path = SYSTEM_PATH) -> Path | None:
    """Return the file to load: the one given, else the system's if there is one, else None (discover).

    ConfigError where this user may not even look whether there is one.
    """
    if given is not None:
        return given
    folder = system.parent
    if os.path.isdir(folder) and not os.access(folder, os.X_OK):  # noqa: PTH112 - Path's raises for such folders
        problem = "may not be read by this user"
        raise ConfigError((Mistake(str(system), "(file)", problem, "use sudo, or say --config FILE"),))
    return system if system.exists() else None


def load(path: Path | None, environ: Mapping[str, str], options: Options | None = None) -> Loaded:
    """Return the configuration of a file and its conf.d, or what this machine suggests for None.

    ConfigError carries every mistake of every file.
    """
    options = options or Options()
    catalogue = options.catalogue or installed()
    if path is None:
        return Loaded(discover(catalogue=catalogue))
    read = read_files(path)
    found = assemble(
        read.parsed, Surroundings(environ, catalogue, not options.secrets), complete=not read.mistakes
    )
    mistakes = (*read.mistakes, *found.mistakes, *(() if options.unsupported else found.unsupported))
    if mistakes or found.configuration is None:
        raise ConfigError(mistakes)
    return Loaded(found.configuration, found.warnings, read.paths, read.digest)


def credentials(path: Path | None, environ: Mapping[str, str]) -> dict[str, Credential]:
    """Return the credentials of a file by name; empty without a file.

    Nothing else of the file is checked. ConfigError for mistakes in its credentials.
    """
    if path is None:
        return {}
    read = read_files(path)
    mistakes = list(read.mistakes)
    found: dict[str, Credential] = {}
    for entry in join(read.parsed).entries:
        if entry.section == "credential":
            section, wrong = check_section(entry, Scope(entry.file, entry.path, environ))
            mistakes += wrong
            if isinstance(section, CredentialSection) and not wrong:
                found[entry.name] = sdk_credential(entry.name, section)
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return found


def configured(path: Path | None, environ: Mapping[str, str]) -> Configured:
    """Return what a file has of credentials, circuits and devices; nothing without a file."""
    if path is None:
        return Configured()
    found = load(path, environ, Options(unsupported=True)).configuration
    return Configured(
        {name: sdk_credential(name, section) for name, section in found.credentials.items()},
        tuple(map(sdk_circuit, found.circuits)),
        {device.address.host: device.name for device in found.devices},
        found.site.timezone,
    )
