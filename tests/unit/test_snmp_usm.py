"""SNMPv3's envelope against an engine in memory: discovery, time, restarts, refusals, forgeries."""

from contextlib import suppress

import pytest
from fakes.context import FakeClock, make_context
from fakes.usm_engine import FakeEngine, exchange
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber, usm_message
from collectors.snmp.message import MIN_REQUEST_ID, Pdu
from collectors.snmp.usm import UsmEnvelope
from collectors.snmp.usm_channel import Channel, Lock, Untrusted
from collectors.snmp.usm_cipher import cipher
from collectors.snmp.usm_clock import EngineClock
from collectors.snmp.usm_keyring import KeyRing
from netmon import sdk

CREDENTIAL = sdk.Credential(
    "core",
    sdk.SnmpVersion.V3,
    user="netmon",
    auth="SHA-1",
    auth_secret=sdk.SecretStr("authentication"),
    privacy="AES-128",
    privacy_secret=sdk.SecretStr("encryption"),
)
NAMES = (ber.encode_oid((1, 3, 6, 1, 2, 1, 1, 5, 0)),)
VARBINDS = ber.encode(
    ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, NAMES[0]) + ber.encode(ber.OCTET_STRING, b"sw-1")
)


class Rig:
    """An envelope and the engine that it talks to, with a clock for both."""

    def __init__(self, credential=CREDENTIAL, **engine):
        self.clock = FakeClock()
        self.context = make_context(clock=self.clock)
        self.credential = credential
        self.envelope = UsmEnvelope("sw1", credential, self.context)
        self.settings = engine
        self.engine = None

    async def start(self):
        keys = await self.context.shared.get(KeyRing)
        await keys.stretch(self.credential)
        lock = await keys.lock(self.credential, FakeEngine(Lock()).engine_id)
        self.engine = FakeEngine(lock, varbinds=VARBINDS, **self.settings)
        return self

    async def prepare(self):
        await self.envelope.prepare(self._ask)

    async def _ask(self, request):
        if exchange(self.envelope, self.engine, request) is None:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "no answer")

    def get(self):
        return exchange(self.envelope, self.engine, self.envelope.request(Pdu.GET, NAMES))

    async def __aenter__(self):
        return await self.start()

    async def __aexit__(self, *_):
        await self.context.shared.close()


async def test_two_messages_find_the_engine_and_prove_the_keys():
    async with Rig() as rig:
        await rig.prepare()
        asked = len(rig.engine.seen)
        body = rig.get()
    assert asked == 2
    assert [envelope.engine_id for envelope in rig.engine.seen] == [b"", *[rig.engine.engine_id] * 2]
    assert b"sw-1" in body
    header = rig.envelope.header(body)
    assert (header.pdu, header.request_id) == (Pdu.RESPONSE, MIN_REQUEST_ID)


async def test_an_engine_that_tells_its_time_only_when_it_signs_costs_one_message_more():
    async with Rig(tells_time=False) as rig:
        await rig.prepare()
        assert len(rig.engine.seen) == 3
        assert rig.get()


async def test_a_restart_with_boots_up_is_one_resynchronisation():
    async with Rig() as rig:
        await rig.prepare()
        rig.engine.boots, rig.engine.seconds = 6, 3
        before = len(rig.engine.seen)
        assert rig.get()
    assert len(rig.engine.seen) - before == 2
    assert rig.envelope.news() == []


async def test_boots_that_went_down_are_found_anew_and_told_once():
    async with Rig() as rig:
        await rig.prepare()
        rig.engine.boots, rig.engine.seconds = 1, 3
        before = len(rig.engine.seen)
        assert rig.get()
        news = rig.envelope.news()
    assert len(rig.engine.seen) - before == 3
    assert [(one.kind, one.data["before"], one.data["after"]) for one in news] == [
        ("engine_boots_decreased", 5, 1)
    ]
    assert rig.envelope.news() == []


async def test_an_engine_whose_time_fell_without_a_restart_is_found_anew_without_news():
    async with Rig() as rig:
        await rig.prepare()
        rig.engine.seconds = 2
        assert rig.get()
    assert rig.envelope.news() == []


async def test_another_engine_at_the_address_gets_keys_of_its_own():
    async with Rig() as rig:
        await rig.prepare()
        rig.engine.engine_id = b"\x80\x00\x1f\x88\x04other"
        rig.engine.lock = await (await rig.context.shared.get(KeyRing)).lock(CREDENTIAL, rig.engine.engine_id)
        assert rig.get()
    assert rig.envelope.news() == []


async def test_keys_that_take_long_are_made_off_the_loop():
    async with Rig(_with(privacy="AES-256-Reeder")) as rig:
        await rig.prepare()
        assert rig.get()


