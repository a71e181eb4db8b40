"""`netmon poll` as a person uses it: a process of its own, against a fake switch."""

import asyncio
import json
import re
import subprocess
import sys

import pytest
from fakes.snmp_agent import COMMUNITY, FakePort, FakeSwitch, bench

from collectors.snmp.command import host_and_port
from collectors.snmp.message import Status
from netmon import sdk


async def poll(*words):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "netmon", "poll", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


def place(made):
    return f"127.0.0.1:{made.device.port}"


async def test_json_has_the_system_and_every_port():
    switch = FakeSwitch(ports=[FakePort(7, b"wan", alias=b"uplink", octets=99), FakePort(8, b"lan")])
    async with bench(switch) as made:
        code, output, _ = await poll(place(made), "--community", COMMUNITY, "--json")
    found = json.loads(output)
    assert code == 0
    assert found["system"]["sysName"] == "sw-1"
    assert found["system"]["sysObjectID"] == "1.3.6.1.4.1.9.1.1208"
    assert [port["name"] for port in found["interfaces"]] == ["wan", "lan"]
    assert found["interfaces"][0] == {
        "index": 7,
        "name": "wan",
        "descr": "port wan",
        "alias": "uplink",
        "type_name": "ethernetCsmacd",
        "mac": "00:1B:54:AA:00:07",
        "admin": "up",
        "oper": "down",
        "speed_bps": 10**9,
        "mtu": 1500,
        "in_octets": 99,
        "out_octets": 198,
        "in_ucast_pkts": 7,
        "out_ucast_pkts": 11,
        "in_multicast_pkts": 8,
        "out_multicast_pkts": 12,
        "in_broadcast_pkts": 9,
        "out_broadcast_pkts": 13,
        "in_errors": 14,
        "out_errors": 20,
        "in_discards": 13,
        "out_discards": 19,
        "in_unknown_protos": 15,
    }


async def test_people_get_a_table():
    async with bench() as made:
        code, output, _ = await poll(place(made), "--community", COMMUNITY)
    assert code == 0
    assert "sysName      sw-1" in output
    assert "1 Gbit/s" in output


async def test_the_trace_tells_of_packets_and_never_of_the_community():
    async with bench() as made:
        code, output, story = await poll(
            place(made), "--community", COMMUNITY, "--trace", "--collect", "interfaces"
        )
    assert code == 0
    assert re.search(
        r"sent \d+ octets for at most \d+ variables; got \d+ octets, \d+ varbinds in [\d.]+ ms", story
    )
    assert "sysName" not in output
    assert COMMUNITY not in story + output


async def test_the_trace_tells_what_was_learned_about_the_device():
    async with bench() as made:
        made.agent.status = lambda header, _: Status.TOO_BIG if header.second > 2 else Status.NO_ERROR
        code, _, story = await poll(
            place(made), "--community", COMMUNITY, "--trace", "--collect", "interfaces"
        )
    assert code == 0
    assert "error-status TOO_BIG" in story
    assert re.search(r"tooBig on GETBULK of \d+ columns x \d+ rows; .* worked, and that is remembered", story)


async def test_a_device_that_does_not_answer_is_exit_1_with_words():
    async with bench() as made:
        code, output, errors = await poll(place(made), "--community", "wrong", "--timeout", "1s", "--json")
    assert code == 1
    assert json.loads(output) == {}
    assert "timeout" in errors
    assert "wrong community" in errors


async def test_an_unknown_collector_is_exit_2_and_the_known_ones_are_named():
    code, _, errors = await poll("127.0.0.1", "--collect", "systm")
    assert code == 2
    assert "interfaces" in errors
    assert "system" in errors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("router", ("router", 161)),
        ("router:1161", ("router", 1161)),
        ("2001:db8::1", ("2001:db8::1", 161)),
        ("[2001:db8::1]:1161", ("2001:db8::1", 1161)),
        ("[2001:db8::1]", ("2001:db8::1", 161)),
    ],
)
def test_hosts_and_ports_are_told_apart(text, expected):
    assert host_and_port(text) == expected


@pytest.mark.parametrize("text", ["", ":161", "router:0", "router:99999", "router:snmp"])
def test_what_is_no_host_is_refused(text):
    with pytest.raises(sdk.UsageError):
        host_and_port(text)
