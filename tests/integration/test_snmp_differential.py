"""What we read is what others read, and what recorded devices say: names, types and values."""

import asyncio
import importlib.util
import sys

import pytest
from fakes.recordings import lab, recsim
from fakes.snmp_agent import credential, snmp_context
from fakes.snmpd import net_snmp, pysnmp_walk, snmpd

from collectors.snmp import ber, recording
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import FAST, LOW_CAPACITY, SLOW
from collectors.snmp.ports import DESCRIBING
from collectors.snmp.subtree import Bounds
from netmon import sdk

COMMUNITY = "loopback-only"
MIB_2 = "1.3.6.1.2.1"
TABLE = (*(field.wanted for field in (*FAST, *LOW_CAPACITY, *SLOW)), *DESCRIBING)
NUMBERS = {ber.COUNTER32, ber.COUNTER64, ber.GAUGE32, ber.TIME_TICKS, ber.INTEGER}
DEVICES_AT_ONCE = 4


async def walked(engine, context, port, community, root):
    device = sdk.Device(community, "127.0.0.1", port, credential(community))
    session = engine.session(device, context)
    found = await session.everything(ber.oid(root), Bounds(60.0), lambda _walked: None)
    assert not found.partial
    return {r.name: (r.tag, r.content) for r in found.found}


def text(tag, content):
    return recording.line(recording.Recorded((1, 3), tag, content)).split("|", 2)[2]


def as_shown(tag, shown):
    """Return net-snmp's text of a value as a recording has it; octets as hexadecimal digits."""
    if shown.startswith('"'):
        return shown[1:-1].encode("latin-1").hex()
    if tag == ber.OCTET_STRING:
        return shown.replace(" ", "").replace("\n", "").lower()
    return shown.removeprefix(".")


def as_ours(tag, content):
    return content.hex() if tag == ber.OCTET_STRING else text(tag, content)


@pytest.mark.servers
async def test_all_of_mib_2_is_what_net_snmp_and_pysnmp_read_from_snmpd(tmp_path):
    async with snmpd(tmp_path, COMMUNITY) as port, snmp_context(1.0) as context:
        engine = await context.shared.get(SnmpEngine)
        before = await net_snmp("snmpbulkwalk", port, COMMUNITY, MIB_2)
        ours = await walked(engine, context, port, COMMUNITY, MIB_2)
        pysnmps = {r.name: (r.tag, r.content) for r in await pysnmp_walk(port, COMMUNITY, MIB_2)}
        after = await net_snmp("snmpbulkwalk", port, COMMUNITY, MIB_2)
    still = before.keys() & after.keys()  # sockets and processes come and go
    assert len(still) > 300
    assert not still - ours.keys()
    assert not still - pysnmps.keys()
    same = 0
    for name in still:
        tag, content = ours[name]
        assert tag == before[name][0] == pysnmps[name][0], ber.dotted(name)
        if before[name] == after[name]:
            same += 1
            assert as_ours(tag, content) == as_shown(*before[name]), ber.dotted(name)
            assert as_ours(tag, content) == as_ours(*pysnmps[name]), ber.dotted(name)
    assert same > 0.8 * len(still)


def simulator():
    """Return the simulator as a module: what it makes of a recording is what it sends."""
    spec = importlib.util.spec_from_file_location("recsim", lab("tools", "recsim.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(module, path):
    """Return tag and content by name, as the simulator has a recording."""
    found = {}
    for varbind in module.Device(str(path)).vb:
        _, start, stop = ber.element(varbind, 0, len(varbind))
        _, at, end = ber.element(varbind, start, stop)
        tag, value, value_end = ber.element(varbind, end, stop)
        found[ber.decode_oid(varbind[at:end])] = (tag, varbind[value:value_end])
    return found


def column_of(expected, wanted):
    """Return what a recording has in one column, by row; None for what the syntax does not allow."""
    size = len(wanted.oid)
    return {n[size:]: wanted.read(*v) for n, v in expected.items() if n[:size] == wanted.oid}


async def compare(engine, context, port, name, expected):
    """Compare one device: everything, then the interfaces as collectors ask for them."""
    ours = {}
    for root in sorted({".".join(map(str, oid[:2])) for oid in expected}):
        ours |= await walked(engine, context, port, name, root)
    assert ours == expected, name
    device = sdk.Device(name, "127.0.0.1", port, credential(name))
    session = engine.session(device, context)
    columns = {wanted: column_of(expected, wanted) for wanted in TABLE}
    for _ in range(3):  # the first poll learns; the later ones go by what it learned
        table = await session.table(TABLE, 60.0)
        assert not table.partial, name
        for wanted, theirs in columns.items():
            assert list(table[wanted]) == [theirs.get(row) for row in table.index], (name, wanted.name)
            assert theirs.keys() <= set(table.index), (name, wanted.name)
    return len(ours)


async def test_every_recorded_device_is_read_as_it_was_recorded():
    files = sorted(lab("corpus", "recordings").glob("*.snmprec"))
    module = simulator()
    turn, counts = asyncio.Semaphore(DEVICES_AT_ONCE), {}
    async with recsim(*files) as port, snmp_context(5.0) as context:
        engine = await context.shared.get(SnmpEngine)

        async def one(path):
            async with turn:
                counts[path.stem] = await compare(engine, context, port, path.stem, recorded(module, path))

        async with asyncio.TaskGroup() as group:
            for path in files:
                group.create_task(one(path))
    assert len(counts) == len(files) >= 43
    sys.stderr.write(f"{len(counts)} devices, {sum(counts.values())} variables\n")


async def test_pysnmp_reads_the_same_from_recorded_devices():
    files = sorted(lab("corpus", "recordings").glob("*.snmprec"))[::8]
    async with recsim(*files) as port, snmp_context(5.0) as context:
        engine = await context.shared.get(SnmpEngine)
        for path in files:
            for root in ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.31.1.1.1.6"):
                theirs = {r.name: (r.tag, r.content) for r in await pysnmp_walk(port, path.stem, root)}
                ours = await walked(engine, context, port, path.stem, root)
                assert ours.keys() == theirs.keys(), (path.stem, root)
                assert {n: text(*v) for n, v in ours.items()} == {n: text(*v) for n, v in theirs.items()}
