"""`netmon probe KIND TARGET`: one probe, all its fields."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from netmon import sdk

_SOURCES = "netmon.sources"
_PAUSE_SECONDS, _USUAL_SECONDS = 1.0, 5.0
_COMMON_KEY = ("site", "probe", "target", "circuit")


class ProbeCommand(sdk.Command):
    """Probe one target by hand, the way the daemon would."""

    summary = "one probe of one target, all its fields"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument("kind", metavar="KIND", help=f"one of {', '.join(sorted(probe_names()))}")
        parser.add_argument("target", metavar="TARGET", help="what the configuration calls a target")
        parser.add_argument(
            "--set",
            dest="settings",
            metavar="KEY=VALUE",
            action="append",
            default=[],
            help="a setting of the probe, as in the configuration (repeatable)",
        )
        parser.add_argument("--method", help="short for --set method=..., for probes that have several")
        parser.add_argument("--timeout", help="how long it may take (default: 5s, for bandwidth 60s)")
        parser.add_argument(
            "--count", type=int, default=1, help="how many times, a second apart (default: %(default)s)"
        )
        parser.add_argument("--trace", action="store_true", help="tell what happens, step by step")

    def run(self, options: Namespace) -> int:
        """Probe; return 1 unless every run gave the answer that was asked for."""
        if options.count < 1:
            raise sdk.UsageError("--count needs a number above zero")
        settings = [*options.settings, *([f"method={options.method}"] if options.method else [])]
        timeout_seconds = _seconds(options.timeout) if options.timeout else None
        probe = make_probe(options.kind, options.target, settings, timeout_seconds)
        return asyncio.run(_run(probe, options))


@dataclass(slots=True)
class Story:
    """What a probe tells about its run; shown at once with --trace, else its last line is kept."""

    show: bool
    last: str = field(default="", init=False)

    def __call__(self, line: str) -> None:
        """Take a line."""
        self.last = line
        if self.show:
            sys.stderr.write(f"{line}\n")


def probe_names() -> tuple[str, ...]:
    """Return the names of the sources that the package of probes provides."""
    return tuple(entry.name for entry in entry_points(group=_SOURCES) if entry.module.startswith("probes."))


def make_probe(
    kind: str, target: str, settings: Sequence[str], timeout_seconds: float | None
) -> sdk.Source[Any]:
    """Return the probe of that name with its settings; UsageError says what is wrong with them.

    Without a timeout it has what its kind usually takes.
    """
    found = next(iter(entry_points(group=_SOURCES, name=kind)), None)
    source: object = found.load() if found is not None else None
    if found is None or not (isinstance(source, type) and issubclass(source, _kinds(found))):
        near = get_close_matches(kind, probe_names(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise sdk.UsageError(
            f"no probe is called {kind!r}; {hint}there are: {', '.join(sorted(probe_names()))}"
        )
    if timeout_seconds is None:
        timeout_seconds = source.usual_seconds if issubclass(source, sdk.Probe) else _USUAL_SECONDS
    assignment = sdk.Assignment(kind, (target,), _PAUSE_SECONDS, timeout_seconds)
    return source(assignment, _checked(source.settings_type, settings))


def _kinds(found: EntryPoint) -> type[sdk.Source[Any]]:
    """Return what a source must be to be run by hand: anything of ours, a probe if it is somebody else's."""
    return sdk.Source if found.module.startswith("probes.") else sdk.Probe


def _checked(settings_type: type[sdk.Settings], settings: Sequence[str]) -> sdk.Settings:
    try:
        return settings_type.model_validate_strings(_table(settings), strict=False)
    except ValueError as error:
        raise sdk.UsageError(_said(error)) from error


def _said(error: ValueError) -> str:
    """Return the settings' mistakes without the library's notes about itself."""
    lines = [line.partition(" [type=")[0].strip() for line in str(error).splitlines()[1:]]
    return "--set " + " ".join(line for line in lines if not line.startswith("For further information"))


def _table(settings: Sequence[str]) -> dict[str, str | dict[str, str]]:
    """Read "key=value" pairs; "headers.Accept=text/html" is an entry of the table `headers`."""
    plain: dict[str, str] = {}
    tables: dict[str, dict[str, str]] = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals:
            raise sdk.UsageError(f"--set {text!r} is not KEY=VALUE")
        table, dot, name = key.partition(".")
        if dot:
            tables.setdefault(table, {})[name] = value
        else:
            plain[key] = value
    return {**plain, **tables}


def _seconds(text: str) -> float:
    try:
        return sdk.duration_seconds(text)
    except ValueError as error:
        raise sdk.UsageError(f"--timeout: {error}") from error


async def _run(probe: sdk.Source[Any], options: Namespace) -> int:
    # Work that takes longer than a person likes to wait shows how it goes.
    slow = probe.assignment.timeout_seconds > _USUAL_SECONDS and sys.stderr.isatty()
    story = Story(options.trace or slow)
    async with options.standalone(story) as context:
        good = True
        try:
            await probe.open(context)
            for turn in range(options.count):
                if turn:
                    await asyncio.sleep(_PAUSE_SECONDS)
                for record in await probe.read():
                    if isinstance(record, sdk.Reading):
                        good = good and record.outcomes[0] is sdk.Outcome.OK
                        sys.stdout.write(_documents(record) if options.json else _text(record, story))
                    elif isinstance(record, sdk.Event):
                        sys.stdout.write(_event(record) if options.json else f"  {record.text}\n")
        finally:
            await probe.close()
    return 0 if good else 1


def _event(event: sdk.Event) -> str:
    document = {"event": event.kind, "time_ms": event.stamp.wall_ms, "text": event.text}
    return json.dumps(document | {"key": dict(event.key), "data": event.data}) + "\n"


def _documents(reading: sdk.Reading) -> str:
    """Return a line for each row."""
    return "".join(json.dumps(_document(reading, at)) + "\n" for at in range(len(reading.shape.rows)))


def _document(reading: sdk.Reading, at: int) -> sdk.Json:
    row = reading.shape.rows[at]
    values: list[sdk.Json] = [
        {"name": metric.name, "labels": dict(metric.labels), "value": column[at]}
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
        if metric.kind is not sdk.Kind.INFO
    ]
    document: dict[str, sdk.Json] = {
        "measurement": reading.shape.measurement,
        "target": dict(row.key)["target"],
        "time_ms": reading.stamp.wall_ms,
        "outcome": reading.outcomes[at],
        "values": values,
        "texts": dict(row.texts),
    }
    further = {name: value for name, value in row.key if name not in _COMMON_KEY}
    return document | ({"key": further} if further else {})


def _text(reading: sdk.Reading, story: Story) -> str:
    if any(name not in _COMMON_KEY for name, _ in reading.shape.rows[0].key):
        # A line per row would be one for each hop of a path: its story tells them better.
        return (
            f"  {len(reading.shape.rows)} rows of {reading.shape.measurement}: --trace or --json shows them\n"
        )
    texts = dict(reading.shape.rows[0].texts)
    lines = [] if story.show else [story.last]
    for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
        labels = ",".join(f'{name}="{value}"' for name, value in metric.labels)
        name = f"{metric.name}{{{labels}}}" if labels else metric.name
        value = texts.get(metric.name, column[0])
        lines.append(f"  {name:<58} {'not known' if value is None else value}")
    return "\n".join(lines) + "\n"
