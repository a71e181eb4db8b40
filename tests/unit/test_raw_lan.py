"""The source of the local network, with a helper whose wire is a test's."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from fakes.context import make_context
from scapy.layers.l2 import ARP, Ether

from netmon import sdk
from probes.raw.frames import Neighbour, Offer
from probes.raw.grammar import Frame, Task
from probes.raw.helper import Helper
from probes.raw.lan import LanSource
from probes.raw.lan_memory import LanMemory, conflicting

STAMP = sdk.Stamp("boot", 1, 1)
KEY = (("site", "s"), ("probe", "lan"), ("target", "eth0"))


def arp(mac, address):
    return Frame(bytes(Ether(src=mac) / ARP(op=2, hwsrc=mac, psrc=address)), 0.001)


@asynccontextmanager
async def helper(folder, on_wire, listen=lambda _interface: list):
    """Serve what `on_wire` answers; gives the path of the socket."""
    path = folder / "raw"
    server = await asyncio.start_unix_server(Helper(on_wire, listen).serve, path, limit=256)
    async with server:
        yield path


async def read(path, targets=("eth0",), timeout_seconds=5.0, **settings):
    source = LanSource(
        sdk.Assignment("lan", targets, 60.0, timeout_seconds),
        LanSource.settings_type(socket=str(path), **settings),
    )
    await source.open(make_context())
    return await source.read()


def row(reading, at=0):
    metrics = zip(reading.shape.metrics, reading.columns, strict=True)
    return {
        " ".join((m.name.removeprefix("netmon_lan_"), *dict(m.labels).values())): c[at] for m, c in metrics
    }


async def test_neighbours_are_counted_and_told_as_facts(tmp_path):
    answers = [arp("02:00:00:00:00:01", "192.0.2.1"), arp("02:00:00:00:00:02", "192.0.2.2")]
    async with helper(tmp_path, lambda ask: answers if ask.task is Task.ARP else []) as path:
        reading, *records = await read(path, switches=False, dhcp=False)
    found = row(reading)
    assert (found["neighbours 4"], found["neighbours 6"], found["address_conflicts"]) == (2, 0, 0)
    assert (found["dhcp_servers"], found["link_neighbours"]) == (None, None)
    assert [(record.kind, dict(record.key)["mac"]) for record in records] == [
        ("lan_neighbour", "02:00:00:00:00:01"),
        ("lan_neighbour", "02:00:00:00:00:02"),
    ]


async def test_frames_that_are_no_answers_are_left_out(tmp_path):
    async with helper(tmp_path, lambda _ask: [Frame(b"nonsense", 0.0)]) as path:
        reading, *records = await read(path)
    assert (row(reading)["neighbours 4"], row(reading)["dhcp_servers"], records) == (0, 0, [])


async def test_without_a_helper_the_remedy_is_told(tmp_path):
    with pytest.raises(sdk.SourceError, match="systemctl enable --now netmon-raw") as caught:
        await read(tmp_path / "nobody")
    assert caught.value.outcome == sdk.Outcome.UNSUPPORTED


async def test_an_interface_that_is_not_there_is_told_in_the_systems_words(tmp_path):
    def gone(_ask):
        raise OSError(19, "No such device")

    async with helper(tmp_path, gone) as path:
        with pytest.raises(sdk.SourceError, match="eth0: No such device"):
            await read(path)


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b"x" * 4_000_000, b'{"frames": 1}\n'])
async def test_a_helper_that_talks_nonsense_is_garbled(tmp_path, answer):
    async def serve(_reader, writer):
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(serve, tmp_path / "raw"):
        with pytest.raises(sdk.SourceError) as caught:
            await read(tmp_path / "raw")
    assert caught.value.outcome == sdk.Outcome.GARBLED


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b"x" * 1000, b""], ids=["empty", "no ask", "endless", "gone"]
)
async def test_the_helper_survives_who_breaks_the_grammar(tmp_path, line):
    async with helper(tmp_path, lambda _ask: []) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        writer.write_eof()
        async with asyncio.timeout(5):
            said = await reader.read()
        writer.close()
        assert said == b"" or b"error" in said
        assert await read(path)


@pytest.mark.parametrize("target", ["", "eth 0", "../x", "a-name-that-is-too-long"])
def test_a_target_that_is_no_interface_is_refused_before_it_runs(target):
    with pytest.raises(sdk.UsageError, match="no interface's name"):
        LanSource(sdk.Assignment("lan", (target,), 60.0, 5.0), LanSource.settings_type())


def server(address, mac="02:00:00:00:00:01"):
    return Offer(address, mac, "192.0.2.50", (), (), 3600)


def kinds(records):
    return [record.kind for record in records]


def test_a_second_server_is_an_event_once():
    memory = LanMemory(KEY, frozenset())
    assert kinds(memory.servers([server("192.0.2.1")], STAMP)) == ["dhcp_server"]
    both = [server("192.0.2.1"), server("192.0.2.66")]
    assert kinds(memory.servers(both, STAMP)) == ["dhcp_server", "dhcp_unexpected_server"]
    assert kinds(memory.servers(both, STAMP)) == []
    assert memory.unexpected(both) == ["192.0.2.66"]
    assert kinds(memory.servers([server("192.0.2.1")], STAMP)) == []
    assert kinds(memory.servers(both, STAMP)) == ["dhcp_unexpected_server"]


def test_a_lone_server_that_is_not_the_expected_one_is_an_event():
    memory = LanMemory(KEY, frozenset({"192.0.2.1"}))
    assert kinds(memory.servers([server("192.0.2.66")], STAMP)) == ["dhcp_server", "dhcp_unexpected_server"]


def test_an_address_that_two_hosts_claim_is_an_event_once():
    memory = LanMemory(KEY, frozenset())
    both = [Neighbour("02:00:00:00:00:01", "192.0.2.9"), Neighbour("02:00:00:00:00:02", "192.0.2.9")]
    first = list(memory.neighbours(both, STAMP))
    assert kinds(first)[-1] == "address_conflict"
    assert first[-1].text == "192.0.2.9 is claimed by 02:00:00:00:00:01, 02:00:00:00:00:02"
    assert list(memory.neighbours(both, STAMP)) == []
    assert list(conflicting(both)) == ["192.0.2.9"]


def test_invented_hosts_do_not_fill_the_memory():
    memory = LanMemory(KEY, frozenset())
    crowd = [Neighbour(number.to_bytes(6, "big").hex(":"), "192.0.2.1") for number in range(10_000)]
    facts = [record for record in memory.neighbours(crowd, STAMP) if isinstance(record, sdk.Fact)]
    assert len(facts) == 4096
