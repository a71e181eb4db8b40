"""Version 3: proven before it is believed, played back in vain, and answered as our own engine."""

import asyncio
from dataclasses import replace

import pytest
from fakes.traps import COLD_START, LINK_DOWN, SENDER, USER, V3Sender, v2_pdu, v2c
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber, usm_message
from collectors.snmp.ber import BerError
from collectors.snmp.message import Pdu, decode_varbinds
from collectors.snmp.usm_channel import Lock
from collectors.snmp.usm_keyring import KeyRing
from collectors.snmp.usm_message import AUTH, REPORTABLE
from collectors.traps.counts import Counts, Reason
from collectors.traps.hearing import Hearing, Letter
from collectors.traps.names import load_names
from collectors.traps.own_engine import OwnEngine
from collectors.traps.refusal import KeysWanted, Refused
from collectors.traps.usm import UsmReceiver
from netmon import sdk

OWN = OwnEngine(bytes.fromhex("80007ed9050102030405060708"), 7, 0.0)
STAMP = sdk.Stamp("boot", 0, 0)
NAMES = load_names()


def ready_keys():
    keys = KeyRing()

    async def stretch():
        await keys.stretch(USER)
        await keys.close()

    asyncio.run(stretch())
    return keys


KEYS = ready_keys()


def sender(engine_id=SENDER, credential=USER, **changes):
    return V3Sender(KEYS.lock_now(credential, engine_id), engine_id, **changes)


@pytest.fixture
def usm():
    return UsmReceiver((USER,), KEYS, OWN)


def refusal(usm, datagram, now=10.0):
    with pytest.raises(Refused) as caught:
        usm.open(datagram, now)
    return caught.value


def reported(datagram):
    """Return the report's number in usmStats, and its envelope."""
    envelope = usm_message.decode(datagram)
    scoped = usm_message.decode_scoped(datagram[envelope.start :])
    assert scoped.header.pdu == usm_message.REPORT
    (bound,) = decode_varbinds(scoped.body, scoped.header)
    return ber.decode_oid(bound.name)[-2], envelope


def test_a_trap_that_its_sender_signed_and_encrypted_is_opened(usm):
    heard = usm.open(sender().seal(v2_pdu(COLD_START)), 10.0)
    assert heard.envelope.engine_id == SENDER
    assert heard.scoped.header.pdu == 0xA7


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user": b"somebody"}, Reason.USER),
        ({"flags": 0}, Reason.USER),
        ({"flags": AUTH}, Reason.USER),
        ({"lock": KEYS.lock_now(USER, SENDER + b"x")}, Reason.DIGEST),
    ],
)
def test_what_is_not_the_users_is_refused_and_not_answered(usm, changes, reason):
    found = refusal(usm, replace(sender(), **changes).seal(v2_pdu(COLD_START)))
    assert (found.reason, found.reply) == (reason, b"")


def test_a_sender_that_proves_nothing_is_not_remembered(usm):
    for number in range(100):
        forged = V3Sender(Lock("sha256", 24, b"wrong"), SENDER + bytes((number,)), flags=AUTH | 2)
        forged.lock = replace(forged.lock, cipher=KEYS.lock_now(USER, SENDER).cipher)
        assert refusal(usm, forged.seal(v2_pdu(COLD_START))).reason is Reason.DIGEST
    assert usm._peers == {}


def test_a_recording_is_refused_when_it_is_older_than_the_window(usm):
    device = sender()
    old = device.seal(v2_pdu(LINK_DOWN))
    usm.open(old, 10.0)
    device.seconds = 1200
    usm.open(device.seal(v2_pdu(LINK_DOWN)), 210.0)
    assert refusal(usm, old, 211.0).reason is Reason.TIME


def test_a_restart_of_the_sender_is_believed_and_its_past_is_not(usm):
    device = sender()
    usm.open(device.seal(v2_pdu(LINK_DOWN)), 10.0)
    device.boots, device.seconds = 4, 3
    usm.open(device.seal(v2_pdu(COLD_START)), 20.0)
    device.boots = 3
    assert refusal(usm, device.seal(v2_pdu(LINK_DOWN)), 21.0).reason is Reason.TIME


def test_the_question_who_is_there_is_answered_with_our_engine_and_its_time(usm):
    asked = V3Sender(Lock(), b"", user=b"").seal(v2_pdu(COLD_START, inform=True), REPORTABLE)
    found = refusal(usm, asked)
    number, envelope = reported(found.reply)
    assert (found.reason, number) == (None, 4)  # usmStatsUnknownEngineIDs
    assert (envelope.engine_id, envelope.boots, envelope.seconds) == (OWN.engine_id, 7, 10)
    assert envelope.message_id == usm_message.decode(asked).message_id


