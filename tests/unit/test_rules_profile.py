"""Who a device is, found out with few questions."""

from fakes.context import FakeClock
from fakes.snmp_agent import IF_TABLE, IF_X_TABLE, bench, snmp_context

from collectors.rules.library import Library
from collectors.rules.profile import Profiles
from collectors.snmp import ber
from collectors.snmp.agent import object_id
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.message import Pdu, Status

MANY = 20
FILE = """\
format = 1
vendor = "Pumps"
enterprises = [99999]
"""
SYSTEM = """
[[os]]
name = "os{0}"
title = "OS {0}"
provenance = "MIB"
object_ids = ["1.3.6.1.4.1.99999.1"]
exists = ["1.3.6.1.4.1.99999.5.{0}"]
"""


async def test_what_may_be_one_of_many_systems_is_asked_for_all_of_them_at_once(tmp_path):
    (tmp_path / "pumps.toml").write_text(FILE + "".join(SYSTEM.format(at) for at in range(MANY)))
    async with bench() as rig, snmp_context() as context:
        library = Library([tmp_path])
        library.scan()
        context.shared._things[Library] = library
        rig.switch.changes |= {
            "1.3.6.1.2.1.1.2.0": object_id((1, 3, 6, 1, 4, 1, 99999, 1)),
            "1.3.6.1.4.1.99999.5.17.1": 1,
        }
        session = (await context.shared.get(SnmpEngine)).session(rig.device, context)
        profile = await (await context.shared.get(Profiles)).of(session, context, 5.0)
    assert profile.os is not None
    assert profile.os.name == "os17"
    assert sum(header.pdu == Pdu.GETNEXT for header in rig.agent.seen) == 1


async def test_what_was_there_survives_one_failure_of_the_agent_and_not_two():
    clock = FakeClock()
    known, other = ber.oid(IF_TABLE), ber.oid(IF_X_TABLE)
    async with bench() as rig, snmp_context(clock=clock) as context:
        session = (await context.shared.get(SnmpEngine)).session(rig.device, context)
        assert await session.present([known], 5.0) == {known}
        rig.agent.status = lambda header, _: Status.GEN_ERR if header.pdu == Pdu.GETNEXT else Status.NO_ERROR
        clock.advance(3600)
        assert await session.present([known, other], 5.0) == {known}
        clock.advance(3700)
        assert await session.present([known, other], 5.0) == set()


async def test_what_an_old_agent_says_not_to_have_is_gone_at_once():
    async with bench() as rig, snmp_context() as context:
        session = (await context.shared.get(SnmpEngine)).session(rig.device, context)
        assert await session.present([ber.oid(IF_TABLE)], 5.0)
        rig.agent.status = lambda _header, _names: Status.NO_SUCH_NAME
        assert await session.present([ber.oid(IF_TABLE)], 5.0) == set()
