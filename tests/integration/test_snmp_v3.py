"""SNMPv3 against Debian's snmpd: every pair of protocols by name, refusals in words, restarts."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.snmp_agent import snmp_context
from fakes.snmpd_v3 import AUTH_SECRET, PAIRS, PRIVACY_SECRET, Snmpd, credential, users

from collectors.interfaces import InterfacesCollector
from collectors.snmp import mib
from collectors.snmp.engine import SnmpEngine
from collectors.system import SystemCollector
from netmon import sdk

pytestmark = pytest.mark.servers

NONE = (None, None)
STRONG = ("SHA-256", "AES-128")
PINNED = "exactEngineID 0x80001f8804746573742d31"


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    server = Snmpd(tmp_path_factory.mktemp("snmpd"), users([*PAIRS, NONE]))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_agent(tmp_path):
    server = Snmpd(tmp_path, users([STRONG, ("SHA-1", "AES-256-Reeder")]))
    try:
        yield server
    finally:
        server.stop()


def assignment(name, device):
    return sdk.Assignment(name, (device.name,), 30.0, 10.0, device=device)


async def opened(kind, name, device, context):
    collector = kind(assignment(name, device), sdk.NoSettings())
    await collector.open(context)
    return collector


async def session_of(agent, wanted, context):
    return (await context.shared.get(SnmpEngine)).session(agent.device(wanted), context)


@pytest.mark.parametrize(("auth", "privacy"), [*PAIRS, NONE], ids=[f"{a}/{p}" for a, p in [*PAIRS, NONE]])
async def test_every_pair_that_snmpd_offers_reads_the_same(agent, auth, privacy):
    async with snmp_context(2.0) as context:
        session = await session_of(agent, credential(auth, privacy), context)
        values = await session.get((mib.SYS_NAME,), 10.0)
        table = await session.table((mib.IF_DESCR,), 10.0)
    assert values[mib.SYS_NAME] == b"snmpd.test"
    assert b"lo" in table[mib.IF_DESCR]
    assert not table.partial


WRONG = [
    ("user", {"user": "stranger"}, "usmStatsUnknownUserNames"),
    ("auth-passphrase", {"auth_secret": sdk.SecretStr("a-wrong-one")}, "usmStatsWrongDigests"),
    ("auth-protocol", {"auth": "SHA-512"}, "usmStatsWrongDigests"),
    (
        "privacy-passphrase",
        {"privacy_secret": sdk.SecretStr("a-wrong-one")},
        "answers nothing from this user",
    ),
    ("level", {"privacy": None}, "does not let this community or user read it"),
    ("context", {"context_name": "elsewhere"}, "answers nothing from this user"),
]


@pytest.mark.parametrize(("changes", "words"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
async def test_a_refusal_is_denied_in_words_and_not_hammered(agent, caplog, changes, words):
    caplog.set_level(logging.DEBUG)
    story = []
    async with snmp_context(0.3, trace=story.append) as context:
        session = await session_of(agent, credential(*STRONG, **changes), context)
        failures = []
        for _ in range(3):
            with pytest.raises(sdk.SourceError) as caught:
                await session.get((mib.SYS_NAME,), 10.0)
            failures.append(caught.value)
        sent = session.counters.packets_sent
    assert {failure.outcome for failure in failures} == {sdk.Outcome.DENIED}
    assert all(words in str(failure) for failure in failures)
    told = "".join([*story, *map(str, failures), caplog.text])
    assert not any(secret in told for secret in (AUTH_SECRET, PRIVACY_SECRET, "a-wrong-one"))
    assert sent <= 6


async def test_an_agent_without_the_users_level_says_so(agent):
    wanted = credential("SHA-256", None, privacy="AES-128", privacy_secret=sdk.SecretStr(PRIVACY_SECRET))
    async with snmp_context(0.3) as context:
        session = await session_of(agent, wanted, context)
        with pytest.raises(sdk.SourceError, match="usmStatsUnsupportedSecLevels") as caught:
            await session.get((mib.SYS_NAME,), 10.0)
    assert caught.value.outcome == sdk.Outcome.DENIED


def test_only_who_encrypts_loads_the_library():
    script = (
        "import sys, collectors.interfaces, collectors.snmp.command; print('cryptography' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


WITHOUT_LIBRARY = """
import asyncio, sys
sys.modules["cryptography"] = None
from fakes.snmpd_v3 import credential
from collectors.snmp.usm_keyring import KeyRing
from netmon import sdk

