"""What to watch when nobody has said anything: this machine's gateways and resolvers."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from netmon.config.assemble import Surroundings, assemble
from netmon.config.files import ParsedFile, Table
from netmon.config.routes import gateways_v4, gateways_v6
from netmon.config.schema import Configuration
from netmon.config.sources import Catalogue, installed
from netmon.config.values import is_address
from netmon.errors import ConfigError

_STUB = "127.0.0.53"  # systemd-resolved's, which is no resolver of the network
_MAX_RESOLVERS = 3  # MAXNS of resolv.conf(5)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the machine says how it is connected; other places in tests."""

    proc_root: Path = Path("/proc")
    resolv: Path = Path("/etc/resolv.conf")
    resolved: Path = Path("/run/systemd/resolve/resolv.conf")
    hostname: str = ""


def discover(machine: Machine | None = None, catalogue: Catalogue | None = None) -> Configuration:
    """Return a configuration that watches the default gateways and the resolvers of this machine."""
    machine = machine or Machine()
    catalogue = catalogue or installed()
    # /proc/self/net is there also where the unit hides the rest of /proc (ProcSubset=pid).
    gateways = (
        *gateways_v4(_text(machine.proc_root / "self/net/route")),
        *gateways_v6(_text(machine.proc_root / "self/net/ipv6_route")),
    )
    servers = resolvers(_text(machine.resolv), _text(machine.resolved))
    table = tables(machine.hostname or socket.gethostname(), gateways, servers, catalogue.names)
    found = assemble([ParsedFile("(no configuration)", table)], Surroundings({}, catalogue))
    if found.configuration is None:
        raise ConfigError(found.mistakes)
    return found.configuration


def tables(
    hostname: str, gateways: tuple[str, ...], servers: tuple[str, ...], sources: tuple[str, ...]
) -> Table:
    """Return the file that somebody could have written, with the sources that there are."""
    wanted = (
        ("gateway", "icmp", "gateway", gateways),
        ("resolver", "icmp", "resolver", tuple(server for server in servers if server not in gateways)),
        ("dns", "dns", "resolver", servers),
    )
    probes = [
        {"name": name, "type": kind, "role": role, "targets": list(targets)}
        for name, kind, role, targets in wanted
        if targets and kind in sources
    ]
    return {"site": {"id": site_id(hostname)}, "probe": probes}


def site_id(hostname: str) -> str:
    """Return the host's own name as a site id."""
    first = re.sub(r"[^A-Za-z0-9._-]", "-", hostname.partition(".")[0]).lstrip("._-")
    return first[:64] or "site"


def resolvers(resolv: str, resolved: str) -> tuple[str, ...]:
    """Return the resolvers of resolv.conf; for systemd-resolved's stub those that it asks itself."""
    servers = tuple(dict.fromkeys(_nameservers(resolv)))
    if _STUB in servers:
        servers = tuple(dict.fromkeys(_nameservers(resolved))) or servers
    return servers[:_MAX_RESOLVERS]


def _nameservers(text: str) -> Iterator[str]:
    for line in text.splitlines():
        columns = line.split()
        if len(columns) > 1 and columns[0] == "nameserver" and is_address(columns[1]):
            yield columns[1]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
