"""Debian's snmpd on a free loopback port, and what net-snmp's tools and pysnmp read from an agent."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.servers import require
from fakes.simagent import free_udp_port

from collectors.snmp import ber
from collectors.snmp.recording import Recorded

TAGS = {
    "INTEGER": ber.INTEGER,
    "STRING": ber.OCTET_STRING,
    "Hex-STRING": ber.OCTET_STRING,
    "OID": ber.OBJECT_IDENTIFIER,
    "IpAddress": ber.IP_ADDRESS,
    "Network Address": ber.IP_ADDRESS,
    "Counter32": ber.COUNTER32,
    "Gauge32": ber.GAUGE32,
    "Timeticks": ber.TIME_TICKS,
    "Opaque": ber.OPAQUE,
    "Counter64": ber.COUNTER64,
    "NULL": ber.NULL,
}
_VARIABLE = re.compile(r"^\.([\d.]+) = (?:([A-Za-z][\w -]*): ?)?(.*?)(?=^\.1\.|\Z)", re.MULTILINE | re.DOTALL)
_TICKS = re.compile(r"\((\d+)\).*")


@asynccontextmanager
async def snmpd(folder: Path, community: str) -> AsyncIterator[int]:
    """Run it with a read-only community; skip where it is not installed."""
    program, port = require("snmpd"), free_udp_port()
    config = folder / "snmpd.conf"
    config.write_text(f"rocommunity {community} 127.0.0.1\nsysName snmpd.test\nsysLocation Depot, rack 3\n")
    process = await asyncio.create_subprocess_exec(
        *(program, "-f", "-C", "-c", str(config), "-Lf", str(folder / "log"), "-I", "-smux"),
        f"udp:127.0.0.1:{port}",
        env={"SNMP_PERSISTENT_DIR": str(folder), "PATH": "/usr/sbin:/usr/bin"},
    )
    try:
        async with asyncio.timeout(20):
            while not await net_snmp("snmpbulkwalk", port, community, "1.3.6.1.2.1.1.3"):
                pass
        yield port
    finally:
        process.terminate()
        await process.wait()


async def net_snmp(tool: str, port: int, community: str, root: str) -> dict[ber.Oid, tuple[int, str]]:
    """Return what net-snmp's walk says: tag and text by name."""
    process = await asyncio.create_subprocess_exec(
        *(require(tool), "-v2c", "-c", community, "-r", "3", "-t", "2", "-m", "", "-Onex"),
        *(f"127.0.0.1:{port}", root),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    found = {}
    for name, kind, text in _VARIABLE.findall(output.decode("latin-1")):
        if kind or text.startswith('"'):
            found[ber.oid(name)] = (TAGS[kind] if kind else ber.OCTET_STRING, _TICKS.sub(r"\1", text.strip()))
    return found


async def pysnmp_walk(port: int, community: str, root: str) -> list[Recorded]:
    """Return what pysnmp finds below a name."""
    from pysnmp.hlapi.v3arch import asyncio as hlapi

    target = await hlapi.UdpTransportTarget.create(("127.0.0.1", port), timeout=3, retries=2)
    engine, found = hlapi.SnmpEngine(), []
    asked = (engine, hlapi.CommunityData(community), target, hlapi.ContextData(), 0, 25)
    try:
        async for failed, status, _, varbinds in hlapi.bulk_walk_cmd(
            *asked, hlapi.ObjectType(hlapi.ObjectIdentity(root)), lexicographicMode=False, lookupMib=False
        ):
            assert not failed, failed
            assert not status, status
            found += [_recorded(name, value) for name, value in varbinds]
    finally:
        engine.close_dispatcher()
    return found


def _recorded(name, value) -> Recorded:
    from pyasn1.codec.ber import encoder

    octets = encoder.encode(value)
    tag, start, stop = ber.element(octets, 0, len(octets))
    return Recorded(tuple(name), tag, octets[start:stop])
