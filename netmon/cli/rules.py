"""`netmon rules test FILE`: what these rules would have told over stored days, beside what was told."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from netmon.app.incident_settings import policy, rules, scope, single_windows, working_hours
from netmon.app.watch import watch
from netmon.cli.period import Period, add_period, period
from netmon.clock import Clock, SystemClock
from netmon.config import Configuration, Options, assignments, default_path, load
from netmon.incidents.notice import Notice, notice_of
from netmon.incidents.planned import Planned, from_text, state_key
from netmon.incidents.record import KIND
from netmon.incidents.rehearsal import rehearse
from netmon.incidents.settings import EngineSettings
from netmon.model import Event
from netmon.sdk import Command
from netmon.store.folder import state_directory
from netmon.store.reader import SqliteReader, open_reader
from netmon.units import iso_8601


class RulesCommand(Command):
    """Play stored days again with the rules of a file; sends nothing to anybody."""

    summary = "what rules would have told over stored days"

    def __init__(self, clock: Clock | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._clock = clock or SystemClock()
        self._environ = environ

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare the file, the period and where the history is."""
        parser.add_argument("action", choices=("test",), help="play stored days again")
        parser.add_argument(
            "file",
            metavar="FILE",
            nargs="?",
            type=Path,
            help="configuration with the rules (default: --config)",
        )
        add_period(parser, default="-1d")
        parser.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")

    def run(self, options: Namespace) -> int:
        """Play and tell. Calendars count as the daemon read them last before an entry was a day old."""
        path = options.file or default_path(options.config)
        found = load(path, self._environ, Options(secrets=False, unsupported=True)).configuration
        wanted = period(options, self._clock.wall_ns() // 1_000_000)
        with closing(open_reader(options.state or state_directory())) as reader:
            would = _told(
                rehearse(reader, _settings(found, reader), rules(found), *_stretch(reader, found, wanted))
            )
            was = _told(reader.events(wanted.start_ms, wanted.end_ms, KIND))
        if options.json:
            data = {"would": [_plain(one) for one in would], "was": [_plain(one) for one in was]}
            sys.stdout.write(json.dumps(data, indent=2) + "\n")
        else:
            sys.stdout.writelines(line + "\n" for line in _lines(would, was))
        return 0


def _settings(configuration: Configuration, reader: SqliteReader) -> EngineSettings:
    circuits = [circuit.id for circuit in configuration.circuits]
    calendars = [one.name for one in configuration.maintenance if one.calendar is not None]
    read = [window for name in calendars for window in from_text(reader.read_state(state_key(name)))]
    planned = Planned([*single_windows(configuration), *read], circuits)
    return EngineSettings(
        scope(configuration, watch(configuration, assignments(configuration))),
        policy(configuration.incidents),
        working_hours(configuration.site),
        planned.reason,
    )


def _stretch(reader: SqliteReader, configuration: Configuration, wanted: Period) -> tuple[int, int, set[str]]:
    """Return the period, and the measurements in which the rules' metrics are."""
    names = {rule.metric for rule in configuration.rules}
    measurements = {
        shape.measurement
        for shape in reader.shapes()
        if any(metric.name in names for metric in shape.metrics)
    }
    return wanted.start_ms, wanted.end_ms, measurements


def _told(events: Sequence[Event] | Iterator[Event]) -> list[tuple[int, Notice]]:
    notices = ((event.stamp.wall_ms, notice_of(event)) for event in events)
    return [(wall_ms, notice) for wall_ms, notice in notices if notice is not None]


def _plain(told: tuple[int, Notice]) -> dict[str, object]:
    wall_ms, notice = told
    return {
        "time": iso_8601(wall_ms),
        "severity": str(notice.severity),
        "step": str(notice.step),
        "incident": notice.incident.id,
        "labels": dict(notice.labels),
        "text": notice.text,
    }


def _lines(would: Sequence[tuple[int, Notice]], was: Sequence[tuple[int, Notice]]) -> Iterator[str]:
    told = {(notice.id, notice.step) for _, notice in was}
    for wall_ms, notice in would:
        mark = "=" if (notice.id, notice.step) in told else "+"
        yield f"{mark} {iso_8601(wall_ms)} {notice.severity:<6} {notice.step:<9} {notice.text}"
    again = {(notice.id, notice.step) for _, notice in would}
    gone = [(wall_ms, notice) for wall_ms, notice in was if (notice.id, notice.step) not in again]
    for wall_ms, notice in gone:
        yield f"- {iso_8601(wall_ms)} {notice.severity:<6} {notice.step:<9} {notice.text}"
    same = len(would) - sum((notice.id, notice.step) not in told for _, notice in would)
    yield f"{len(would)} would have been told, {len(was)} were: {same} the same, {len(gone)} not any more"
