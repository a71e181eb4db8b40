"""The same values as net-snmp's own tools, from Debian's real agent."""

import asyncio
import subprocess

import pytest
from fakes.servers import require
from fakes.simagent import free_udp_port
from fakes.snmp_agent import snmp_context

from collectors.interfaces import InterfacesCollector
from collectors.snmp import mib
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import ERRORS, FAST, HIGH_CAPACITY, SLOW, STATES
from collectors.system import SystemCollector
from netmon import sdk

pytestmark = pytest.mark.servers

COMMUNITY = "loopback-only"
CONFIG = f"""
rocommunity {COMMUNITY} 127.0.0.1
sysName     snmpd.test
sysContact  Network team <noc@example.net>
sysLocation Depot, rack 3
"""


@pytest.fixture
async def port(tmp_path):
    program = require("snmpd")
    require("snmpget")
    config, number = tmp_path / "snmpd.conf", free_udp_port()
    config.write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        *(program, "-f", "-C", "-c", str(config), "-Lf", str(tmp_path / "log"), "-I", "-smux"),
        f"udp:127.0.0.1:{number}",
        env={"SNMP_PERSISTENT_DIR": str(tmp_path), "PATH": "/usr/sbin:/usr/bin"},
    )
    try:
        await answering(number)
        yield number
    finally:
        process.terminate()
        await process.wait()


async def answering(port):
    async with asyncio.timeout(20):
        while not await net_snmp("snmpget", port, "1.3.6.1.2.1.1.3.0", tries="1"):
            pass


async def net_snmp(tool, port, *names, tries="3"):
    """Return what net-snmp's tool says: value by numeric name, as plain text."""
    process = await asyncio.create_subprocess_exec(
        *(tool, "-v2c", "-c", COMMUNITY, "-r", tries, "-t", "1", "-m", "", "-OnqUet"),
        *(f"127.0.0.1:{port}", *names),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    lines = [line.partition(" ") for line in output.decode().splitlines()]
    return {name.removeprefix("."): value.strip().strip('"') for name, _, value in lines}


def device(port, community=COMMUNITY):
    credential = sdk.Credential("test", sdk.SnmpVersion.V2C, sdk.SecretStr(community))
    return sdk.Device("host", "127.0.0.1", port, credential)


def assignment(name, port):
    return sdk.Assignment(name, ("host",), 30.0, 10.0, device=device(port))


async def test_the_system_group_is_what_snmpget_says(port):
    async with snmp_context(1.0) as context:
        collector = SystemCollector(assignment("system", port), sdk.NoSettings())
        await collector.open(context)
        reading, fact, *_ = await collector.read()
    theirs = await net_snmp("snmpwalk", port, "1.3.6.1.2.1.1")
    assert fact.values["sysName"] == theirs["1.3.6.1.2.1.1.5.0"] == "snmpd.test"
    assert fact.values["sysContact"] == theirs["1.3.6.1.2.1.1.4.0"]
    assert fact.values["sysLocation"] == theirs["1.3.6.1.2.1.1.6.0"]
    assert fact.values["sysDescr"] == theirs["1.3.6.1.2.1.1.1.0"]
    assert fact.values["sysObjectID"] == theirs["1.3.6.1.2.1.1.2.0"].removeprefix(".")
    assert 0 <= int(theirs["1.3.6.1.2.1.1.3.0"]) - reading.columns[0][0] < 1_000


async def test_every_column_of_every_interface_is_what_snmpwalk_says(port):
    async with snmp_context(1.0) as context:
        session = (await context.shared.get(SnmpEngine)).session(device(port), context)
        columns = [field.wanted for field in (*FAST, *SLOW)]
        before = await whole_table(port)
        table = await session.table(columns, 10.0)
        after = await whole_table(port)
    assert not table.partial
    assert table.wrong_types == 0
    for wanted in columns:
        for row, value in zip(table.index, table[wanted], strict=True):
            name = ".".join(map(str, (*wanted.oid, *row)))
            low, high = before.get(name), after.get(name)
            assert (value is None) == (low is None), name
            # Counters of the loopback interface grow under our own questions.
            assert value is None or int(low) <= value <= int(high), name


async def whole_table(port):
    found = await net_snmp("snmpbulkwalk", port, "1.3.6.1.2.1.2.2")
    return found | await net_snmp("snmpbulkwalk", port, "1.3.6.1.2.1.31.1.1")


async def test_the_loopback_interface_is_a_row_like_any_other(port):
    async with snmp_context(1.0) as context:
        collector = InterfacesCollector(assignment("interfaces", port), sdk.NoSettings())
        await collector.open(context)
        first = (await collector.read())[0]
        second = (await collector.read())[0]
    names = [dict(row.key)["ifName"] for row in first.shape.rows]
    at = names.index("lo")
    metrics = [metric.name for metric in first.shape.metrics]
    octets = metrics.index("ifHCInOctets")
    assert second.columns[octets][at] >= first.columns[octets][at] > 0
    assert first.columns[metrics.index("ifAdminStatus")][at] == 1
    assert dict(first.shape.rows[at].texts)["ifType_info"] == "softwareLoopback"
    assert second.shape is first.shape
    assert second.epochs == first.epochs
    assert {field.metric.name for field in (*HIGH_CAPACITY, *ERRORS, *STATES)} <= set(metrics)


async def test_a_wrong_community_looks_like_silence_and_is_not_shown(port):
    async with snmp_context(0.1) as context:
        session = (await context.shared.get(SnmpEngine)).session(device(port, "guess"), context)
        with pytest.raises(sdk.SourceError) as caught:
            await session.get((mib.SYS_NAME,), 5.0)
    assert caught.value.outcome == sdk.Outcome.TIMEOUT
    assert "wrong community" in str(caught.value)
    assert "guess" not in str(caught.value)
