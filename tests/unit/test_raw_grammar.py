"""What daemon and helper say to each other, and what they make of nonsense."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon import sdk
from probes.raw.grammar import (
    ASK_BYTES_MAX,
    FRAMES_MAX,
    Ask,
    Frame,
    Task,
    decode_answer,
    decode_ask,
    encode_ask,
    encode_error,
    encode_frames,
)

asks = st.builds(
    Ask, st.sampled_from(Task), st.from_regex(r"[a-z0-9_]{1,15}", fullmatch=True), st.floats(0.001, 10)
)
frames = st.lists(st.builds(Frame, st.binary(max_size=1600), st.floats(0, 1e6)), max_size=8)


@given(asks)
def test_a_question_arrives_as_it_was_put(ask):
    assert decode_ask(encode_ask(ask)) == ask
    assert len(encode_ask(ask)) <= ASK_BYTES_MAX


@given(frames)
def test_an_answer_arrives_as_it_was_given(given_frames):
    found = decode_answer(encode_frames(given_frames))
    assert [one.data for one in found] == [one.data for one in given_frames]
    assert [one.seconds for one in found] == pytest.approx([one.seconds for one in given_frames], abs=1e-6)


def test_an_answer_has_its_bounds():
    assert len(decode_answer(encode_frames([Frame(bytes(9000), 0.0)] * 2000))) == FRAMES_MAX


def test_the_helpers_no_becomes_words():
    with pytest.raises(sdk.SourceError, match="the raw helper says: eth9: No such device") as caught:
        decode_answer(encode_error("eth9: No such device"))
    assert caught.value.outcome == sdk.Outcome.UNSUPPORTED


@pytest.mark.parametrize(
    "change",
    [
        {"ask": "shell"},
        {"ask": ["arp"]},
        {"interface": "../eth0"},
        {"interface": ".."},
        {"interface": "eth0\n"},
        {"interface": 7},
        {"seconds": 0},
        {"seconds": 11},
        {"seconds": True},
        {"seconds": "1"},
        {"seconds": float("nan")},
        {"more": 1},
    ],
    ids=str,
)
def test_a_question_outside_of_the_grammar_is_refused(change):
    line = {"ask": "arp", "interface": "eth0", "seconds": 1} | change
    with pytest.raises(ValueError):
        decode_ask(json.dumps(line).encode())


@given(st.one_of(st.binary(max_size=300), st.recursive(st.none() | st.floats() | st.text(), st.lists)))
def test_nonsense_is_a_value_error_on_both_sides(nonsense):
    line = nonsense if isinstance(nonsense, bytes) else json.dumps({"frames": nonsense}).encode()
    for decode in (decode_ask, decode_answer):
        try:
            decode(line)
        except ValueError:
            continue
        except sdk.SourceError:
            continue


@pytest.mark.parametrize("decode", [decode_ask, decode_answer])
def test_what_is_nested_deeper_than_python_can_go_is_refused(decode):
    with pytest.raises(ValueError):
        decode(b"[" * 250)
    with pytest.raises(ValueError):
        decode(b"[" * 200_000)
