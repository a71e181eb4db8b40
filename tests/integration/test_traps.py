"""Notifications through real sockets: Debian's snmptrap, pysnmp, floods, forgeries, the confirming poll."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from fakes.context import FakeResolver, make_context
from fakes.servers import require
from fakes.snmp_agent import COMMUNITY as POLL_COMMUNITY
from fakes.snmp_agent import FakeSwitch, FaultyAgent
from fakes.traps import (
    COLD_START,
    COMMUNITY,
    LINK_DOWN,
    LINK_UP,
    SENDER,
    USER,
    V3Sender,
    receiving,
    v2_pdu,
    v2c,
)

from collectors.snmp.agent import serve
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.usm_keyring import KeyRing
from collectors.traps import socket_door
from collectors.traps.source import TrapsSettings, TrapsSource
from netmon import sdk
from netmon.app.jobs import Jobs, planned_jobs
from netmon.clock import SystemClock
from netmon.config import assignments, load
from netmon.hub import Hub
from netmon.schedule.ticker import Ticker

pytestmark = pytest.mark.servers

V1 = ("-v1", "-c", "trap-community")
V2C = ("-v2c", "-c", "trap-community")
V3 = (
    *("-v3", "-u", "netmon", "-l", "authPriv", "-a", "SHA-256", "-A", "authentication-passphrase"),
    *("-x", "AES", "-X", "encryption-passphrase"),
)
V1_LINK_DOWN = ("1.3.6.1.4.1.9.1.1", "127.0.0.1", "2", "0", "42", "1.3.6.1.2.1.2.2.1.1.3", "i", "3")
V2_LINK_DOWN = ("", LINK_DOWN, "1.3.6.1.2.1.2.2.1.1.3", "i", "3")
INFORM = ("-Ci", "-r", "1", "-t", "3")
SENT = {
    "v1 trap": (*V1, "TO", *V1_LINK_DOWN),
    "v2c trap": (*V2C, "TO", *V2_LINK_DOWN),
    "v2c inform": (*V2C, *INFORM, "TO", *V2_LINK_DOWN),
    "v3 trap": (*V3, "-e", SENDER.hex(), "TO", *V2_LINK_DOWN),
    "v3 inform": (*V3, *INFORM, "TO", *V2_LINK_DOWN),
}


async def until(fact, timeout_seconds=10.0):
    async with asyncio.timeout(timeout_seconds):
        while not fact():  # noqa: ASYNC110 - the fact is a plain attribute that others change
            await asyncio.sleep(0.005)


async def snmptrap(arguments, port, folder):
    """Run Debian's sender; return its exit code, which for an inform says whether it was acknowledged."""
    words = [f"127.0.0.1:{port}" if word == "TO" else word for word in arguments]
    environ = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": "", "SNMPCONFPATH": str(folder)}
    child = await asyncio.create_subprocess_exec(
        require("snmptrap"), *words, env=environ, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, errors = await child.communicate()
    return child.returncode, errors.decode()


class Seen:
    """A subscriber that notes when each event came."""

    def __init__(self):
        self.events = []

    def accept(self, records):
        now = time.monotonic()
        self.events += [(now, record) for record in records if isinstance(record, sdk.Event)]

    async def event(self):
        await until(lambda: self.events)
        return self.events.pop(0)


@asynccontextmanager
async def site(folder):
    """Run the ticker's own jobs on a configuration: one device that is polled each hour, and the receiver."""
    agent = FaultyAgent(FakeSwitch().objects)
    async with AsyncExitStack() as stack:
        transport, port = await serve(agent, "127.0.0.1")
        stack.callback(transport.close)
        (folder / "netmon.toml").write_text(
            f"""[site]\nid = "here"\n[traps]\nlisten = "127.0.0.1:0"\ncredentials = ["old", "core"]
[[device]]\nname = "router"\naddress = "127.0.0.1:{port}"\ncredential = "poll"\nevery = "1h"
collect = ["system"]
[credential.poll]\nversion = "2c"\nallow_weak = true\ncommunity = {{ env = "POLL" }}
[credential.old]\nversion = "2c"\nallow_weak = true\ncommunity = {{ env = "OLD" }}
[credential.core]\nversion = "3"\nuser = "netmon"\nauth_secret = {{ env = "AUTH" }}
privacy_secret = {{ env = "PRIVACY" }}\n"""
        )
        secrets = {
            "POLL": POLL_COMMUNITY,
            "OLD": "trap-community",
            "AUTH": "authentication-passphrase",
            "PRIVACY": "encryption-passphrase",
        }
        planned = assignments(load(folder / "netmon.toml", secrets).configuration)
        clock, seen = SystemClock(), Seen()
        ticker = await stack.enter_async_context(Ticker(clock))
        context = make_context(site="here", clock=clock, run_now=ticker.run_now, state_folder=folder)
        stack.push_async_callback(context.shared.close)
        jobs = Jobs(ticker, Hub((seen,)))
        stack.push_async_callback(jobs.end)
        await jobs.apply(planned_jobs(one for one in planned if one.job != "host"), context)
        source = jobs._runners["traps"][0].source
        await until(lambda: agent.requests_total and all(state.runs_total for state in ticker.states))
        yield agent, seen, source._receiver._sock.getsockname()[1]


@pytest.mark.parametrize("sent", SENT)
async def test_what_snmptrap_sends_is_an_event_within_a_second_and_the_device_is_polled(sent, tmp_path):
    async with site(tmp_path) as (agent, seen, port):
        polled = agent.requests_total
        began = time.monotonic()
        code, errors = await snmptrap(SENT[sent], port, tmp_path)
        ended = time.monotonic()
        assert code == 0, errors
        at, event = await seen.event()
        assert at - ended < 1.0
        assert at > began
        assert (event.kind, event.key) == ("trap", (("site", "here"), ("device", "router")))
        assert event.text == "router: linkDown, ifIndex 3"
        assert (event.data["version"], event.data["inform"]) == (sent[1:].split()[0], "inform" in sent)
        await until(lambda: agent.requests_total > polled, 1)


async def test_a_burst_of_link_traps_is_two_polls_and_an_event_each(tmp_path):
    async with site(tmp_path) as (agent, seen, port):
        before = agent.requests_total
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for n in range(20):
                sock.sendto(v2c((LINK_DOWN, LINK_UP)[n % 2], request_id=n), ("127.0.0.1", port))
        found = [(await seen.event())[1].text for _ in range(20)]
        assert found == ["router: linkDown", "router: linkUp"] * 10
        await until(lambda: agent.requests_total >= before + 2)
        await asyncio.sleep(0.3)  # a third would come now
        assert agent.requests_total == before + 2


async def test_a_wrong_passphrase_is_not_acknowledged_and_told_once(tmp_path):
    wrong = [
        "wrong-passphrase" if word == "authentication-passphrase" else word for word in SENT["v3 inform"]
    ]
    async with receiving(COMMUNITY, USER) as here:
        code, errors = await snmptrap(wrong, here.port, tmp_path)
        assert code != 0
        assert "Authentication failure" in errors
        await here.until(lambda: here.events)
        assert [event.data["reason"] for event in here.events] == ["digest"]


async def test_a_forged_source_is_another_kind_of_event_and_told_once():
    async with receiving(address="127.0.0.1") as here:
        here.send(*(v2c(LINK_DOWN, request_id=n) for n in range(5)), source="127.0.0.9")
        event = await here.event()
        assert (event.kind, event.key) == (
            "trap_unknown_source",
            (("site", "test-site"), ("source", "127.0.0.9")),
        )
        await here.until(lambda: here.count("netmon_traps_dropped_total", reason="stranger") == 4)
        assert not any(name.startswith("device/") for name in here.wanted)
        assert len(here.events) == 1


async def test_a_wrong_community_of_a_device_is_told_once_and_counted():
    async with receiving() as here:
        here.send(*(v2c(LINK_DOWN, community=b"public", request_id=n) for n in range(5)))
        event = await here.event()
        assert event.kind == "trap_refused"
        assert "public" not in event.text + str(event.data)
        await here.until(lambda: here.count("netmon_traps_dropped_total", reason="community") == 5)
        assert len(here.events) == 1


async def test_a_replay_inside_the_window_is_counted_and_told_nobody():
    keys = KeyRing()
    await keys.stretch(USER)
    trap = V3Sender(keys.lock_now(USER, SENDER)).seal(v2_pdu(LINK_DOWN))
    async with receiving(USER) as here:
        here.send(trap, trap)
        here.send(trap, source="127.0.0.9")
        await here.until(lambda: here.count("netmon_traps_dropped_total", reason="repeated") == 2)
        assert len(here.events) == 1
    await keys.close()


async def test_an_inform_that_is_sent_again_is_acknowledged_again_and_told_once():
    async with receiving() as here:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            loop = asyncio.get_running_loop()
            for _ in range(3):
                sock.sendto(v2c(COLD_START, inform=True), ("127.0.0.1", here.port))
                async with asyncio.timeout(2):
                    answer = await loop.sock_recv(sock, 2000)
                assert answer[-30:] == v2c(COLD_START)[-30:]
        await here.until(lambda: here.count("netmon_informs_acknowledged_total") == 3)
        assert len(here.events) == 1


async def test_keys_that_take_long_are_made_beside_the_loop_and_the_trap_is_told():
    slow = replace(USER, auth="SHA-1", privacy="AES-256-Reeder")
    keys = KeyRing()
    await keys.stretch(slow)
    device = V3Sender(await keys.lock(slow, SENDER))
    async with receiving(slow) as here:
        here.send(device.seal(v2_pdu(COLD_START)))
        assert (await here.event()).data["trap"] == "coldStart"
    await keys.close()


async def test_a_flood_of_one_source_is_dropped_before_it_is_decoded_and_others_are_heard():
    resolver = FakeResolver({"switch.test": ("127.0.0.2",)})
    async with receiving(address="switch.test", resolver=resolver) as here:
        flood = [v2c(LINK_DOWN, request_id=n) for n in range(5000)]
        for start in range(0, 5000, 100):
            here.send(*flood[start : start + 100])
            await asyncio.sleep(0.001)
        here.send(v2c(COLD_START), source="127.0.0.2")
        await here.until(lambda: any(event.kind == "trap" for event in here.events))
        dropped = sum(
            here.count("netmon_traps_dropped_total", reason=reason)
            for reason in ("stranger", "all", "kernel")
        )
        told = here.count("netmon_traps_told_total")
        assert dropped + told == 5001
        assert told == 2  # the device's, and that there is a stranger


async def test_what_the_kernel_dropped_is_counted_too():
    async with receiving() as here:
        here.send(*(v2c(LINK_DOWN, request_id=n) for n in range(5000)))  # and nobody reads meanwhile
        await here.until(
            lambda: (
                here.count("netmon_traps_received_total")
                + here.count("netmon_traps_dropped_total", reason="kernel")
                == 5000
            )
        )
        assert here.count("netmon_traps_dropped_total", reason="kernel") > 0


async def test_more_events_than_there_is_room_for_are_counted():
    async with receiving(settings=TrapsSettings(per_second=1000, all_per_second=1000)) as here:
        here.source._gate.know({"127.0.0.1": "router"})
        receiver = here.source._receiver
        receiver._events = [sdk.Event("trap", (), "", sdk.Stamp("b", 0, 0))] * 1000
        here.send(v2c(LINK_DOWN))
        await until(lambda: here.source._counts.told)
        await here.read()
        assert here.count("netmon_traps_dropped_total", reason="queue") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pysnmp knows pysmi by its old names
async def test_what_pysnmp_sends_is_understood_and_it_understands_the_acknowledgement():
    from pysnmp.hlapi.v3arch import asyncio as oracle

    user = oracle.UsmUserData(
        "netmon",
        "authentication-passphrase",
        "encryption-passphrase",
        authProtocol=oracle.usmHMAC192SHA256AuthProtocol,
        privProtocol=oracle.usmAesCfb128Protocol,
    )
    async with receiving(COMMUNITY, USER) as here:
        target = await oracle.UdpTransportTarget.create(("127.0.0.1", here.port), timeout=3, retries=1)
        for who, kind in (
            (oracle.CommunityData("trap-community", mpModel=0), "trap"),
            (oracle.CommunityData("trap-community", mpModel=1), "trap"),
            (oracle.CommunityData("trap-community", mpModel=1), "inform"),
            (user, "trap"),
            (user, "inform"),
        ):
            engine = oracle.SnmpEngine()  # one for each: it keeps what it learnt of a community
            said = oracle.NotificationType(oracle.ObjectIdentity(LINK_UP))
            error, *_ = await oracle.send_notification(
                engine, who, target, oracle.ContextData(), kind, said, lookupMib=False
            )
            assert error is None
            event = await here.event()
            assert (event.data["trap"], event.data["inform"]) == ("linkUp", kind == "inform")
            engine.close_dispatcher()


def test_a_socket_of_systemd_is_used_again_and_again():
    script = """
import os, socket, sys
from collectors.traps import socket_door
ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); ours.bind(("127.0.0.1", 0))
os.dup2(ours.fileno(), 3) if ours.fileno() != 3 else None
environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
for _ in range(2):
    with socket_door.listen("systemd", environ) as found:
        assert found.getsockname() == ours.getsockname()
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize("environ", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_FDS": "x"}])
def test_no_socket_of_systemd_is_said_in_words(environ):
    with pytest.raises(sdk.SourceError, match=r"netmon-traps\.socket"):
        socket_door.listen("systemd", environ)


def test_an_address_that_is_taken_is_said_in_words():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        taken = f"127.0.0.1:{sock.getsockname()[1]}"
        with pytest.raises(sdk.SourceError, match="Address already in use"):
            socket_door.listen(taken, {})


@pytest.mark.parametrize(
    ("trap", "read_anew"),
    [("1.3.6.1.2.1.33.2.1", True), ("1.3.6.1.2.1.47.2.0.1", True), (LINK_DOWN, False)],
)
async def test_after_what_speaks_of_sensors_and_parts_the_poll_reads_what_is_not_due(trap, read_anew):
    async with receiving() as heard:
        context = heard.source.context
        (device,) = heard.source.assignment.devices
        session = (await context.shared.get(SnmpEngine)).session(device, context)
        before = session.generation
        heard.send(v2c(trap))
        await heard.until(lambda: "device/router" in heard.wanted)
        assert (session.generation > before) is read_anew


async def test_a_port_that_is_taken_costs_no_start_of_the_engine(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assignment = sdk.Assignment("traps", (f"127.0.0.1:{port}",), 30.0, 10.0, credentials=(COMMUNITY,))
        source = TrapsSource(assignment, TrapsSettings())
        context = make_context(state_folder=tmp_path)
        for _ in range(3):
            with pytest.raises(sdk.SourceError, match="cannot listen"):
                await source.open(context)
            await source.close()
    assert list(tmp_path.iterdir()) == []
    await context.shared.close()


async def test_what_cannot_be_opened_gives_its_port_back(tmp_path):
    class Lost(FakeResolver):
        async def addresses(self, host):
            raise OSError(host)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    device = sdk.Device("router", "router.example", 161, COMMUNITY)
    assignment = sdk.Assignment(
        "traps", (f"127.0.0.1:{port}",), 30.0, 10.0, devices=(device,), credentials=(COMMUNITY,)
    )
    source = TrapsSource(assignment, TrapsSettings())
    context = make_context(state_folder=tmp_path, resolver=Lost())
    with pytest.raises(OSError, match="router"):
        await source.open(context)
    socket_door.listen(f"127.0.0.1:{port}", {}).close()
    await context.shared.close()
