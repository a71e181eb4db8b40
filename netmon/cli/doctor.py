"""`netmon doctor`: is this appliance fit, and what to do if it is not."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from netmon.cli import doctor_channels, doctor_host, doctor_sinks, doctor_site
from netmon.cli.doctor_finding import Finding, Level, fail, ok, warn
from netmon.config.load import Loaded, default_path, load
from netmon.errors import ConfigError
from netmon.sdk import Command
from netmon.store.folder import SERVICE_STATE, state_directory

_MACHINE = Path("/")
_SERVICE_SECRETS = "etc/netmon/secrets"
_MARKS = {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"}


class DoctorCommand(Command):
    """Examine this machine and, with a configuration, everything that it names."""

    summary = "is this appliance fit, and what to do if not"

    def __init__(self, environ: Mapping[str, str] = os.environ, root: Path = _MACHINE) -> None:
        self._environ, self._root = environ, root

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what only this command has."""
        parser.add_argument("--offline", action="store_true", help="ask no device and no server")

    def run(self, options: Namespace) -> int:
        """Print every finding; 1 when one of them is a failure."""
        findings = asyncio.run(self.examine(options.config, offline=options.offline))
        text = _as_json(findings) if options.json else _as_text(findings)
        sys.stdout.write(text + "\n")
        return int(any(finding.level is Level.FAIL for finding in findings))

    async def examine(self, given: Path | None, *, offline: bool) -> Sequence[Finding]:
        """Return all findings: the machine first, then what the configuration names."""
        folder = self._folder()
        found = [
            *doctor_host.interpreter(),
            *doctor_host.ping_sockets(),
            *doctor_host.state_folder(folder),
            *doctor_host.routes(self._root),
        ]
        try:
            loaded = load(default_path(given), self._with_credentials())
        except ConfigError as error:
            return [*found, *_mistakes(error)]
        found.extend(_loaded(loaded))
        configuration = loaded.configuration
        found.extend(doctor_channels.missing(configuration))
        latest = await doctor_site.read_once(configuration, doctor_host.existing(folder), devices=not offline)
        found.extend(doctor_host.own_numbers(latest))
        found.extend(doctor_host.network_cards(latest, configuration.circuits))
        if not offline:
            found.extend(doctor_site.devices(latest, configuration))
            found.extend(doctor_site.wan_ports(latest, configuration))
            found.extend(await doctor_sinks.sinks(configuration))
            found.extend(await doctor_channels.channels(configuration))
        return found

    def _folder(self) -> Path:
        """Return the state folder that is examined, the installed service's if there is one."""
        service = self._root / SERVICE_STATE.relative_to("/")
        given = "STATE_DIRECTORY" in self._environ
        return service if service.is_dir() and not given else state_directory(self._environ)

    def _with_credentials(self) -> Mapping[str, str]:
        """Return the environment with the folder that systemd hands credentials over from."""
        return {"CREDENTIALS_DIRECTORY": str(self._root / _SERVICE_SECRETS), **self._environ}


def _mistakes(error: ConfigError) -> Iterator[Finding]:
    for mistake in error.mistakes:
        where = f"{mistake.file}: {mistake.path}: {mistake.problem}"
        yield fail("configuration", where, mistake.hint or "correct it; netmon check tells when it is right")


def _loaded(loaded: Loaded) -> Iterator[Finding]:
    if not loaded.files:
        text = "there is none: netmon watches this machine's gateway, resolvers and interfaces"
        yield warn(
            "configuration", text, "write /etc/netmon/netmon.toml; netmon.example.toml shows every key"
        )
        return
    yield ok("configuration", f"{', '.join(map(str, loaded.files))}, secrets found")
    for warning in loaded.warnings:
        yield warn("configuration", f"{warning.path}: {warning.problem}", warning.hint)


def _as_json(findings: Sequence[Finding]) -> str:
    good = not any(finding.level is Level.FAIL for finding in findings)
    return json.dumps({"ok": good, "findings": [asdict(finding) for finding in findings]}, indent=2)


def _as_text(findings: Sequence[Finding]) -> str:
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{_MARKS[finding.level]}  {finding.subject:<{width}}  {finding.text}")
        if finding.remedy:
            lines.append(f"{'':<{width + 6}}  -> {finding.remedy}")
    failures = sum(finding.level is Level.FAIL for finding in findings)
    verdict = "this appliance is fit" if not failures else f"{failures} thing{'s' * (failures > 1)} to mend"
    return "\n".join([*lines, verdict])
