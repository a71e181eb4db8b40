"""`netmon poll HOST`: one SNMP poll of one device, for people and for scripts."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from collectors.snmp import ber, recording
from collectors.snmp.agent import Agent, SortedObjects, Typed, serve
from collectors.snmp.document import document
from collectors.snmp.listing import listing
from netmon import sdk

_SNMP_PORT = 161
_DEFAULT = "system,interfaces,resources,sensors,power,neighbours,inventory,addresses,vlans,wireless"
_COMMUNITY = "recording"


class PollCommand(sdk.Command):
    """Poll one device by hand, the way the daemon would."""

    summary = "one SNMP poll of one device"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument(
            "host", metavar="HOST[:PORT]", nargs="?", help="name or address; [address]:port for IPv6"
        )
        parser.add_argument(
            "--recording", type=Path, metavar="FILE", help="replay a recorded device in place of HOST"
        )
        who = parser.add_mutually_exclusive_group()
        who.add_argument("--community", help="SNMP v2c community (default: public)")
        who.add_argument("--credential", metavar="NAME", help="a credential of the configuration")
        parser.add_argument("--v1", action="store_true", help="speak SNMP v1 to an old device")
        parser.add_argument("--collect", default=_DEFAULT, help="collectors (default: all, %(default)s)")
        parser.add_argument("--timeout", default="10s", help="for each collector (default: %(default)s)")
        parser.add_argument("--trace", action="store_true", help="tell of every packet")

    def run(self, options: Namespace) -> int:
        """Poll; return 1 when the device does not answer."""
        if (options.host is None) is (options.recording is None):
            raise sdk.UsageError("give either HOST or --recording FILE")
        return asyncio.run(_poll(options) if options.host else _poll_recording(options))


def host_and_port(text: str) -> tuple[str, int]:
    """Split HOST, HOST:PORT, [ADDRESS]:PORT or a bare IPv6 address; UsageError for a bad port."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not host or (port and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise sdk.UsageError(f"{text!r} is not HOST or HOST:PORT")
    return host, int(port or _SNMP_PORT)


def credential(options: Namespace) -> sdk.Credential:
    """Return the credential that the options name or describe; UsageError lists the known ones."""
    version = sdk.SnmpVersion.V1 if options.v1 else sdk.SnmpVersion.V2C
    if options.credential is None:
        community = "public" if options.community is None else options.community
        return sdk.Credential("command line", version, sdk.SecretStr(community))
    known: Mapping[str, sdk.Credential] = getattr(options, "credentials", {})
    if options.credential not in known:
        names = ", ".join(sorted(known)) or "none"
        raise sdk.UsageError(
            f"no credential is called {options.credential!r}; the configuration has: {names}"
        )
    return known[options.credential]


def collectors(names: str, device: sdk.Device, timeout_seconds: float) -> Iterator[sdk.Source[Any]]:
    """Yield the collectors of these names, set up for the device; UsageError lists the known ones."""
    known = {e.name: e for e in entry_points(group="netmon.sources") if e.module.startswith("collectors.")}
    for name in names.split(","):
        if name not in known:
            raise sdk.UsageError(f"no collector is called {name!r}; there are: {', '.join(sorted(known))}")
        found: object = known[name].load()
        if not (isinstance(found, type) and issubclass(found, sdk.Source)):
            raise sdk.UsageError(f"{name!r} is not a netmon.sdk.Source")
        assignment = sdk.Assignment(name, (device.name,), 60.0, timeout_seconds, device=device)
        yield found(assignment, found.settings_type())


def _seconds(text: str) -> float:
    try:
        return sdk.duration_seconds(text)
    except ValueError as error:
        raise sdk.UsageError(f"--timeout: {error}") from error


async def _poll(options: Namespace) -> int:
    host, port = host_and_port(options.host)
    return await _poll_device(sdk.Device(host, host, port, credential(options)), options)


async def _poll_recording(options: Namespace) -> int:
    """Serve a recorded device on loopback for as long as it takes to poll it."""
    path: Path = options.recording
    objects = await asyncio.to_thread(_objects, path)
    transport, port = await serve(Agent(lambda: objects, _COMMUNITY), "127.0.0.1")
    try:
        known = sdk.Credential("recording", sdk.SnmpVersion.V2C, sdk.SecretStr(_COMMUNITY))
        return await _poll_device(sdk.Device(path.stem, "127.0.0.1", port, known), options)
    finally:
        transport.close()


def _objects(path: Path) -> SortedObjects:
    try:
        lines = path.read_text().splitlines()
        return SortedObjects({one.name: Typed(one.tag, one.content) for one in recording.read(lines)})
    except (OSError, ValueError, ber.BerError) as error:
        raise sdk.UsageError(f"--recording {path}: {error}") from error


async def _poll_device(device: sdk.Device, options: Namespace) -> int:
    sources = list(collectors(options.collect, device, _seconds(options.timeout)))
    records: list[sdk.Record] = []
    failures: list[str] = []
    async with options.standalone(_trace if options.trace else sdk.no_trace) as context:
        for source in sources:
            try:
                await source.open(context)
                records += await source.read()
            except sdk.SourceError as error:
                failures.append(f"{source.assignment.name}: {error.outcome}: {error}")
            finally:
                await source.close()
    found = document(records)
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if options.json else listing(found))
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return 0 if records else 1


def _trace(line: str) -> None:
    sys.stderr.write(f"{line}\n")
