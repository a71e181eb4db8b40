"""`netmon export`: readings, facts and events of a period, streamed to standard output."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TextIO

from netmon.cli.openmetrics import openmetrics
from netmon.cli.period import Period, add_period, period
from netmon.clock import Clock, SystemClock
from netmon.delivery.line import LineEncoder
from netmon.delivery.long_form import write_csv, write_json_lines
from netmon.model import Record
from netmon.sdk import Command
from netmon.store.folder import state_directory
from netmon.store.reader import SqliteReader, open_reader


class ExportCommand(Command):
    """Write what the history holds in a format that others read."""

    summary = "readings, facts and events from the store"

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare the period, the format and where the history is."""
        add_period(parser)
        parser.add_argument("--format", choices=("csv", "line", "openmetrics"), default="csv")
        parser.add_argument("--measurement", metavar="M", default="", help="only the readings of this one")
        parser.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")

    def run(self, options: Namespace) -> int:
        """Export; a damaged record is left out and makes the exit code 1."""
        wanted = period(options, self._clock.wall_ns() // 1_000_000)
        with closing(open_reader(options.state or state_directory())) as reader:
            _export(reader, wanted, options, sys.stdout)
            damaged = reader.damaged_total
        if damaged:
            sys.stderr.write(f"netmon: {damaged} damaged records were left out: see `netmon store verify`\n")
        return 1 if damaged else 0


def _export(reader: SqliteReader, wanted: Period, options: Namespace, file: TextIO) -> None:
    if not options.json and options.format == "openmetrics":
        file.writelines(line + "\n" for line in openmetrics(reader, wanted, options.measurement))
        return
    records = reader.records(wanted.start_ms, wanted.end_ms, options.measurement)
    if options.json:
        write_json_lines(records, file)
    elif options.format == "line":
        _write_lines(records, file)
    else:
        write_csv(records, reader.label_names(), file)


def _write_lines(records: Iterable[Record], file: TextIO) -> None:
    encoder = LineEncoder()
    for record in records:
        file.writelines(line.decode() + "\n" for line in encoder.encode(record))