async def test_our_own_clock_may_step_as_it_likes():
    async with Rig() as rig:
        await rig.prepare()
        rig.clock.wall_offset_ns -= 10**18
        before = len(rig.engine.seen)
        assert rig.get()
        assert len(rig.engine.seen) - before == 1


async def test_the_engines_time_is_followed_between_polls():
    async with Rig() as rig:
        await rig.prepare()
        rig.clock.advance(100_000)
        rig.engine.seconds += 100_100
        before = len(rig.engine.seen)
        assert rig.get()
        assert len(rig.engine.seen) - before == 1


def _with(**changes):
    values = {name: getattr(CREDENTIAL, name) for name in CREDENTIAL.__dataclass_fields__}
    return sdk.Credential(**values | changes)


WRONG = [
    ({"user": "stranger"}, "denied", "knows no user"),
    ({"auth_secret": sdk.SecretStr("not the passphrase")}, "denied", "usmStatsWrongDigests"),
    ({"auth": "SHA-256"}, "denied", "usmStatsWrongDigests"),
    ({"privacy": None}, "denied", "usmStatsUnsupportedSecLevels"),
    ({"privacy_secret": sdk.SecretStr("not the passphrase")}, "denied", "answers nothing from this user"),
    ({"auth_secret": sdk.SecretStr("")}, "denied", "has no auth passphrase"),
]


@pytest.mark.parametrize(("changes", "outcome", "words"), WRONG, ids=[words for *_, words in WRONG])
async def test_a_refusal_is_told_in_words_without_the_secret(changes, outcome, words):
    async with Rig() as rig:
        rig.envelope = UsmEnvelope("sw1", _with(**changes), rig.context)
        with pytest.raises(sdk.SourceError, match=words) as caught:
            await rig.prepare()
    assert caught.value.outcome == outcome
    assert "not the passphrase" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "outcome", "words"),
    [
        (1, "denied", "usmStatsUnsupportedSecLevels"),
        (2, "rejected", "usmStatsNotInTimeWindows"),
        (6, "denied", "usmStatsDecryptionErrors"),
        (9, "denied", "report 1.3.6.1.6.3.15.1.1.9.0"),
    ],
)
async def test_an_engine_that_reports_for_ever_is_given_up_in_its_own_words(number, outcome, words):
    async with Rig(always=number) as rig:
        with pytest.raises(sdk.SourceError, match=words) as caught:
            await rig.prepare()
    assert caught.value.outcome == outcome
    assert len(rig.engine.seen) <= 8


async def test_an_engine_that_is_another_one_each_time_is_given_up():
    class Restless(FakeEngine):
        def answer(self, datagram):
            self.engine_id = self.engine_id[:-1] + bytes(((self.engine_id[-1] + 1) % 256,))
            return super().answer(datagram)

    async with Rig() as rig:
        rig.engine = Restless(rig.engine.lock)
        with pytest.raises(sdk.SourceError, match="usmStatsUnknownEngineIDs") as caught:
            await rig.prepare()
    assert caught.value.outcome == "rejected"
    assert len(rig.engine.seen) <= 8


async def test_a_doubled_discovery_is_no_reason_to_discover_again():
    async with Rig() as rig:
        request = rig.envelope.request(Pdu.GET, NAMES)
        report = rig.engine.answer(rig.envelope.seal(request, MIN_REQUEST_ID))
        await (await rig.context.shared.get(KeyRing)).stretch(CREDENTIAL)
        await rig.prepare()
        assert rig.envelope.open(report) is None
        before = len(rig.engine.seen)
        assert rig.get()
        assert len(rig.engine.seen) - before == 1


async def test_an_agent_that_went_away_before_it_proved_anything_is_no_refusal():
    async with Rig() as rig:

        async def garbled(request):
            exchange(rig.envelope, rig.engine, request)
            rig.envelope._answered = False
            raise sdk.SourceError(sdk.Outcome.GARBLED, "broken")

        async def silent(_request):
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "no answer")

        for ask, outcome in ((garbled, "garbled"), (silent, "timeout")):
            with pytest.raises(sdk.SourceError) as caught:
                await rig.envelope.prepare(ask)
            assert caught.value.outcome == outcome


async def test_a_user_that_was_refused_is_left_alone_for_a_while_that_doubles():
    async with Rig(always=5) as rig:
        asked = []
        for _ in range(60):
            with pytest.raises(sdk.SourceError, match="WrongDigests"):
                await rig.prepare()
            asked.append(len(rig.engine.seen))
            rig.clock.advance(30)
        assert asked[-1] == 2 * 8  # half an hour of polls: at 0, 30, 60, 120, 240, 480, 960 and 1560 s
        rig.engine.always = 0
        rig.clock.advance(600)
        await rig.prepare()
        assert rig.get()


