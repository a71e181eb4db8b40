"""Both IP versions of a target, measured apart."""

import pytest
from fakes.context import FakeResolver, make_context
from fakes.loopback import silence, tcp_server
from fakes.namespaces import network_namespace
from fakes.probing import EVERY_SECONDS

from netmon import sdk
from probes.icmp import IcmpProbe
from probes.tcp import TcpProbe

NAMES = FakeResolver({"two.test": ("127.0.0.1", "::1")})


async def read(source, target, **settings):
    context = make_context(resolver=NAMES)
    assignment = sdk.Assignment("under test", (target,), EVERY_SECONDS, 1.0)
    probe = source(assignment, source.settings_type(family="both", **settings))
    await probe.open(context)
    try:
        readings = [one for one in await probe.read() if one.shape.measurement == source.measurement]
        again = [one for one in await probe.read() if one.shape.measurement == source.measurement]
    finally:
        await probe.close()
        await context.shared.close()
    assert [one.shape for one in readings] == [one.shape for one in again]
    return {dict(one.shape.rows[0].key)["family"]: one.outcomes[0] for one in readings}


@pytest.mark.parametrize(("ipv6", "outcome"), [("0", sdk.Outcome.OK), ("1", sdk.Outcome.UNREACHABLE)])
async def test_each_ip_version_is_a_row_of_its_own(ipv6, outcome):
    sysctls = {"net_ipv4_ping_group_range": "0 2147483647", "net_ipv6_conf/lo/disable_ipv6": ipv6}
    with network_namespace(**sysctls):
        found = await read(IcmpProbe, "two.test", packets=1)
    assert found == {"ipv4": sdk.Outcome.OK, "ipv6": outcome}


async def test_a_service_that_listens_by_one_version_only_is_seen_to():
    async with tcp_server(silence) as port:
        found = await read(TcpProbe, f"two.test:{port}")
    assert found == {"ipv4": sdk.Outcome.OK, "ipv6": sdk.Outcome.REFUSED}