def test_an_inform_at_our_time_is_opened_and_acknowledged_with_its_own_variables(usm):
    device = sender(OWN.engine_id, boots=7, seconds=10)
    heard = usm.open(device.seal(v2_pdu(COLD_START, inform=True), REPORTABLE), 12.0)
    answer = usm.acknowledge(heard, 12.0)
    envelope = usm_message.decode(answer)
    lock = device.lock
    plain = lock.cipher.decrypt(answer[envelope.start :], envelope.salt, envelope.boots, envelope.seconds)
    scoped = usm_message.decode_scoped(plain)
    assert scoped.header.pdu == Pdu.RESPONSE
    assert (scoped.header.request_id, scoped.header.first) == (77, 0)
    assert scoped.body[scoped.header.start :] == heard.scoped.body[heard.scoped.header.start :]
    assert envelope.message_id == heard.envelope.message_id


@pytest.mark.parametrize(
    ("boots", "seconds", "reason"), [(0, 0, None), (6, 10, Reason.TIME), (7, 400, Reason.TIME)]
)
def test_an_inform_at_another_time_is_told_ours_in_a_signed_report(usm, boots, seconds, reason):
    device = sender(OWN.engine_id, boots=boots, seconds=seconds)
    found = refusal(usm, device.seal(v2_pdu(COLD_START, inform=True), REPORTABLE))
    number, envelope = reported(found.reply)
    assert (found.reason, number, envelope.flags) == (reason, 2, AUTH)  # usmStatsNotInTimeWindows
    assert (envelope.boots, envelope.seconds, len(envelope.mac)) == (7, 10, 24)


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"user": b"x"}, 3), ({"flags": AUTH}, 1), ({"lock": KEYS.lock_now(USER, SENDER)}, 5)],
)
def test_an_inform_that_is_refused_is_told_why(usm, changes, number):
    device = replace(sender(OWN.engine_id, boots=7, seconds=10), **changes)
    found = refusal(usm, device.seal(v2_pdu(COLD_START, inform=True), REPORTABLE))
    assert reported(found.reply)[0] == number


def test_an_inform_that_was_made_for_another_engine_is_garbled(usm):
    with pytest.raises(BerError, match="another engine"):
        usm.open(sender().seal(v2_pdu(COLD_START, inform=True)), 10.0)


def test_keys_that_take_long_are_asked_for_only_by_who_has_signed():
    reeder = replace(USER, auth="SHA-1", privacy="AES-256-Reeder")
    keys = KeyRing()

    async def lock():
        await keys.stretch(reeder)
        found = await keys.lock(reeder, SENDER)
        await keys.close()
        return found

    device = V3Sender(asyncio.run(lock()))
    usm = UsmReceiver((reeder,), keys, OWN)
    with pytest.raises(KeysWanted):
        usm.open(device.seal(v2_pdu(COLD_START)), 10.0)
    forged = replace(device, lock=replace(device.lock, auth_key=b"wrong"))
    assert refusal(usm, forged.seal(v2_pdu(COLD_START))).reason is Reason.DIGEST


GOOD = (
    sender().seal(v2_pdu(COLD_START)),
    sender(OWN.engine_id, boots=7, seconds=10).seal(v2_pdu(COLD_START, inform=True), REPORTABLE),
    V3Sender(Lock(), b"", user=b"").seal(v2_pdu(COLD_START, inform=True), REPORTABLE),
    v2c(LINK_DOWN),
)


@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), max_size=4),
    st.binary(max_size=20),
    st.integers(0, 300),
)
def test_whatever_comes_is_an_event_an_answer_or_a_count(datagram, changes, tail, cut):
    octets = bytearray(datagram)
    for at, octet in changes:
        octets[at % len(octets)] = octet
    hearing = Hearing("site", frozenset((b"trap-community",)), UsmReceiver((USER,), KEYS, OWN), NAMES)
    counts = Counts()
    told = hearing.hear(
        Letter(bytes(octets[: cut or None]) + tail, "192.0.2.1", "router", 10.0), STAMP, counts
    )
    assert len(told.reply) < 400
    assert counts.told + sum(counts.dropped.values()) + bool(told.reply) >= 1
    assert all(len(event.text) <= 255 for event in told.events)


@given(st.binary(max_size=300))
def test_any_octets_at_all_are_counted_as_garbled(octets):
    hearing = Hearing("site", frozenset((b"public",)), UsmReceiver((USER,), KEYS, OWN), NAMES)
    counts = Counts()
    hearing.hear(Letter(octets, "192.0.2.1", "router", 10.0), STAMP, counts)
    assert counts.dropped[Reason.GARBLED] + counts.dropped[Reason.COMMUNITY] == 1
