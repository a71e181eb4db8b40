"""`netmon commission`: what this instrument can carry, where it stands, and the line's token bucket."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from netmon import sdk
from probes.bandwidth.commission import instrument
from probes.bandwidth.commission.ceiling import ceilings
from probes.bandwidth.commission.paper import Standing, paper, summary
from probes.bandwidth.commission.path_test import PathFinding, PathTest
from probes.bandwidth.manners import Wish, why_not
from probes.bandwidth.measured import Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.place import find_place
from probes.bandwidth.settings import Kind
from probes.bandwidth.witness import Witness

_KEY = "instrument.key"
_LONGEST_SECONDS = 300.0


class CommissionCommand(sdk.Command):
    """Measure the instrument once at its place, sign what was found, keep it as evidence."""

    summary = "measure the instrument at its place, learn the line's token bucket, sign the record"
    needs_configuration = True

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument("target", metavar="TARGET", help="a netmon's capacity server, or LibreSpeed's")
        parser.add_argument("--circuit", default="", help="circuit it tests (default: the only one there is)")
        parser.add_argument(
            "--demarcation", required=True, metavar="TEXT", help="where the line is handed over"
        )
        parser.add_argument("--witness", required=True, metavar="NAME", help="who was there")
        parser.add_argument("--duration", default="30s", help="of each direction (default: %(default)s)")
        parser.add_argument(
            "--pause",
            default="4s",
            help="before each transfer, so that a bucket fills again (default: %(default)s)",
        )
        parser.add_argument("--max-bytes", default="4GB", help="of each direction (default: %(default)s)")
        parser.add_argument(
            "--token-file", type=Path, metavar="FILE", help="secret that the far end asks for"
        )
        parser.add_argument(
            "--key", type=Path, metavar="FILE", help="Ed25519 key (default: made where it lacks)"
        )

    def run(self, options: Namespace) -> int:
        """Commission; 1 when a direction could not be measured."""
        return asyncio.run(_commission(options))


async def _commission(options: Namespace) -> int:
    circuit = _circuit(options)
    async with options.standalone(_say) as context:
        _check_manners(circuit, sdk.local_time(context.clock.wall_ns(), options.configured.timezone))
        folder = context.state_folder or Path()
        await asyncio.to_thread(folder.mkdir, 0o700, parents=True, exist_ok=True)
        found, failures = await _path(options, context, circuit)
        if not found:
            raise sdk.SourceError(sdk.Outcome.REFUSED, "; ".join(sorted(set(failures.values()))))
        own = await ceilings(context)
        host = next((one.host for one in found.values()), None) or Witness().state("")
        standing = Standing(context.site, circuit, options.demarcation, options.witness, host)
        document = paper(standing, context.clock, own, found, failures)
    path = instrument.record_path(folder, circuit.id if circuit else "")
    key, signature = _sign(document, options.key or folder / _KEY)
    instrument.write(path, document, key, signature)
    kept = instrument.read(path)
    if kept is None:
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"{path} cannot be read back")
    shown = json.dumps(document) if options.json else summary(document, kept.id, kept.fingerprint, path)
    sys.stdout.write(shown + "\n")
    return 1 if failures else 0


async def _path(
    options: Namespace, context: sdk.Context, circuit: sdk.Circuit | None
) -> tuple[Mapping[Direction, PathFinding], Mapping[Direction, str]]:
    """Test both directions of the line."""
    try:
        seconds, pause_seconds = map(sdk.duration_seconds, (options.duration, options.pause))
        most_bytes = sdk.size_bytes(options.max_bytes)
    except ValueError as error:
        raise sdk.UsageError(str(error)) from error
    token = options.token_file.read_text("ascii").strip() if options.token_file else ""
    place = await find_place(context, options.target, "any", circuit, token)
    tls = await asyncio.to_thread(ssl.create_default_context) if place.url.secure else None
    test = PathTest(context, place, tls, seconds, pause_seconds)
    found: dict[Direction, PathFinding] = {}
    failures: dict[Direction, str] = {}
    for direction in Direction:
        try:
            found[direction] = await test.run(direction, Meter(context.ledger, "", most_bytes, context.trace))
        except sdk.SourceError as error:
            failures[direction] = str(error)
    return found, failures


def _circuit(options: Namespace) -> sdk.Circuit | None:
    """Return the circuit that is meant; UsageError when that is not clear."""
    known: Mapping[str, sdk.Circuit] = {one.id: one for one in options.configured.circuits}
    name = options.circuit or (next(iter(known)) if len(known) == 1 else "")
    if not name and not known:
        return None
    if name not in known:
        raise sdk.UsageError(f"--circuit takes one of {', '.join(sorted(known)) or 'no circuits'}")
    return known[name]


def _check_manners(circuit: sdk.Circuit | None, local: datetime) -> None:
    """Raise UsageError for a line, or a moment of the site's own time, for which nothing heavy is sent."""
    refusal = why_not(Wish(Kind.HTTP, circuit, 1, 0, None, local, seconds=_LONGEST_SECONDS))
    if refusal is not None:
        raise sdk.UsageError(f"it would send for minutes: {refusal.words}")


def _sign(document: Mapping[str, sdk.Json], key_file: Path) -> tuple[str, str]:
    """Return public key and signature; UsageError on a platform that cannot sign."""
    try:
        from probes.bandwidth.commission.signature import sign  # noqa: PLC0415 - not on every platform
    except ImportError as error:
        raise sdk.UsageError("signing takes the library cryptography, which is not installed") from error
    return sign(instrument.canonical(document), key_file)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
