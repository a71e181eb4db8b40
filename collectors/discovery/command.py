"""`netmon discover CIDR|HOST...`: who is there, and a configuration for them."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from collectors.discovery.register import register
from collectors.discovery.roles import AT_THE_EDGE
from collectors.discovery.scan import Answered, Politeness, Scan
from collectors.discovery.suggestion import Discovered, document, toml
from collectors.discovery.survey import Survey, survey
from collectors.discovery.targets import targets
from collectors.discovery.wan import assign, wan_ports
from collectors.snmp import usm_protocols
from netmon import sdk

_AT_ONCE = 4
"""Devices that are looked at closely at the same time."""
_FASTEST_PER_SECOND = 5000.0


class DiscoverCommand(sdk.Command):
    """Find SNMP devices and print configuration for them."""

    summary = "find SNMP devices, print configuration for them"
    needs_configuration = True

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument("targets", metavar="CIDR|HOST", nargs="+", help="networks, addresses or names")
        parser.add_argument(
            "--credential",
            metavar="NAME",
            action="append",
            help="a credential of the configuration; again for more, tried in this order (default: all)",
        )
        parser.add_argument(
            "--community", action="append", default=[], help="SNMP v2c community; again for more, tried after"
        )
        parser.add_argument("--port", type=int, default=161, help="UDP port (default: %(default)s)")
        parser.add_argument(
            "--rate", type=float, default=100.0, help="packets per second in all (default: %(default)g)"
        )
        parser.add_argument("--wait", default="1.5s", help="for an answer (default: %(default)s)")

    def run(self, options: Namespace) -> int:
        """Search; return 1 when no device answered."""
        addresses = targets(options.targets)
        if not 0 < options.port < 65536:
            raise sdk.UsageError(f"--port: {options.port} is not between 1 and 65535")
        free = (name for at in count() if (name := f"found{at or ''}") not in options.configured.credentials)
        communities = dict(zip(free, options.community))  # noqa: B905 - there is always another name
        credentials = [*_configured(options), *map(_of_community, communities.items())]
        if not credentials:
            raise sdk.UsageError("give --community, or --config FILE with a [credential.NAME]")
        found = asyncio.run(_discover(options, addresses, credentials))
        used = {entry.survey.answered.device.credential.name for entry in found.entries}
        found = Discovered(
            found.entries,
            found.refused,
            found.wan,
            found.likely,
            {name: f"NETMON_{name.upper()}" for name in communities if name in used},
        )
        sys.stdout.write(json.dumps(document(found), indent=1) + "\n" if options.json else toml(found))
        return 0 if found.entries else 1


def _configured(options: Namespace) -> list[sdk.Credential]:
    known: Mapping[str, sdk.Credential] = options.configured.credentials
    names = options.credential or list(known)
    for name in names:
        if name not in known:
            names_known = ", ".join(sorted(known)) or "none"
            raise sdk.UsageError(f"no credential is called {name!r}; the configuration has: {names_known}")
        usm_protocols.check(known[name])
    return [known[name] for name in names]


def _of_community(named: tuple[str, str]) -> sdk.Credential:
    name, community = named
    return sdk.Credential(name, sdk.SnmpVersion.V2C, sdk.SecretStr(community))


def _politeness(options: Namespace) -> Politeness:
    if not 1 <= options.rate <= _FASTEST_PER_SECOND:
        raise sdk.UsageError(f"--rate: {options.rate:g} is not between 1 and {_FASTEST_PER_SECOND:g}")
    try:
        return Politeness(options.rate, sdk.duration_seconds(options.wait), options.port)
    except ValueError as error:
        raise sdk.UsageError(f"--wait: {error}") from error


async def _discover(
    options: Namespace, addresses: Sequence[str], credentials: Sequence[sdk.Credential]
) -> Discovered:
    polite, say = _politeness(options), _progress()
    async with options.standalone(sdk.no_trace) as context:
        scan = Scan(context, polite, lambda left, found: say(f"{left} addresses to ask, {found} found"))
        try:
            await scan.run(addresses, credentials)
            surveys = await _surveys(scan.answered, scan.context, say)
        finally:
            await scan.close()
    say("")
    entries = register(surveys, options.configured.devices)
    circuits: Sequence[sdk.Circuit] = options.configured.circuits
    edges = [(entry.name, entry.survey) for entry in entries if entry.role in AT_THE_EDGE]
    likely = [] if circuits else [port for name, seen in edges for port in wan_ports(name, seen)]
    return Discovered(entries, list(scan.refused.values()), assign(circuits, edges), likely)


async def _surveys(
    answered: Sequence[Answered], context: sdk.Context, say: Callable[[str], None]
) -> list[Survey]:
    turn = asyncio.Semaphore(_AT_ONCE)
    left = len(answered)

    async def look(one: Answered) -> Survey:
        nonlocal left
        async with turn:
            seen = await survey(one, context)
        left -= 1
        say(f"{left} devices to look at")
        return seen

    return await asyncio.gather(*map(look, answered))


def _progress() -> Callable[[str], None]:
    """Return what shows a line on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _line: None

    def say(line: str) -> None:
        sys.stderr.write(f"\r\x1b[K{line}")

    return say
