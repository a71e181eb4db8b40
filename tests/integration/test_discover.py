"""`netmon discover` over a network of simulated devices on loopback."""

import asyncio
import sys
import time
from argparse import Namespace
from contextlib import asynccontextmanager

import pytest
from fakes.ports import free_port
from fakes.snmp_agent import COMMUNITY, FakePort, FakeSwitch

from collectors.discovery.command import DiscoverCommand
from collectors.snmp.agent import Agent
from netmon import sdk

PER_SECOND = 2000


class WatchedAgent(Agent):
    """Notes when it was asked."""

    def __init__(self, objects, community, asked):
        super().__init__(objects, community)
        self._asked = asked

    def datagram_received(self, data, addr):
        self._asked.append(time.monotonic())
        super().datagram_received(data, addr)


def switch(number):
    fake = FakeSwitch(ports=[FakePort(n, f"Gi0/{n}".encode()) for n in range(1, 10)])
    fake.changes["1.3.6.1.2.1.1.5.0"] = f"sw-{number}.example"
    return fake


@asynccontextmanager
async def network(addresses, community=COMMUNITY):
    """Serve one switch at each address; gives the port, and the moments of all requests."""
    asked, transports = [], []
    port, loop = free_port(), asyncio.get_running_loop()
    try:
        for number, address in enumerate(addresses, 1):
            agent = WatchedAgent(switch(number).objects, community, asked)
            transport, _ = await loop.create_datagram_endpoint(lambda a=agent: a, local_addr=(address, port))
            transports.append(transport)
        yield port, asked
    finally:
        for transport in transports:
            transport.close()


async def netmon(*words, **environ):
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "netmon", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environ or None,
    )
    async with asyncio.timeout(120):
        out, err = await program.communicate()
    return program.returncode, out.decode(), err.decode()


async def test_all_devices_of_a_network_are_found_within_the_rate_and_the_output_is_configuration(tmp_path):
    addresses = [f"127.77.1.{n}" for n in range(1, 255)]
    async with network(addresses) as (port, asked):
        code, found, said = await netmon(
            "discover",
            "127.77.1.0/24",
            "--community",
            COMMUNITY,
            "--port",
            str(port),
            "--rate",
            str(PER_SECOND),
        )
    assert code == 0, said
    file = tmp_path / "netmon.toml"
    file.write_text(f'[site]\nid = "here"\n{found}')
    code, out, said = await netmon("check", "--config", str(file), NETMON_FOUND=COMMUNITY)
    assert code == 0, said
    assert "254 devices" in out
    assert 'name = "sw-254"' in found
    assert most_within_a_second(asked) <= PER_SECOND * 1.05 + 1


def most_within_a_second(moments):
    moments = sorted(moments)
    first = 0
    most = 0
    for at, moment in enumerate(moments):
        while moments[first] < moment - 1:
            first += 1
        most = max(most, at - first + 1)
    return most


async def test_credentials_are_tried_in_order_and_silence_is_no_device():
    async with network(["127.77.2.1"]) as (port, asked):
        words = ("discover", "127.77.2.1", "127.77.2.2", "--port", str(port), "--wait", "300ms", "--json")
        code, found, _ = await netmon(*words, "--community", "wrong", "--community", COMMUNITY)
        assert code == 0
        assert '"credential": "found1"' in found
        before = len(asked)
        code, found, _ = await netmon(*words, "--community", "wrong")
        assert (code, len(asked) > before) == (1, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("10.0.0.0/8", "--community", "x"), "smaller networks"),
        (("127.0.0.1",), "give --community"),
        (("127.0.0.1", "--community", "x", "--rate", "0"), "--rate"),
        (("127.0.0.1", "--community", "x", "--port", "0"), "--port"),
        (("127.0.0.1", "--community", "x", "--port", "65536"), "--port"),
        (("127.0.0.1", "--community", "x", "--wait", "soon"), "--wait"),
    ],
)
async def test_what_cannot_be_done_is_said_before_anything_is_sent(words, reason):
    code, _, said = await netmon("discover", *words)
    assert code == 2
    assert reason in said


async def test_a_community_is_given_a_name_that_the_configuration_does_not_have(tmp_path):
    file = tmp_path / "netmon.toml"
    file.write_text(
        '[site]\nid = "here"\n[credential.found]\nversion = "2c"\nallow_weak = true\n'
        'community = { env = "OLD" }\n'
    )
    async with network(["127.77.3.1"]) as (port, _):
        words = ("discover", "127.77.3.1", "--config", str(file), "--port", str(port), "--wait", "300ms")
        code, found, said = await netmon(*words, "--community", COMMUNITY, OLD="another one")
    assert code == 0, said
    assert "[credential.found1]" in found
    assert 'credential = "found1"' in found
    assert "NETMON_FOUND1" in found


def test_a_weak_credential_is_refused_before_anything_is_sent():
    weak = sdk.Credential("weak", sdk.SnmpVersion.V3, user="netmon")
    options = Namespace(
        targets=["127.0.0.1"],
        port=161,
        credential=None,
        community=[],
        configured=sdk.Configured({"weak": weak}),
    )
    with pytest.raises(sdk.UsageError, match="credential weak: auth none is weak"):
        DiscoverCommand().run(options)
