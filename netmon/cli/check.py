"""`netmon check`: read the configuration as the daemon would, and say everything that is wrong with it."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from netmon.config import Configuration, Loaded, Options, default_path, load
from netmon.config.extras import extras
from netmon.errors import ConfigError, Mistake
from netmon.sdk import Command

EXIT_CONFIG = 78


class CheckCommand(Command):
    """Print every mistake (exit 78), or how much the configuration watches (exit 0)."""

    summary = "validate the configuration: every mistake at once"

    def __init__(self, environ: Mapping[str, str] = os.environ, options: Options | None = None) -> None:
        self._environ = environ
        self._options = options or Options()

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what only this command has."""
        parser.add_argument(
            "--no-secrets",
            action="store_true",
            help="leave secrets and certificates alone, to check a file on another machine",
        )

    def run(self, options: Namespace) -> int:
        """Load the configuration and tell; sends nothing to anybody."""
        how = Options(not options.no_secrets, self._options.unsupported, self._options.catalogue)
        try:
            loaded = load(default_path(options.config), self._environ, how)
        except ConfigError as error:
            _tell_mistakes(error.mistakes, as_json=options.json)
            return EXIT_CONFIG
        _tell_ok(loaded, as_json=options.json)
        return 0


def _tell_mistakes(mistakes: tuple[Mistake, ...], *, as_json: bool) -> None:
    if as_json:
        _print_json({"ok": False, "mistakes": [asdict(mistake) for mistake in mistakes], "warnings": []})
        return
    for mistake in mistakes:
        sys.stdout.write(f"{mistake}\n")
    sys.stdout.write(f"{_count(len(mistakes), 'mistake')}\n")


def _tell_ok(loaded: Loaded, *, as_json: bool) -> None:
    if as_json:
        warnings = [asdict(warning) for warning in loaded.warnings]
        files = [str(file) for file in loaded.files]
        sizes = dict(_sizes(loaded.configuration))
        needs = sorted({extra.name for extra in extras(loaded.configuration)})
        ok = {"ok": True, "mistakes": [], "warnings": warnings, "files": files, "counts": sizes}
        _print_json({**ok, "extras": needs})
        return
    for warning in loaded.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    for extra in extras(loaded.configuration):
        if not extra.installed:
            sys.stderr.write(f"warning: {extra.wanted_by} needs {extra.package}: {extra.remedy}\n")
    counts = ", ".join(_count(number, word) for word, number in _sizes(loaded.configuration))
    where = "" if loaded.files else " (no configuration: what this machine suggests)"
    sys.stdout.write(f"ok: {counts}{where}\n")


def _sizes(configuration: Configuration) -> Iterable[tuple[str, int]]:
    yield "site", 1
    if configuration.circuits:
        yield "circuit", len(configuration.circuits)
    yield "device", len(configuration.devices)
    yield "probe", len(configuration.probes)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _print_json(document: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