async def test_a_user_without_security_is_answered_all_the_same():
    nobody = sdk.Credential("old", sdk.SnmpVersion.V3, user="netmon", allow_weak=True)
    rig = Rig(nobody)
    rig.engine = FakeEngine(Lock(), varbinds=VARBINDS)
    await rig.prepare()
    assert b"sw-1" in rig.get()


def test_keys_are_in_no_repr():
    lock = Lock("sha1", 12, b"very secret key", cipher("AES", b"k" * 16))
    assert "secret" not in repr(lock)


LOCK = Lock("sha1", 12, b"a" * 20, cipher("AES", b"k" * 16))


def channel_pair():
    """Return a channel that knows the engine's time, the engine, and a reply to its request."""
    engine = FakeEngine(LOCK, varbinds=VARBINDS)
    channel = Channel(engine.engine_id, b"netmon", LOCK, EngineClock(5, 1000, 0.0))
    pdu = b"\xa0\x0e\x02\x04\x00\x80\x00\x00\x02\x01\x00\x02\x01\x00\x30\x00"
    return channel, engine, engine.answer(channel.seal(MIN_REQUEST_ID, pdu, 0.0))


def test_a_reply_from_before_is_refused_when_the_window_has_passed():
    channel, engine, old = channel_pair()
    assert channel.open(old, 0.0).timely
    engine.seconds = 1200
    channel.clock.learn(5, 1200, 200.0)
    with pytest.raises(Untrusted, match="window"):
        channel.open(old, 200.0)


def test_a_reply_of_an_earlier_boot_is_refused():
    channel, _, old = channel_pair()
    channel.clock.learn(6, 10, 0.0)
    with pytest.raises(Untrusted, match="window"):
        channel.open(old, 0.0)


@given(st.data())
def test_no_octet_of_a_signed_reply_can_be_changed(data):
    channel, _, reply = channel_pair()
    at = data.draw(st.integers(0, len(reply) - 1))
    flip = data.draw(st.integers(1, 255))
    forged = reply[:at] + bytes((reply[at] ^ flip,)) + reply[at + 1 :]
    with pytest.raises(ber.BerError):
        channel.open(forged, 0.0)


def test_a_response_below_the_level_of_the_request_is_refused():
    channel, engine, reply = channel_pair()
    envelope = usm_message.decode(reply)
    for flags in (0, usm_message.AUTH):
        numbers = ber.encode_integer(MIN_REQUEST_ID) + ber.encode_integer(0) * 2
        pdu = ber.encode(Pdu.RESPONSE, numbers + ber.encode(ber.SEQUENCE, VARBINDS))
        with pytest.raises(Untrusted, match="level"):
            channel.open(engine.message(envelope.message_id, flags, pdu), 0.0)


@given(st.binary(max_size=200))
def test_octets_that_are_no_message_end_in_our_own_error(datagram):
    channel = Channel(b"\x80\x00\x00\x00\x01", b"netmon", LOCK, EngineClock(5, 1000, 0.0))
    with pytest.raises(ber.BerError):
        channel.open(datagram, 0.0)


@given(st.binary(max_size=120), st.binary(max_size=40))
def test_a_genuine_message_may_hold_any_rubbish(rubbish, varbinds):
    engine = FakeEngine(LOCK, varbinds=varbinds)
    channel = Channel(engine.engine_id, b"netmon", LOCK, EngineClock(5, 1000, 0.0))
    with suppress(ber.BerError):
        channel.open(engine.message(MIN_REQUEST_ID, LOCK.level, rubbish), 0.0)


@given(st.binary(max_size=100), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
@pytest.mark.parametrize(("name", "key"), [("AES", 16), ("AES", 24), ("AES", 32), ("DES", 16)])
def test_what_was_encrypted_is_decrypted_and_no_salt_comes_twice(name, key, plain, boots, seconds):
    one, other = cipher(name, bytes(range(key))), cipher(name, bytes(range(key)))
    salts = set()
    for _ in range(3):
        salt, encrypted = one.encrypt(plain, boots, seconds)
        salts.add(salt)
        assert other.decrypt(encrypted, salt, boots, seconds)[: len(plain)] == plain
    assert len(salts) == 3


# FIPS 81 and NIST SP 800-38A F.3.13 (CFB128, AES-128), with the vector split as RFC 3826 does
def test_the_ciphers_are_the_standard_ones():
    aes = cipher("AES", bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    encrypted = bytes.fromhex("3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b")
    salt = bytes(range(8, 16))
    assert aes.decrypt(encrypted, salt, 0x00010203, 0x04050607) == plain
    des = cipher("DES", bytes.fromhex("0123456789abcdef") + bytes(8))
    encrypted = bytes.fromhex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6")
    vector = bytes.fromhex("1234567890abcdef")
    assert des.decrypt(encrypted, vector, 0, 0) == b"Now is the time for all "
