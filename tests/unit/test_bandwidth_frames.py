"""WebSocket frames: what we send another library can read, what comes is read in any pieces."""

import socket
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon import sdk
from probes.bandwidth import frames
from probes.bandwidth.ndt7_message import FIRST_MESSAGE_BYTES, LARGEST_MESSAGE_BYTES
from probes.bandwidth.ndt7_socket import FrameReader, message_pool, messages


def server_frame(opcode, payload):
    """Return a frame as servers send it: without a mask."""
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big")
    return head + payload


@given(st.sampled_from([frames.TEXT, frames.BINARY, frames.PING]), st.integers(0, 1 << 40))
def test_a_header_says_what_follows_in_all_three_lengths(opcode, size):
    head = frames.client_header(opcode, size, b"")
    unmasked = bytes([head[0], head[1] & 0x7F]) + head[2:]
    assert frames.parse_header(unmasked) == frames.Header(opcode, len(head), size)
    assert frames.parse_header(unmasked[: len(head) - 1]) is None


@given(st.binary(max_size=14))
def test_any_beginning_is_a_header_or_not_yet_or_refused(seen):
    try:
        found = frames.parse_header(seen)
    except ValueError:
        return
    assert found is None or found.header_bytes <= len(seen)


def test_the_key_is_answered_as_in_the_rfc():
    assert frames.accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_small_frame_is_masked():
    assert frames.client_frame(frames.PONG, b"abc", b"\1\2\3\4") == bytes([0x8A, 0x83, 1, 2, 3, 4]) + bytes(
        [ord("a") ^ 1, ord("b") ^ 2, ord("c") ^ 3]
    )


def test_every_message_in_the_pool_is_a_whole_frame_of_its_size():
    sizes = set()
    with message_pool() as pool:
        for offset, length in islice(messages(), 200):
            pool.seek(offset)
            frame = pool.read(length)
            header = frames.parse_header(bytes([frame[0], frame[1] & 0x7F]) + frame[2:10])
            assert header.header_bytes + 4 + header.payload_bytes == length
            sizes.add(header.payload_bytes)
    assert min(sizes) == FIRST_MESSAGE_BYTES
    assert max(sizes) == LARGEST_MESSAGE_BYTES


@pytest.fixture
def pair():
    ours, theirs = (
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(),
    )
    theirs.connect(ours.getsockname())
    accepted, _ = ours.accept()
    accepted.setblocking(False)
    yield accepted, theirs
    for one in (ours, theirs, accepted):
        one.close()


def read_all(reader, wanted):
    taken = 0
    while taken < wanted:
        taken += reader.read()
    return taken


@settings(max_examples=20)
@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5), st.integers(1, 200))
def test_texts_come_through_whatever_data_and_cuts_are_between(texts, cut):
    server = socket.create_server(("127.0.0.1", 0))
    theirs = socket.create_connection(server.getsockname())
    ours, _ = server.accept()
    ours.setblocking(False)
    told = []
    reader = FrameReader(ours, told.append)
    wire = b"".join(
        server_frame(frames.BINARY, b"x" * 70_000) + server_frame(frames.TEXT, text) for text in texts
    )
    try:
        for at in range(0, len(wire), max(cut * 1000, 1)):
            piece = wire[at : at + cut * 1000]
            theirs.sendall(piece)
        read_all(reader, len(wire))
        assert told == texts
    finally:
        reader.close()
        for one in (server, theirs, ours):
            one.close()


def test_a_ping_is_answered_when_it_is_time(pair):
    ours, theirs = pair
    reader = FrameReader(ours, lambda _text: None)
    theirs.sendall(server_frame(frames.PING, b"hello"))
    read_all(reader, 7)
    reader.answer()
    reader.answer()
    pong = theirs.recv(100)
    assert pong[0] == 0x80 | frames.PONG
    assert bytes(octet ^ pong[2 + at % 4] for at, octet in enumerate(pong[6:])) == b"hello"
    reader.close()


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (server_frame(frames.CLOSE, b""), ConnectionError),
        (b"\xff\xff nonsense", sdk.SourceError),
    ],
    ids=["a goodbye", "no frame"],
)
def test_the_end_is_told(pair, wire, error):
    ours, theirs = pair
    reader = FrameReader(ours, lambda _text: None)
    theirs.sendall(wire)
    with pytest.raises(error):
        read_all(reader, 100)
    reader.close()


def test_a_connection_that_was_closed_is_told(pair):
    ours, theirs = pair
    reader = FrameReader(ours, lambda _text: None)
    theirs.close()
    with pytest.raises(ConnectionError):
        read_all(reader, 1)
    reader.close()
