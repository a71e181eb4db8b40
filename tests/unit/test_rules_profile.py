"""Who a device is, found out with few questions."""

from fakes.snmp_agent import bench, snmp_context

from collectors.rules.library import Library
from collectors.rules.profile import Profiles
from collectors.snmp.agent import object_id
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.message import Pdu

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
