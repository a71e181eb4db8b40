"""The fast simulated switch: many devices at once, and its own set of faults."""

import asyncio
import time

import pytest
from fakes.servers import require
from fakes.simagent import simagent
from fakes.snmp_agent import credential, snmp_context

from collectors.snmp.engine import SnmpEngine
from collectors.snmp.interface_fields import FAST, HIGH_CAPACITY
from netmon import sdk

pytestmark = pytest.mark.servers

COLUMNS = tuple(field.wanted for field in FAST)
OCTETS = HIGH_CAPACITY[0].wanted


@pytest.fixture
async def port():
    require("gcc")  # builds the simulated switch
    async with simagent("-s", "1472") as number:
        yield number


async def test_a_hundred_devices_share_one_socket_and_get_their_own_answers(port):
    async with snmp_context(2.0) as context:
        engine = await context.shared.get(SnmpEngine)
        sessions = [
            engine.session(sdk.Device(f"sw{n}", f"127.1.0.{n + 1}", port, credential("public")), context)
            for n in range(100)
        ]
        tables = await asyncio.gather(*(session.table(COLUMNS, 20.0) for session in sessions))
    assert all(len(table.index) == 48 and not table.partial for table in tables)
    assert len({tuple(table[OCTETS]) for table in tables}) == 1
    assert engine.counters.bad_source == engine.counters.unknown_id == 0


@pytest.mark.parametrize(
    ("faults", "rows", "partial"),
    [
        ("sz=484", 48, False),
        ("toobig=20", 48, False),
        ("silentbig", 48, False),
        ("negc", 48, False),
        ("dup", 48, False),
        ("extra", 48, False),
        ("wrongid1", 48, False),
        ("nsimid", 48, False),
        ("eomvmid", 48, False),
        ("nullval", 48, False),
        ("noninc", 20, True),
    ],
)
async def test_faults_that_leave_something_to_read(port, faults, rows, partial):
    async with snmp_context() as context:
        engine = await context.shared.get(SnmpEngine)
        device = sdk.Device("sw", "127.1.0.1", port, credential(f"f,{faults}"))
        table = await engine.session(device, context).table(COLUMNS, 10.0)
    assert (len(table.index), bool(table.partial)) == (rows, partial)


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        ("drop", sdk.Outcome.TIMEOUT),
        ("wrongsrc", sdk.Outcome.TIMEOUT),
        ("wrongid", sdk.Outcome.TIMEOUT),
        ("badcomm", sdk.Outcome.GARBLED),
        ("badver", sdk.Outcome.GARBLED),
        ("badtag", sdk.Outcome.GARBLED),
        ("trunc", sdk.Outcome.GARBLED),
        ("trunc1", sdk.Outcome.GARBLED),
        ("garbage", sdk.Outcome.GARBLED),
        ("empty", sdk.Outcome.GARBLED),
        ("generr", sdk.Outcome.REJECTED),
        ("autherr", sdk.Outcome.DENIED),
    ],
)
async def test_faults_that_leave_nothing_have_an_outcome_in_bounded_time(port, faults, outcome):
    async with snmp_context() as context:
        engine = await context.shared.get(SnmpEngine)
        device = sdk.Device("sw", "127.1.0.1", port, credential(f"f,{faults}"))
        began = time.monotonic()
        with pytest.raises(sdk.SourceError) as caught:
            await engine.session(device, context).table(COLUMNS, 10.0)
    assert caught.value.outcome == outcome
    assert time.monotonic() - began < 2
