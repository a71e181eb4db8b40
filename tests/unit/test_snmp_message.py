"""Messages: what goes out is what others read, and nothing that comes in can hurt."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.message import (
    MIN_REQUEST_ID,
    VERSION_1,
    VERSION_2C,
    Header,
    Pdu,
    decode_header,
    decode_varbinds,
    encode_message,
    make_request,
)

UPTIME = ber.oid("1.3.6.1.2.1.1.3.0")
NAME = ber.encode_oid(UPTIME)


def decode(datagram):
    return decode_varbinds(datagram, decode_header(datagram))


def response(varbinds=b"", **changes):
    fields = {
        "version": VERSION_2C,
        "community": b"c",
        "pdu": Pdu.RESPONSE,
        "request_id": MIN_REQUEST_ID,
        "first": 0,
        "second": 0,
        "start": 0,
    }
    return encode_message(Header(**(fields | changes)), varbinds)


@given(
    st.integers(MIN_REQUEST_ID, 2**31 - 1),
    st.binary(max_size=40),
    st.sampled_from([Pdu.GET, Pdu.GETNEXT, Pdu.GETBULK]),
    st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=12), max_size=30),
    st.tuples(st.integers(0, 30), st.integers(0, 2**20)),
)
def test_requests_are_read_back_whatever_their_id(request_id, community, pdu, names, bulk):
    encoded = [ber.encode_oid((1, 3, *rest)) for rest in names]
    datagram = make_request(VERSION_2C, community, pdu, encoded, bulk).datagram(request_id)
    header = decode_header(datagram)
    assert (header.request_id, header.community, header.pdu) == (request_id, community, pdu)
    assert (header.first, header.second) == bulk
    assert [varbind.name for varbind in decode_varbinds(datagram, header)] == encoded


@given(st.binary(max_size=600))
def test_any_octets_are_decoded_or_refused(octets):
    try:
        decode(octets)
    except ber.BerError:
        return


@given(st.data())
def test_a_good_reply_with_any_octets_changed_is_decoded_or_refused(data):
    varbind = ber.encode(
        ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, NAME) + ber.encode_integer(7, ber.TIME_TICKS)
    )
    good = bytearray(response(varbind * 3))
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=4)):
        good[at] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(good))
    except ber.BerError:
        return


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_reply_cut_anywhere_is_refused(cut):
    whole = response(ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, NAME) + b"\x05\x00"))
    with pytest.raises(ber.BerError):
        decode(whole[:-cut])


def test_octets_after_the_message_are_refused():
    with pytest.raises(ber.BerError):
        decode_header(response() + b"\x00")


def test_the_largest_datagram_of_the_smallest_varbinds_is_refused_at_once():
    octets = response(b"\x30\x00" * 30_000)
    taken = []
    for _ in range(5):
        began = time.thread_time()
        with pytest.raises(ber.BerError):
            decode(octets)
        taken.append(time.thread_time() - began)
    assert min(taken) < 0.001


@pytest.mark.parametrize("version", [VERSION_1, VERSION_2C], ids=["v1", "v2c"])
def test_pysnmp_reads_our_requests(version):
    pytest.importorskip("pysnmp")
    from pyasn1.codec.ber import decoder
    from pysnmp.proto import api

    module = api.PROTOCOL_MODULES[version]
    datagram = make_request(
        version, b"secret", Pdu.GETNEXT, [NAME, ber.encode_oid((1, 3, 6, 2**31))]
    ).datagram(0x12345678)
    message, rest = decoder.decode(datagram, asn1Spec=module.Message())
    pdu = module.apiMessage.get_pdu(message)
    assert rest == b""
    assert bytes(module.apiMessage.get_community(message)) == b"secret"
    assert module.apiPDU.get_request_id(pdu) == 0x12345678
    names = [tuple(name) for name, _ in module.apiPDU.get_varbinds(pdu)]
    assert names == [UPTIME, (1, 3, 6, 2**31)]


def test_we_read_what_pysnmp_writes():
    pytest.importorskip("pysnmp")
    from pyasn1.codec.ber import encoder
    from pysnmp.proto import api

    module = api.PROTOCOL_MODULES[VERSION_2C]
    values = [
        module.Integer(-5),
        module.OctetString(b"text"),
        module.ObjectIdentifier((1, 3, 6, 1, 4)),
        module.Counter32(2**32 - 1),
        module.Gauge32(2**31),
        module.TimeTicks(4711),
        module.Counter64(2**64 - 1),
    ]
    pdu = module.ResponsePDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, 0x01020304)
    module.apiPDU.set_varbinds(pdu, [((1, 3, 6, number), value) for number, value in enumerate(values)])
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, b"secret")
    module.apiMessage.set_pdu(message, pdu)
    datagram = encoder.encode(message)

    header = decode_header(datagram)
    assert (header.request_id, header.community, header.pdu) == (0x01020304, b"secret", Pdu.RESPONSE)
    contents = [(tag, datagram[start:stop]) for _, tag, start, stop in decode_varbinds(datagram, header)]
    assert [tag for tag, _ in contents] == [
        ber.INTEGER,
        ber.OCTET_STRING,
        ber.OBJECT_IDENTIFIER,
        ber.COUNTER32,
        ber.GAUGE32,
        ber.TIME_TICKS,
        ber.COUNTER64,
    ]
    assert ber.decode_integer(contents[0][1]) == -5
    assert contents[1][1] == b"text"
    assert ber.decode_oid(contents[2][1]) == (1, 3, 6, 1, 4)
    assert [ber.decode_unsigned(content, 64) for _, content in contents[3:]] == [
        2**32 - 1,
        2**31,
        4711,
        2**64 - 1,
    ]


def test_no_message_shows_its_community():
    request = make_request(VERSION_2C, b"secret", Pdu.GET, [NAME])
    assert "secret" not in repr(request) + repr(decode_header(request.datagram(MIN_REQUEST_ID)))
