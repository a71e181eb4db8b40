"""The egress probe against a server on loopback."""

import pytest
from fakes.context import make_context
from fakes.loopback import udp_server
from fakes.probing import probe_once
from fakes.stun_server import answer, mapped, stun_server

from netmon import sdk
from probes.egress import EgressProbe, circuit_of

CIRCUITS = {
    "wan1": sdk.Circuit("wan1", egress=("203.0.113.7/32",)),
    "wan2": sdk.Circuit("wan2", egress=("198.51.100.0/24", "2001:db8::/48")),
    "both": sdk.Circuit("both", egress=("198.51.100.128/25",)),
    "none": sdk.Circuit("none"),
}


async def ask(address):
    async with udp_server(stun_server(address)) as server:
        return await probe_once(EgressProbe, f"127.0.0.1:{server.port}", circuits=CIRCUITS)


@pytest.mark.parametrize(
    ("address", "circuit"),
    [
        ("203.0.113.7", "wan1"),
        ("198.51.100.9", "wan2"),
        ("203.0.113.8", "unknown"),
        ("198.51.100.200", "unknown"),
    ],
    ids=["one address", "a network", "nobody's", "claimed by two"],
)
async def test_the_public_address_tells_the_circuit(address, circuit):
    found = await ask(address)
    assert (found.outcome, found.texts) == (sdk.Outcome.OK, {"netmon_egress_circuit_info": circuit})
    assert 0 < found["netmon_probe_egress_duration_seconds rtt"] < 0.5
    assert "circuit" not in found.key


def test_an_address_of_the_other_family_belongs_to_no_network_of_this_one():
    assert circuit_of("2001:db8::9", CIRCUITS) == "wan2"
    assert circuit_of("2001:db8:1::9", CIRCUITS) == "unknown"


async def test_a_server_that_does_not_tell_is_garbled():
    async with udp_server(lambda request: [answer(request)]) as server:
        found = await probe_once(EgressProbe, f"127.0.0.1:{server.port}", circuits=CIRCUITS)
    assert (found.outcome, found.texts) == (sdk.Outcome.GARBLED, {})


async def test_an_address_is_a_fact_and_its_change_an_event():
    told = ["203.0.113.7", "203.0.113.7", "100.64.0.1"]
    async with udp_server(lambda request: [answer(request, mapped(told.pop(0), request))]) as server:
        context = make_context(circuits=CIRCUITS)
        probe = EgressProbe(
            sdk.Assignment("who", (f"127.0.0.1:{server.port}",), 1.0, 1.0), EgressProbe.settings_type()
        )
        await probe.open(context)
        runs = [[r for r in await probe.read() if not isinstance(r, sdk.Reading)] for _ in range(3)]
        await probe.close()
        await context.shared.close()
    (first,), (), (fact, event) = runs
    assert first.values == {"address": "203.0.113.7", "carried_by": "wan1"}
    assert fact.values == {"address": "100.64.0.1", "carried_by": "unknown"}
    assert event.text == "packets come from 100.64.0.1 now (unknown), not 203.0.113.7"
