"""`netmon incident`: list and show incidents; write down tickets, exclusions and who took them on."""

from __future__ import annotations

import getpass
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

from netmon.cli.period import add_period, moment_ms, period
from netmon.clock import Clock, SystemClock
from netmon.errors import StoreError, UsageError
from netmon.incidents.chronology import Told, chronology
from netmon.incidents.inbox import Inbox
from netmon.incidents.record import KIND, RECORD, to_json
from netmon.incidents.words import spoken
from netmon.model import Json
from netmon.sdk import Command
from netmon.store.folder import state_directory
from netmon.store.reader import open_reader
from netmon.units import iso_8601

_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_WRITES = ("ticket", "exclude", "ack")
CAUSES = ("planned", "customer", "force_majeure")
"""Causes that a contract may exclude; one without a cause is kept, and counts in no contract."""


class IncidentCommand(Command):
    """Works beside the daemon: what is written goes by way of its inbox."""

    summary = "incidents; tickets, exclusions, who took them on"

    def __init__(self, clock: Clock | None = None, wait: Callable[[float], None] = time.sleep) -> None:
        self._clock, self._wait = clock or SystemClock(), wait

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do, with which incident, and what is written."""
        parser.add_argument("action", choices=("list", "show", *_WRITES), help="what to do")
        parser.add_argument("id", nargs="?", default="", metavar="ID", help="the incident's id")
        parser.add_argument(
            "words", nargs="*", metavar="TEXT", help="ticket: its number; exclude: the reason"
        )
        add_period(parser, default="-30d")
        parser.add_argument("--open", action="store_true", help="list: only those that go on")
        parser.add_argument("--opened", metavar="T", default="", help="ticket: when the supplier opened it")
        parser.add_argument("--cleared", metavar="T", default="", help="ticket: when the supplier cleared it")
        parser.add_argument("--minutes", type=int, default=0, help="exclude: how many, if not all of it")
        parser.add_argument("--cause", choices=CAUSES, help="exclude: which cause that contracts know it is")
        parser.add_argument(
            "--announced", metavar="T", default="", help="exclude: when planned works were announced"
        )
        parser.add_argument("--agreed-by", metavar="NAME", default="", help="exclude: who agreed to it")
        parser.add_argument("--by", metavar="NAME", default="", help="who writes this (default: you)")
        parser.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")

    def run(self, options: Namespace) -> int:
        """Tell, or write; exit code 1 when there is no such incident."""
        folder = options.state or state_directory()
        wanted = period(options, self._clock.wall_ns() // 1_000_000)
        with closing(open_reader(folder)) as reader:
            events = (reader.events(wanted.start_ms, wanted.end_ms, kind) for kind in (KIND, RECORD))
            found = chronology(chain.from_iterable(events))
        if options.action == "list":
            _list([one for one in found if one.incident.open or not options.open], as_json=options.json)
            return 0
        told = next((one for one in found if one.incident.id == options.id.upper()), None)
        if told is None:
            words = (
                f"no incident {options.id!r} in this time" if options.id else "which incident? give its ID"
            )
            sys.stderr.write(f"netmon: {words}; see `netmon incident list`\n")
            return 1
        if options.action == "show":
            _show(told, as_json=options.json)
            return 0
        return self._write(folder, told, options)

    def _write(self, folder: Path, told: Told, options: Namespace) -> int:
        data, text = self._record(options)
        key = (("site", told.incident.thing.site), ("incident", told.incident.id))
        try:
            file = Inbox(folder).post(RECORD, key, text, data)
        except OSError as error:
            raise StoreError(f"{folder} cannot be written by this user: {error.strerror}") from error
        for _ in range(round(_WAIT_SECONDS / _LOOK_SECONDS)):
            if not file.exists():
                sys.stdout.write(f"recorded: {text}\n")
                return 0
            self._wait(_LOOK_SECONDS)
        sys.stdout.write(f"left for the daemon, which takes it when it runs: {text}\n")
        return 0

    def _record(self, options: Namespace) -> tuple[dict[str, Json], str]:
        """Return what is written, as data and as a line."""
        words, by = " ".join(options.words), options.by or getpass.getuser()
        data: dict[str, Json] = {"action": options.action, "by": by}
        if options.action == "ack":
            return data, f"{by} has taken it on"
        if not words:
            raise UsageError("ticket: give its number" if options.action == "ticket" else "exclude: say why")
        if options.action == "exclude":
            if not options.agreed_by:
                raise UsageError("exclude: say who agreed to it, with --agreed-by")
            data |= {"reason": words, "agreed_by": options.agreed_by, "minutes": options.minutes or None}
            data |= {"cause": options.cause, **self._moments(options, "announced")}
            share = f"{options.minutes} min" if options.minutes else "all of it"
            cause = f" ({options.cause})" if options.cause else ""
            return data, f"{share} excluded{cause}: {words}; agreed by {options.agreed_by}"
        moments = self._moments(options, "opened", "cleared")
        data |= {"ticket": words, **moments}
        rest = "".join(f", {name} {moment}" for name, moment in moments.items())
        return data, f"ticket {words}{rest}"

    def _moments(self, options: Namespace, *names: str) -> dict[str, str]:
        """Return the moments among options that were given."""
        now_ms = self._clock.wall_ns() // 1_000_000
        given = {name: str(getattr(options, name)) for name in names}
        return {name: iso_8601(moment_ms(text, now_ms)) for name, text in given.items() if text}


def _list(found: Sequence[Told], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps([to_json(one.incident) for one in found], indent=2) + "\n")
        return
    for told in found:
        one = told.incident
        state = "open  " if one.open else "closed"
        quiet = f" [{one.quiet}]" if one.quiet else ""
        where = f"{one.thing.site} {one.thing.name}".strip()
        sys.stdout.write(
            f"{one.id} {state} {iso_8601(one.started.wall_ms)} {spoken(one.duration_seconds):>10}"
            f" {one.severity:<6} {one.fault:<9} {where}: {one.sentence}{quiet}\n"
        )
    sys.stdout.write(f"{len(found)} incidents\n")


def _show(told: Told, *, as_json: bool) -> None:
    one = told.incident
    if as_json:
        events = [
            {
                "time": iso_8601(event.stamp.wall_ms),
                "kind": event.kind,
                "text": event.text,
                "data": dict(event.data),
            }
            for event in told.events
        ]
        sys.stdout.write(json.dumps({**to_json(one), "events": events}, indent=2) + "\n")
        return
    ended = "goes on" if one.ended is None else iso_8601(one.ended.wall_ms)
    lines = [
        f"{one.id}  {one.thing.key}",
        f"from {iso_8601(one.started.wall_ms)} to {ended}, {spoken(one.duration_seconds)}",
        f"{one.severity}, {one.worst.name.lower()}: {one.sentence}",
        f"cause: {one.fault}, {one.certainty}",
        *(f"  because {fact}" for fact in one.facts),
        *(f"  not known: {words}" for words in one.missing),
        *(
            f"{iso_8601(event.stamp.wall_ms)}  {event.data.get('step', 'written')}: {event.text}"
            for event in told.events
        ),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
