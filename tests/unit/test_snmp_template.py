"""Templates: numbers that change are lifted as the strict decoder reads them; any other change is a miss."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from collectors.snmp import ber
from collectors.snmp.message import (
    MIN_REQUEST_ID,
    VERSION_2C,
    Header,
    Pdu,
    decode_header,
    decode_varbinds,
    encode_message,
)
from collectors.snmp.syntax import COUNTER_32, COUNTER_64, GAUGE, OCTETS, TICKS, WHOLE, column
from collectors.snmp.template import Template

ID = MIN_REQUEST_ID + 77
OBJECTS = {
    ber.INTEGER: column("whole", "1.3.6.1.2.1.2.2.1.7", WHOLE),
    ber.GAUGE32: column("gauge", "1.3.6.1.2.1.2.2.1.5", GAUGE),
    ber.COUNTER32: column("counter32", "1.3.6.1.2.1.2.2.1.10", COUNTER_32),
    ber.COUNTER64: column("counter64", "1.3.6.1.2.1.31.1.1.1.6", COUNTER_64),
    ber.TIME_TICKS: column("ticks", "1.3.6.1.2.1.2.2.1.9", TICKS),
    ber.OCTET_STRING: column("text", "1.3.6.1.2.1.2.2.1.2", OCTETS),
}
EXCEPTIONS = (ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW)

values = st.one_of(
    st.tuples(st.just(ber.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.sampled_from([ber.GAUGE32, ber.COUNTER32, ber.TIME_TICKS]), st.integers(0, 2**32 - 1)),
    st.tuples(st.just(ber.COUNTER64), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(ber.OCTET_STRING), st.binary(max_size=12)),
    st.tuples(st.sampled_from(EXCEPTIONS), st.none()),
)
tables = st.lists(st.tuples(values, st.booleans()), min_size=1, max_size=12)


def content(tag, value):
    if isinstance(value, bytes):
        return ber.encode(tag, value)
    return ber.encode(tag, b"") if value is None else ber.encode_integer(value, tag)


def reply(found, request_id=ID, community=b"c", status=0):
    varbinds = b"".join(
        ber.encode(
            ber.SEQUENCE,
            ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid((1, 3, 6, 1, 2, 1, 2, 2, 1, 99, row)))
            + content(tag, value),
        )
        for row, (tag, value) in enumerate(found)
    )
    return encode_message(Header(VERSION_2C, community, Pdu.RESPONSE, request_id, status, 0, 0), varbinds)


class Learned:
    """A template of a table, and what the strict decoder reads."""

    def __init__(self, table):
        self.found = [entry for entry, _ in table]
        self.wanted = [OBJECTS.get(tag, OBJECTS[ber.COUNTER64]) if kept else None for (tag, _), kept in table]
        self.body = reply(self.found)
        self.header = decode_header(self.body)
        self.template = Template(self.body, self.header, self.varbinds(self.body), self.wanted)

    @staticmethod
    def varbinds(body):
        return decode_varbinds(body, decode_header(body))

    def strict(self, body):
        """Values of all wanted varbinds."""
        return {
            at: what.read(tag, body[start:stop])
            for at, ((_, tag, start, stop), what) in enumerate(
                zip(self.varbinds(body), self.wanted, strict=True)
            )
            if what is not None
        }

    def by_template(self, body, request_id=ID):
        lifted = self.template.lift(body, request_id)
        if lifted is None:
            return None
        moving = dict(zip(self.template.moving, lifted, strict=True))
        others = [at for at, what in enumerate(self.wanted) if what is not None and at not in moving]
        return moving | dict(zip(others, self.template.still, strict=True))


@given(tables)
def test_the_reply_itself_is_lifted_as_it_is_read(table):
    learned = Learned(table)
    assert learned.by_template(learned.body) == learned.strict(learned.body)


@given(tables, st.data())
def test_numbers_of_the_same_size_are_lifted_as_they_are_read(table, data):
    learned = Learned(table)
    body = bytearray(learned.body)
    for at in learned.template.moving:
        _, tag, start, stop = learned.varbinds(learned.body)[at]
        octets = data.draw(st.binary(min_size=stop - start, max_size=stop - start))
        if tag == ber.INTEGER:  # a sign that changes is another template's matter
            octets = bytes([octets[0] & 0x7F | body[start] & 0x80]) + octets[1:]
        elif stop - start > (8 if tag == ber.COUNTER64 else 4):
            octets = b"\0" + octets[1:]
        body[start:stop] = octets
    assert learned.by_template(bytes(body)) == learned.strict(bytes(body))


@given(tables, st.data())
def test_any_octet_changed_is_a_miss_or_the_strict_decoders_values(table, data):
    learned = Learned(table)
    body = bytearray(learned.body)
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    lifted = learned.by_template(bytes(body))
    if lifted is not None:
        header = decode_header(bytes(body))
        assert (header.version, header.community, header.pdu) == (VERSION_2C, b"c", Pdu.RESPONSE)
        assert (header.request_id, header.first, header.second) == (ID, 0, 0)
        names = [varbind.name for varbind in learned.varbinds(bytes(body))]
        assert names == [varbind.name for varbind in learned.varbinds(learned.body)]
        assert lifted == learned.strict(bytes(body))


@given(tables, tables)
def test_another_table_is_a_miss_or_differs_in_numbers_only(table, other):
    learned = Learned(table)
    body = reply([entry for entry, _ in other])
    lifted = learned.by_template(body)
    if lifted is not None:
        assert lifted == learned.strict(body)


@given(tables, st.binary(max_size=80), st.integers(0, 10))
def test_octets_added_or_cut_are_a_miss(table, more, cut):
    learned = Learned(table)
    assume(more or cut)
    assert more == b"" or learned.by_template(learned.body + more) is None
    assert cut == 0 or learned.by_template(learned.body[:-cut]) is None


ROWS = [((ber.COUNTER32, 1000), True), ((ber.OCTET_STRING, b"up"), True), ((ber.INTEGER, 1), False)]


@pytest.mark.parametrize(
    "change",
    [{"request_id": ID + 1}, {"community": b"d"}, {"status": 5}],
    ids=["request-id", "community", "error-status"],
)
def test_a_reply_to_something_else_is_a_miss(change):
    learned = Learned(ROWS)
    assert learned.by_template(reply(learned.found)) is not None
    assert learned.by_template(reply(learned.found, **change)) is None


def fits(found):
    learned = Learned(ROWS)
    body = reply(found)
    return learned.template.fits(decode_header(body), learned.varbinds(body), learned.wanted)


def test_a_number_that_grew_an_octet_and_another_text_fit():
    assert fits([(ber.COUNTER32, 100_000), (ber.OCTET_STRING, b"down"), (ber.INTEGER, 300)])


@pytest.mark.parametrize(
    "found",
    [
        [(ber.COUNTER32, 1000), (ber.OCTET_STRING, b"up")],
        [(ber.NO_SUCH_INSTANCE, None), (ber.OCTET_STRING, b"up"), (ber.INTEGER, 1)],
        [(ber.COUNTER32, 1000), (ber.OCTET_STRING, b"up"), (ber.END_OF_MIB_VIEW, None)],
    ],
    ids=["fewer varbinds", "a cell became an exception", "the table's end moved"],
)
def test_a_table_that_changed_does_not_fit(found):
    assert not fits(found)


def test_negative_numbers_go_on_as_negative_ones():
    learned = Learned([((ber.INTEGER, -53), True), ((ber.COUNTER64, 2**63), True)])
    body = reply([(ber.INTEGER, -61), (ber.COUNTER64, 2**63 + 5)])
    assert learned.by_template(body) == {0: -61, 1: 2**63 + 5}