print(bool(asyncio.run(KeyRing().lock(credential("SHA-256", None), b"engine"))))
try:
    asyncio.run(KeyRing().lock(credential("SHA-256", "AES-128"), b"engine"))
except sdk.SourceError as error:
    print(error.outcome, error)
"""


def test_a_machine_without_the_library_has_all_but_privacy():
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARY],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert found.stdout.splitlines() == [
        "True",
        "unsupported SNMPv3 privacy needs the library cryptography, which this machine does not have",
    ]


@pytest.mark.parametrize("kind", [SystemCollector, InterfacesCollector], ids=["system", "interfaces"])
async def test_the_next_poll_after_a_restart_is_whole(own_agent, kind):
    own_agent.start()
    async with snmp_context(2.0) as context:
        collector = await opened(kind, "any", own_agent.device(credential(*STRONG)), context)
        before = [await collector.read() for _ in range(3)][-1]
        own_agent.stop()
        own_agent.start()
        records = await collector.read()
    assert records[0].outcomes == before[0].outcomes
    assert set(records[0].outcomes) == {sdk.Outcome.OK}
    assert "engine_boots_decreased" not in [r.kind for r in records if isinstance(r, sdk.Event)]


@pytest.mark.parametrize("kind", [SystemCollector, InterfacesCollector], ids=["system", "interfaces"])
async def test_boots_that_went_down_cost_no_poll_and_are_an_event(own_agent, kind):
    own_agent.config += f"\n{PINNED}"
    own_agent.start()
    for _ in range(3):
        own_agent.stop()
        own_agent.start()
    async with snmp_context(2.0) as context:
        collector = await opened(kind, "any", own_agent.device(credential(*STRONG)), context)
        for _ in range(3):  # the third one goes by plan
            await collector.read()
        own_agent.stop()
        own_agent.forget()
        own_agent.start()
        records = await collector.read()
        again = await collector.read()
    events = [record for record in records if isinstance(record, sdk.Event)]
    found = [event for event in events if event.kind == "engine_boots_decreased"]
    assert [(event.data["before"] > event.data["after"], event.key[1]) for event in found] == [
        (True, ("device", "host"))
    ]
    assert isinstance(records[0], sdk.Reading)
    assert "engine_boots_decreased" not in [r.kind for r in again if isinstance(r, sdk.Event)]


async def test_an_agent_with_another_engine_id_costs_no_poll(own_agent):
    own_agent.config += f"\n{PINNED}"
    own_agent.start()
    async with snmp_context(2.0) as context:
        session = await session_of(own_agent, credential(*STRONG), context)
        await session.get((mib.SYS_NAME,), 10.0)
        own_agent.rename(PINNED, f"{PINNED[:-1]}2")
        assert (await session.get((mib.SYS_NAME,), 10.0))[mib.SYS_NAME] == b"snmpd.test"


async def test_it_costs_one_poll_where_its_keys_take_long(own_agent):
    own_agent.config += f"\n{PINNED}"
    own_agent.start()
    async with snmp_context(2.0) as context:
        session = await session_of(own_agent, credential("SHA-1", "AES-256-Reeder"), context)
        await session.get((mib.SYS_NAME,), 10.0)
        own_agent.rename(PINNED, f"{PINNED[:-1]}2")
        with pytest.raises(sdk.SourceError, match="new engine ID"):
            await session.get((mib.SYS_NAME,), 10.0)
        assert (await session.get((mib.SYS_NAME,), 10.0))[mib.SYS_NAME] == b"snmpd.test"


async def test_an_agent_that_is_away_is_a_timeout_and_no_refusal(own_agent):
    own_agent.start()
    async with snmp_context(0.2) as context:
        session = await session_of(own_agent, credential(*STRONG), context)
        await session.get((mib.SYS_NAME,), 10.0)
        own_agent.stop()
        with pytest.raises(sdk.SourceError) as caught:
            await session.get((mib.SYS_NAME,), 10.0)
        own_agent.start()
        assert (await session.get((mib.SYS_NAME,), 10.0))[mib.SYS_NAME] == b"snmpd.test"
    assert caught.value.outcome in {sdk.Outcome.TIMEOUT, sdk.Outcome.REFUSED}
