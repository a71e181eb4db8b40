"""Every path that octets of the network take through the SNMP engine, as one function for fuzzers."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fakes.snmp_agent import COMMUNITY, FakePort, FakeSwitch

from collectors.snmp import ber, mib, recording, usm_message, usm_report
from collectors.snmp.agent import Agent
from collectors.snmp.ber import BerError
from collectors.snmp.envelope import CommunityEnvelope
from collectors.snmp.interface_fields import FAST, LOW_CAPACITY, SLOW
from collectors.snmp.message import VERSION_2C, Pdu, decode_header, decode_varbinds, message_id
from collectors.snmp.ports import DESCRIBING
from collectors.snmp.recording import Recorded
from collectors.snmp.template import Template
from collectors.snmp.walk import Walk

REQUEST_ID = 0x1234_5678
ENVELOPE = CommunityEnvelope(VERSION_2C, COMMUNITY.encode())
COLUMNS = (*(field.wanted for field in (*FAST, *LOW_CAPACITY, *SLOW)), *DESCRIBING)
WANTED = (mib.SYS_UP_TIME, *COLUMNS[:8])
REPETITIONS = 4
MOST = 1 + 8 * REPETITIONS


@dataclass
class Found:
    """How long inputs took on their slowest path, in CPU seconds, and how many a template accepted."""

    inputs: int = 0
    slowest: float = 0.0
    total: float = 0.0
    over_a_millisecond: int = 0
    lifted: int = 0


def replies() -> Iterator[bytes]:
    """Yield good replies to begin from: a GETBULK over counters, texts, scalars, and a v3 report."""
    switch = FakeSwitch(ports=[FakePort(n, f"Gi0/{n}".encode(), octets=2**40 + n) for n in range(1, 9)])
    agent = Agent(switch.objects, COMMUNITY)
    for names, bulk in (
        ([WANTED[0].encoded[:-1], *(wanted.encoded for wanted in WANTED[1:])], (1, REPETITIONS)),
        ([wanted.encoded for wanted in DESCRIBING], (0, 8)),
        ([mib.SYS_UP_TIME.encoded[:-1], mib.SYS_NAME.encoded[:-1]], (0, 1)),
    ):
        request = ENVELOPE.request(Pdu.GETBULK, names, bulk)
        yield agent.answer(ENVELOPE.seal(request, REQUEST_ID))
    yield report()


def report() -> bytes:
    """Return what an SNMPv3 engine answers to a stranger (RFC 3414 section 4)."""
    number, octets = ber.encode_integer, lambda content: ber.encode(ber.OCTET_STRING, content)
    engine = octets(b"\x80\x00\x1f\x88\x04abcd")
    head = number(REQUEST_ID) + number(65_507) + octets(b"\0") + number(3)
    security = engine + number(3) + number(1234) + octets(b"someone") + octets(b"") + octets(b"")
    name = ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid(ber.oid("1.3.6.1.6.3.15.1.1.4.0")))
    varbind = ber.encode(ber.SEQUENCE, name + ber.encode(ber.COUNTER32, b"\x07"))
    pdu = number(REQUEST_ID) + number(0) + number(0) + ber.encode(ber.SEQUENCE, varbind)
    scoped = ber.encode(ber.SEQUENCE, engine + octets(b"") + ber.encode(0xA8, pdu))
    parts = (number(3), ber.encode(ber.SEQUENCE, head), octets(ber.encode(ber.SEQUENCE, security)), scoped)
    return ber.encode(ber.SEQUENCE, b"".join(parts))


class Target:
    """Feeds octets to every decoder; raises whatever is not an error of ours."""

    def __init__(self) -> None:
        self.found = Found()
        self._good = next(replies())
        self._template = self._learned(self._good)

    def _learned(self, body: bytes) -> Template:
        header = decode_header(body)
        varbinds = decode_varbinds(body, header, MOST)
        return Template(body, header, varbinds, self._wanted())

    @staticmethod
    def _wanted():
        return (WANTED[0], *(WANTED[1:] * REPETITIONS))

    def take(self, octets: bytes) -> None:
        """Try one datagram on every path; AssertionError when a template and the decoder disagree."""
        paths = (message_id, self._community, self._values, self._secure, self._by_template)
        seconds = max(self._timed(path, octets) for path in paths)  # in life a datagram takes one of them
        if seconds > 0.001:  # the machine's doing, unless it happens again
            seconds = min(max(self._timed(path, octets) for path in paths) for _ in range(3))
        found = self.found
        found.inputs += 1
        found.total += seconds
        found.slowest = max(found.slowest, seconds)
        found.over_a_millisecond += seconds > 0.001

    @staticmethod
    def _timed(path: Callable[[bytes], object], octets: bytes) -> float:
        began = time.thread_time()
        with contextlib.suppress(BerError):
            path(octets)
        return time.thread_time() - began

    @staticmethod
    def _community(octets: bytes) -> None:
        header = ENVELOPE.header(octets)
        if header is None:
            header = decode_header(octets)
        varbinds = decode_varbinds(octets, header, MOST)
        walk = Walk(COLUMNS[:8])
        walk.take(octets, varbinds[1:], walk.ahead(8))

    @staticmethod
    def _values(octets: bytes) -> None:
        for name, tag, start, stop in decode_varbinds(octets, decode_header(octets), MOST):
            content = octets[start:stop]
            for wanted in (mib.SYS_UP_TIME, mib.IF_DESCR, mib.IF_TYPE, mib.SYS_OBJECT_ID, COLUMNS[0]):
                wanted.read(tag, content)
            with contextlib.suppress(BerError):
                recording.line(Recorded(ber.decode_oid(name), tag, content))

    @staticmethod
    def _secure(octets: bytes) -> None:
        plain = octets
        with contextlib.suppress(BerError):
            plain = octets[usm_message.decode(octets).start :]
        usm_report.reason(usm_message.decode_scoped(plain))

    def _by_template(self, octets: bytes) -> None:
        numbers = self._template.lift(octets, REQUEST_ID)
        if numbers is not None:
            self.found.lifted += 1
            self._agree(octets, list(numbers))
        header = decode_header(octets)
        varbinds = decode_varbinds(octets, header, MOST)
        if self._template.fits(header, varbinds, self._wanted()):
            with contextlib.suppress(ValueError):
                self._learned(octets)

    def _agree(self, octets: bytes, numbers: list[int]) -> None:
        """Hold what was lifted against the strict decoder."""
        header = decode_header(octets)
        assert ENVELOPE.header(octets) == header
        varbinds = decode_varbinds(octets, header, MOST)
        known = decode_varbinds(self._good, decode_header(self._good), MOST)
        assert [(v.name, v.tag) for v in varbinds] == [(v.name, v.tag) for v in known]
        wanted = self._wanted()
        moving = [(wanted[at], varbinds[at]) for at in self._template.moving]
        assert numbers == [what.read(v.tag, octets[v.start : v.stop]) for what, v in moving]


def mutations(seed: int) -> Iterator[bytes]:
    """Yield good replies with octets changed, cut, doubled and spliced, without end."""
    chance, good = random.Random(seed), [reply for reply in replies() if reply]
    changes: list[Callable[[bytearray], None]] = [
        lambda octets: octets.__setitem__(chance.randrange(len(octets)), chance.randrange(256)),
        lambda octets: octets.__setitem__(
            chance.randrange(len(octets)), chance.choice(b"\0\x7f\x80\x81\x84\xff")
        ),
        lambda octets: octets.__delitem__(slice(chance.randrange(len(octets)) + 1, None)),
        lambda octets: octets.extend(octets[-chance.randrange(1, 200) :]),
        lambda octets: octets.insert(chance.randrange(len(octets)), chance.randrange(256)),
    ]
    while True:
        octets = bytearray(chance.choice(good))
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            chance.choice(changes)(octets)
        yield bytes(octets[:65_507])
