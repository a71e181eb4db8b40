"""`netmon influx`: how delivery goes, making the database or bucket, and comparing it with the store."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from netmon.app.sink_settings import sink_settings
from netmon.cli.audit import Audit
from netmon.cli.period import add_period, period
from netmon.clock import Clock, SystemClock
from netmon.config import default_path, load
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.influx_setup import create, inspect
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.errors import DeliveryError, StoreError, UsageError
from netmon.sdk import Command
from netmon.store.folder import state_directory
from netmon.store.reader import open_reader
from netmon.units import duration_seconds


class InfluxCommand(Command):
    """Look at the configured InfluxDB, or prepare it; works beside the daemon."""

    summary = "set up InfluxDB, see how delivery goes, audit what arrived"

    def __init__(self, environ: Mapping[str, str] = os.environ, clock: Clock | None = None) -> None:
        self._environ = environ
        self._clock = clock or SystemClock()

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do."""
        parser.add_argument(
            "action",
            choices=("status", "setup", "audit"),
            help="server and lag; make the database or bucket; or compare it with the store and mend it",
        )
        parser.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")
        parser.add_argument(
            "--keep", metavar="TIME", default="", help='setup: how long the server keeps data, such as "400d"'
        )

        parser.add_argument(
            "--output", choices=("influxdb", "remote_write"), default="influxdb", help="audit: which receiver"
        )
        add_period(parser, default="-1d")
        parser.add_argument("--dry-run", action="store_true", help="audit: compare only, send nothing")

    def run(self, options: Namespace) -> int:
        """Do it; exit code 1 when the server does not answer, has no place for the data, or lacks some."""
        configuration = load(default_path(options.config), self._environ).configuration
        settings = sink_settings(configuration).get(options.output)
        if options.action == "audit" and isinstance(settings, InfluxSettings | RemoteWriteSettings):
            return self._audit(options, settings)
        if not isinstance(settings, InfluxSettings):
            raise UsageError(f"the configuration has no [output.{options.output}] for this")
        if options.action == "setup":
            keep_seconds = _keep_seconds(options.keep)
            _tell({"done": asyncio.run(_setup(settings, keep_seconds))}, as_json=options.json)
            return 0
        found = asyncio.run(_server(settings)) | self._lag(
            settings, options.state or state_directory(self._environ)
        )
        _tell(found, as_json=options.json)
        return 0 if found["reachable"] and found["exists"] is not False else 1

    def _audit(self, options: Namespace, settings: InfluxSettings | RemoteWriteSettings) -> int:
        wanted = period(options, self._clock.wall_ns() // 1_000_000)
        folder = options.state or state_directory(self._environ)
        found = Audit(folder, settings, wanted, self._clock, dry=options.dry_run).run()
        _tell({**asdict(found), "whole": found.whole}, as_json=options.json)
        return 0 if found.whole else 1

    def _lag(self, settings: InfluxSettings, folder: Path) -> dict[str, object]:
        """Return how far the cursor in the store is behind; the daemon's memory is a few seconds ahead."""
        try:
            with closing(open_reader(folder)) as reader:
                cursor, newest = reader.cursor(settings.cursor), reader.stats().newest
                waiting = reader.after(cursor, 1)
        except StoreError as error:
            return {"store": str(error)}
        lag = self._clock.wall_ns() / 1e9 - waiting[0].record.stamp.wall_ms / 1e3 if waiting else 0.0
        return {"queued_records": max(0, newest - cursor), "lag_seconds": round(max(0.0, lag), 1)}


async def _server(settings: InfluxSettings) -> dict[str, object]:
    found: dict[str, object] = {"url": settings.url, "destination": settings.destination}
    async with InfluxSession(settings) as session:
        try:
            state = await inspect(session, settings)
        except DeliveryError as error:
            return found | {"reachable": False, "exists": None, "problem": str(error)}
    return found | {
        "reachable": True, "version": state.version, "dialect": state.dialect.value, "exists": state.exists,
    }  # fmt: skip


async def _setup(settings: InfluxSettings, keep_seconds: int) -> str:
    async with InfluxSession(settings) as session:
        return await create(session, settings, keep_seconds)


def _keep_seconds(text: str) -> int:
    try:
        return int(duration_seconds(text)) if text else 0
    except ValueError as error:
        raise UsageError(f"--keep: {error}") from error


def _tell(found: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    words = {True: "yes", False: "no", None: "unknown"}
    for name, value in found.items():
        shown = words[value] if value is None or isinstance(value, bool) else value
        sys.stdout.write(f"{name.replace('_', ' ')}: {shown}\n")
