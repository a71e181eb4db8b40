"""`netmon record` writes what a device says, and the file replayed is the same device."""

import asyncio
import contextlib
import re
from argparse import ArgumentParser

import pytest
from fakes.recordings import lab, recsim, replayed
from fakes.snmp_agent import COMMUNITY, FaultyAgent, bench, credential, snmp_context

from collectors.snmp import ber, recording
from collectors.snmp.agent import serve
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.message import Pdu, Status
from collectors.snmp.record import RecordCommand
from collectors.snmp.redaction import Redaction
from collectors.snmp.subtree import Bounds
from netmon import sdk


def standalone(trace):
    return snmp_context(0.2, trace=trace)


async def record(port, out, *words, community=COMMUNITY):
    parser, command = ArgumentParser(), RecordCommand()
    command.arguments(parser)
    options = parser.parse_args([f"127.0.0.1:{port}", "--community", community, "--out", str(out), *words])
    options.standalone = standalone
    code = await asyncio.to_thread(command.run, options)
    return code, out.read_text()


def variables(text):
    return list(recording.read(text.splitlines()))


async def test_a_recording_replayed_gives_the_same_recording(tmp_path):
    async with bench() as made:
        code, first = await record(made.device.port, tmp_path / "first.snmprec", "--keep-names")
    assert code == 0
    objects = replayed(first)
    transport, port = await serve(FaultyAgent(lambda: objects), "127.0.0.1")
    _, second = await record(port, tmp_path / "second.snmprec", "--keep-names")
    transport.close()
    # Addresses in it were masked once: the stand-ins are masked again, in the same order.
    assert [r.name for r in variables(first)] == [r.name for r in variables(second)]
    assert first == second


@pytest.mark.parametrize(
    "name", ["ios_2960x", "junos_mx5t-isis", "openwrt", "fortigate_60fospfv3", "unifi_nanohd"]
)
async def test_another_simulator_replays_a_recording_of_a_real_device(tmp_path, name):
    original = lab("corpus", "recordings", f"{name}.snmprec")
    async with recsim(original) as port:
        code, _ = await record(port, tmp_path / "masked.snmprec", community=name)
    assert code == 0
    async with recsim(tmp_path / "masked.snmprec") as port, snmp_context(5.0) as context:
        device = sdk.Device("masked", "127.0.0.1", port, credential("masked"))
        session = (await context.shared.get(SnmpEngine)).session(device, context)
        walked = []
        for root in ((1, 0), (1, 2), (1, 3)):
            walked += (await session.everything(root, Bounds(), lambda _walked: None)).found
    written = variables((tmp_path / "masked.snmprec").read_text())
    assert [recording.line(r) for r in walked] == [recording.line(r) for r in written]
    assert len(written) > 200


async def test_the_file_holds_all_of_the_device(tmp_path):
    async with bench() as made:
        made.switch.changes["1.3.6.1.6.3.18.1.1.1.2.1"] = COMMUNITY
        made.switch.changes["1.0.8802.1.1.2.1.3.2.0"] = "lldp"
        _, text = await record(made.device.port, tmp_path / "r.snmprec")
        expected = len(made.switch.objects()._order) - 1
    found = variables(text)
    assert len(found) == expected
    assert [r.name for r in found] == sorted(r.name for r in found)
    assert COMMUNITY not in text
    assert "noc@example.net" not in text


async def test_only_what_is_below_a_root(tmp_path):
    async with bench() as made:
        _, text = await record(made.device.port, tmp_path / "r.snmprec", "--root", "1.3.6.1.2.1.1")
    assert len(variables(text)) == 6


@pytest.mark.parametrize("how", ["silence", "genErr"])
async def test_a_device_without_getbulk_is_recorded_too(tmp_path, how):
    async with bench() as made:
        if how == "silence":
            made.agent.drop = lambda header: header.pdu == Pdu.GETBULK
        else:
            made.agent.status = lambda h, _: Status.GEN_ERR if h.pdu == Pdu.GETBULK else Status.NO_ERROR
        code, text = await record(made.device.port, tmp_path / "r.snmprec", "--root", "1.3.6.1.2.1.1")
    assert code == 0
    assert len(variables(text)) == 6


async def test_version_1_is_recorded_to_its_end(tmp_path):
    async with bench() as made:
        code, text = await record(made.device.port, tmp_path / "r.snmprec", "--v1")
        assert code == 0
        assert len(variables(text)) == len(made.switch.objects()._order)


async def test_a_device_that_walks_in_a_circle_leaves_a_file_that_says_so(tmp_path, capsys):
    async with bench() as made:
        made.agent.successor = lambda name: (*name[:-1], 1) if name[-1] == 4 and len(name) > 10 else None
        code, text = await record(made.device.port, tmp_path / "r.snmprec")
    assert code == 1
    assert "# not whole" in text
    assert len(variables(text)) > 5
    assert "do not increase" in capsys.readouterr().err


async def test_a_dark_device_is_an_error_and_no_file(tmp_path):
    async with bench() as made:
        made.agent.drop = lambda _header: True
        with pytest.raises(sdk.SourceError) as caught:
            await record(made.device.port, tmp_path / "r.snmprec", "--timeout", "1s")
    assert caught.value.outcome == sdk.Outcome.TIMEOUT
    assert not (tmp_path / "r.snmprec").exists()


@pytest.mark.parametrize("words", [("--root", "1.x"), ("--timeout", "soon")])
async def test_a_wrong_argument_is_said_before_anything_is_sent(tmp_path, words):
    async with bench() as made:
        with pytest.raises(sdk.UsageError):
            await record(made.device.port, tmp_path / "r.snmprec", *words)
        assert made.agent.requests_total == 0


def test_no_address_that_a_recorded_device_tells_is_left_in_its_masked_recording():
    for path in sorted(lab("corpus", "recordings").glob("*.snmprec")):
        found = list(sound(path.read_text("latin-1").splitlines()))
        redaction = Redaction([b"public"])
        shown = redaction.redacted(found)
        text = "\n".join(map(recording.line, shown))
        assert len(shown) > 0.9 * len(found), path.stem
        for address in {r.content for r in found if r.tag == ber.IP_ADDRESS and len(r.content) == 4}:
            dotted = ber.dotted(tuple(address))
            if redaction._masks.address(address) != address and max(address) > 31:
                assert not re.search(rf"(?<!\d){re.escape(dotted)}(?!\d)", text), (path.stem, dotted)
        for address in {r.content for r in found if r.tag == ber.OCTET_STRING and len(r.content) == 6}:
            if redaction._masks.known.get(address, address) != address:
                assert address.hex() not in text, (path.stem, address.hex())


def sound(lines):
    """Yield what our reader understands of a recording that others made."""
    for line in lines:
        with contextlib.suppress(ber.BerError):
            recorded = recording.parse(line)
            recording.line(recorded)
            yield recorded
