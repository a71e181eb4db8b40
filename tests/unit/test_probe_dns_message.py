"""The DNS codec against hostile bytes."""

import contextlib
import struct
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon import sdk
from probes.dns import decode, parse_rcodes
from probes.dns_message import (
    MessageError,
    Question,
    decode_answer,
    encode_query,
    mixed_case,
    parse_name,
    rcode_name,
)

QUESTION = Question((b"www", b"example", b"org"), 1)
LABEL = st.binary(min_size=1, max_size=20)
NAMES = st.lists(LABEL, max_size=6).map(tuple)


def answer(question=QUESTION, counts=(0, 0, 0), records=b"", flags=0x8180, questions=1):
    query = encode_query(0x1234, question)
    body = query[12:] if questions else b""
    return struct.pack("!HHHHHH", 0x1234, flags, questions, *counts) + body + records


def record(name=b"\xc0\x0c", data=b"\x7f\0\0\1", size=None):
    return name + struct.pack("!HHIH", 1, 1, 60, len(data) if size is None else size) + data


@given(NAMES, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_what_a_query_asks_its_answer_repeats(labels, kind, identifier):
    query = encode_query(identifier, Question(labels, kind))
    response = query[:2] + b"\x81\x80" + query[4:]
    decoded = decode_answer(response)
    assert (decoded.identifier, decoded.question) == (identifier, Question(labels, kind))


@given(st.binary(max_size=600))
def test_no_bytes_raise_anything_but_a_message_error(data):
    with contextlib.suppress(MessageError):
        decode_answer(data)


@given(st.data())
def test_no_damage_to_a_real_answer_raises_anything_but_a_message_error(data):
    whole = bytearray(answer(counts=(2, 1, 1), records=record() * 4))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MessageError):
        decode_answer(bytes(whole))


def test_records_are_read_section_by_section():
    decoded = decode_answer(answer(counts=(1, 2, 1), records=record() * 4))
    sections = (decoded.answers, decoded.authorities, decoded.additionals)
    assert [len(section) for section in sections] == [1, 2, 1]
    assert decoded.answers[0].labels == QUESTION.labels
    assert (decoded.answers[0].data, decoded.answers[0].ttl_seconds) == (b"\x7f\0\0\1", 60)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"", "shorter"),
        (answer(flags=0x0100), "a query"),
        (answer(counts=(1, 0, 0)), "cut off"),
        (answer(counts=(1, 0, 0), records=record(name=b"\xc0\x21")), "backwards"),
        (answer(counts=(1, 0, 0), records=record(name=b"\xff\xff")), "backwards"),
        (answer(counts=(1, 0, 0), records=record(size=5)), "cut off"),
        (answer(counts=(1, 0, 0), records=record(name=b"\x80")), "unknown kind of label"),
        (answer(counts=(1, 0, 0), records=b"\xc0"), "cut off"),
        (answer(counts=(1, 0, 0), records=record(name=(b"\x3f" + b"a" * 63) * 4 + b"\0")), "too long"),
        (answer(records=b"more"), "more octets"),
        (answer(counts=(65535, 65535, 65535)), "cut off"),
    ],
    ids=[
        "empty", "query", "fewer records", "pointer to itself", "pointer past the end", "data cut off",
        "old label type", "half a pointer", "name of 256 octets", "trailing octets", "196605 records claimed",
    ],
)  # fmt: skip
def test_a_malformed_answer_is_refused_with_its_reason(message, says):
    with pytest.raises(MessageError, match=says):
        decode_answer(message)


def test_a_truncated_answer_may_end_at_a_record():
    decoded = decode_answer(answer(counts=(5, 0, 0), records=record() * 2, flags=0x8380))
    assert decoded.truncated
    assert len(decoded.answers) == 2


def test_a_chain_of_many_pointers_is_refused():
    data_at = len(encode_query(0, QUESTION)) + 11
    chain = b"\x01a" + b"".join(struct.pack("!H", 0xC000 | (data_at + 2 * at)) for at in range(50))
    records = record(name=b"\0", data=chain) + record(name=struct.pack("!H", 0xC000 | (data_at + 100)))
    with pytest.raises(MessageError, match="backwards"):
        decode_answer(answer(counts=(2, 0, 0), records=records))


@pytest.mark.parametrize("text", ["", "..", "a..b", "x" * 64, ".".join(["abcdefgh"] * 30), "bücher.example"])
def test_what_is_no_domain_name_is_a_usage_error(text):
    with pytest.raises(sdk.UsageError):
        parse_name(text)


def test_the_root_has_no_labels():
    assert parse_name(".") == ()
    assert parse_name("example.org.") == parse_name("example.org") == (b"example", b"org")


def test_the_case_of_a_query_is_random_and_its_letters_stay():
    labels = parse_name("averylongname.example.org")
    mixed = mixed_case(labels, Random(7))
    assert mixed != labels
    assert tuple(label.lower() for label in mixed) == labels


def test_an_answer_in_another_case_is_to_another_question():
    other = Question(tuple(label.upper() for label in QUESTION.labels), QUESTION.kind)
    with pytest.raises(sdk.SourceError, match="another question"):
        decode(answer(other), QUESTION)


def test_an_error_may_leave_the_question_out_and_an_answer_may_not():
    assert decode(answer(questions=0, flags=0x8181), QUESTION).rcode == 1
    with pytest.raises(sdk.SourceError, match="another question"):
        decode(answer(questions=0), QUESTION)


def test_response_codes_have_names():
    assert (rcode_name(3), rcode_name(15)) == ("NXDOMAIN", "RCODE15")
    assert parse_rcodes("noerror, NXDOMAIN") == {0, 3}
    with pytest.raises(sdk.UsageError, match="NOPE"):
        parse_rcodes("NOPE")
