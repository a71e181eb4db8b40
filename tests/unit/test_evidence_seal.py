"""Seals: the reference's vectors, the trees of certificate logs, keys, hours, and every kind of tampering."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from fakes.evidence_pack import ISSUER_KEY, SITE_KEY, minute_record, outside_roots, sealed
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.evidence.minutes import kind_of
from netmon.evidence.seal.canonical import CanonicalError, canonical, digest
from netmon.evidence.seal.chain import BEGINNING, Entry, Tip, link
from netmon.evidence.seal.merkle import merkle_root
from netmon.evidence.seal.records import event_record, millionths, reading_records, whole
from netmon.evidence.seal.roots import estate_root, parse_day_root
from netmon.evidence.seal.sealer import Standing, seal
from netmon.evidence.seal.signing import Ed25519Signer, KeyFileError, fingerprint, open_key, verified
from netmon.evidence.seal.verify import anchor_faults, chain_faults, read_entries, read_roots, root_faults
from netmon.evidence.standalone import check
from netmon.model import Event, Reading, Retention, Row, Shape, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS

FIRST = {
    "circuit": "WAN1", "kind": "ping", "recv": 10, "rtt_us_p50": 12345, "sent": 10, "site": "LIB-001",
    "t_utc": "2026-11-21T09:00:00Z", "v": 1,
}  # fmt: skip
SECOND = FIRST | {"recv": 0, "rtt_us_p50": None, "t_utc": "2026-11-21T09:01:00Z"}


def test_the_chain_of_the_method():
    assert [entry.hash for entry in link([FIRST, SECOND], Tip())] == [
        "4533266f24c87cdb1510a9a5d1a75e2a56f4dd044473d3d6b0ffe2f1a5350f8e",
        "b77a1a235de796db71eeff663e5e96376ea41e5a009c5aef5dc1ae026827cd2c",
    ]


def test_a_record_has_one_spelling():
    assert canonical({"b": 1, "a": [None, True, "é"]}) == '{"a":[null,true,"é"],"b":1}'.encode()
    assert digest({}) == sha256(b"{}").hexdigest()


@pytest.mark.parametrize("bad", [1.0, {"a": [0.5]}, "\ud800"])
def test_what_has_several_spellings_is_refused(bad):
    with pytest.raises(CanonicalError):
        canonical(bad)


# RFC 6962 section 2.1, worked by hand.
def test_trees_split_at_the_largest_power_of_two():
    a, b, c = (sha256(b"\0" + leaf).digest() for leaf in (b"a", b"b", b"c"))
    ab = sha256(b"\1" + a + b).digest()
    assert merkle_root([]) == sha256(b"").hexdigest()
    assert merkle_root([b"a"]) == a.hex()
    assert merkle_root([b"a", b"b", b"c"]) == sha256(b"\1" + ab + c).hexdigest()


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=8), max_size=40))
def test_both_programs_grow_the_same_tree(leaves):
    assert check.tree(leaves) == merkle_root(leaves)


# RFC 8032 section 7.1, tests 1 and 2.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS, ids=["empty", "one octet"])
def test_signatures_are_those_of_the_standard_in_both_programs(seed, public, message, signature):
    signer, octets = Ed25519Signer(bytes.fromhex(seed)), bytes.fromhex(message)
    assert (signer.public.hex(), signer.sign(octets).hex()) == (public, signature)
    for verifies in (verified, check.signed):
        assert verifies(signer.public, octets, bytes.fromhex(signature))
        assert not verifies(signer.public, octets + b"!", bytes.fromhex(signature))
        assert not verifies(ISSUER_KEY.public, octets, bytes.fromhex(signature))
        assert not verifies(signer.public, octets, bytes.fromhex(signature)[:-1] + b"\xff")
        assert not verifies(signer.public, octets, b"")


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path):
    path = tmp_path / "evidence.key"
    first = open_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_key(path).public == first.public
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="read by others"):
        open_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(KeyFileError, match="no key"):
        open_key(path)
    with pytest.raises(KeyFileError):
        open_key(tmp_path / "nowhere" / "evidence.key")


RECORDS = [minute_record(minute, "u" if minute % 7 else "d") for minute in range(60_000, 60_000 + 240)]
HOURS = sealed(RECORDS, 1004)
ENTRIES = [entry for hour in HOURS for entry in hour.entries]
ROOTS = [hour.root for hour in HOURS]


def faults(entries=ENTRIES, roots=ROOTS, public=SITE_KEY.public):
    return [str(one) for one in (*chain_faults(entries), *root_faults(roots, entries, public))]


def test_what_nobody_touched_holds():
    assert (len(HOURS), len(ENTRIES), ENTRIES[0].prev, faults()) == (4, 240, BEGINNING, [])


def test_sealing_is_the_same_whatever_the_order_of_the_records():
    assert sealed(RECORDS[::-1], 1004) == HOURS


def test_sealing_goes_on_where_it_stood():
    first = list(seal("s1", RECORDS[:120], 1002, Standing(), SITE_KEY))
    rest = list(seal("s1", RECORDS[120:], 1004, first[-1].standing, SITE_KEY))
    assert [*first, *rest] == HOURS


def test_what_comes_late_is_an_amendment_and_what_lacks_is_told():
    (first,) = seal("s1", RECORDS[:60], 1001, Standing(), SITE_KEY)
    late = minute_record(60_030, "p")
    assert list(seal("s1", [late], 1001, first.standing, SITE_KEY)) == [], "no hour is open"
    gap, then = seal("s1", [late, *RECORDS[120:180]], 1003, first.standing, SITE_KEY)
    kinds = [entry.rec["kind"] for entry in gap.entries]
    assert kinds == ["amendment", "gap"]
    assert gap.entries[0].rec["rec"] == late
    assert gap.entries[1].rec["t"] == 60_060
    assert len(then.entries) == 60
    assert list(seal("s1", [], 1001, Standing(), SITE_KEY)) == []


def changed(entry):
    return replace(entry, rec={**entry.rec, "state": "down"})


@pytest.mark.parametrize(
    ("tamper", "place"),
    [
        pytest.param(lambda e: [*e[:50], changed(e[50]), *e[51:]], "record 50: was changed", id="changed"),
        pytest.param(lambda e: [*e[:50], *e[51:]], "record 51: follows record 49", id="removed"),
        pytest.param(lambda e: [*e[:50], e[51], e[50], *e[52:]], "record 51: follows record 49", id="moved"),
        pytest.param(lambda e: [*e[:50], e[7], *e[50:]], "record 7: follows record 49", id="slipped in"),
        pytest.param(lambda e: e[:-1], "root of hour 1003: covers 60 records, 59 are there", id="cut off"),
        pytest.param(lambda e: e[1:], "root of hour 1000: covers 60 records, 59 are there", id="begun later"),
        pytest.param(
            lambda e: [*e, *link([RECORDS[0]], Tip(240, e[-1].hash))],
            "records: 1 of 241 are under no root",
            id="added",
        ),
        pytest.param(
            lambda e: [
                *e[:100],
                *link([one.rec for one in [changed(e[100]), *e[101:]]], Tip(100, e[99].hash)),
            ],
            "root of hour 1001: begins or ends with another hash",
            id="chained anew without the key",
        ),
    ],
)
def test_records_that_were_touched_are_named(tamper, place):
    assert any(told.startswith(place) for told in faults(tamper(ENTRIES))), faults(tamper(ENTRIES))


def resigned(signed, **changes):
    root = replace(signed.root, **changes)
    return replace(signed, root=root, signature=ISSUER_KEY.sign(root.message()).hex())


@pytest.mark.parametrize(
    ("tamper", "place"),
    [
        pytest.param(lambda r: [r[0], *r[2:]], "root of hour 1002: does not follow", id="removed"),
        pytest.param(lambda r: [r[1], r[0], *r[2:]], "root of hour 1000: does not follow", id="moved"),
        pytest.param(
            lambda r: [replace(r[0], signature="00" * 64), *r[1:]],
            "root of hour 1000: is not signed",
            id="signature",
        ),
        pytest.param(
            lambda r: [replace(r[0], signature="no"), *r[1:]], "root of hour 1000: is not signed", id="no hex"
        ),
        pytest.param(
            lambda r: [replace(r[0], root=replace(r[0].root, count=59)), *r[1:]],
            "root of hour 1000: is not signed",
            id="changed",
        ),
        pytest.param(
            lambda r: [resigned(r[0]), *r[1:]],
            "root of hour 1000: is not signed by the site's key",
            id="other key",
        ),
        pytest.param(lambda r: r[:-1], "records: 60 of 240 are under no root", id="cut off"),
    ],
)
def test_roots_that_were_touched_are_named(tamper, place):
    assert any(told.startswith(place) for told in faults(roots=tamper(ROOTS))), faults(roots=tamper(ROOTS))


def test_another_key_holds_nothing():
    assert len([one for one in faults(public=ISSUER_KEY.public) if "not signed" in one]) == 4


def forged():
    """A chain made again with the genuine key: inside, everything holds."""
    return sealed([minute_record(record["t"], "u") for record in RECORDS], 1004)


def test_a_chain_made_again_with_the_genuine_key_fails_against_an_outside_root():
    hours = forged()
    roots = [hour.root for hour in hours]
    assert faults([entry for hour in hours for entry in hour.entries], roots) == []
    told, anchoring = anchor_faults(roots, outside_roots(ROOTS))
    assert [one.place for one in told] == ["day 41"]
    assert anchoring.days == 0
    assert check.anchors([read(root) for root in roots], [one.line() for one in outside_roots(ROOTS)])[0] == [
        "day 41: differs from the copy that was kept outside"
    ]


def test_a_root_that_was_sent_again_for_a_forged_chain_does_not_replace_the_first():
    hours = [hour.root for hour in forged()]
    both = [*outside_roots(ROOTS), *outside_roots(hours)]
    for copies in (both, both[::-1]):
        assert [one.place for one in anchor_faults(hours, copies)[0]] == ["day 41"]
        assert check.anchors([read(one) for one in hours], [one.line() for one in copies])[0] == [
            "day 41: differs from the copy that was kept outside"
        ]


def test_a_line_that_was_taken_within_a_day_stands_for_the_hours_that_it_has():
    (early,) = outside_roots(ROOTS[:2])
    told, anchoring = anchor_faults(ROOTS, [early])
    assert (told, anchoring.days, anchoring.until_hour, anchoring.unanchored_hours) == ([], 1, 1001, 2)
    words = ([], ["2 of 4 hours have no outside copy behind them"])
    assert check.anchors([read(one) for one in ROOTS], [early.line()]) == words
    forgeries = [hour.root for hour in forged()]
    assert anchor_faults(forgeries, [early])[0]
    assert check.anchors([read(one) for one in forgeries], [early.line()])[0]


@pytest.mark.parametrize("hours", ["0", "-3", "99", "x"])
def test_a_line_of_impossible_hours_is_no_error(hours):
    (line,) = [one.line().replace("hours=4", f"hours={hours}") for one in outside_roots(ROOTS)]
    parsed = parse_day_root(line)
    assert anchor_faults(ROOTS, [parsed] if parsed else [])[1].days == 0
    assert "4 of 4 hours" in check.anchors([read(one) for one in ROOTS], [line])[1][0]


def read(signed):
    return json.loads(signed.line())


def test_the_gap_after_the_last_outside_root_is_told():
    told, anchoring = anchor_faults(ROOTS, outside_roots(ROOTS))
    assert (told, anchoring.days, anchoring.until_hour, anchoring.unanchored_hours) == ([], 1, 1003, 0)
    assert anchor_faults(ROOTS, [])[1].unanchored_hours == 4


def test_a_daily_line_survives_the_mail():
    (day,) = outside_roots(ROOTS)
    assert parse_day_root("> " + day.line() + "\r\n") == day
    assert parse_day_root("Dear supplier, here are the roots") is None
    assert parse_day_root(day.line().replace("day=41", "day=x")) is None
    assert estate_root([day, replace(day, site="a")]) == estate_root([replace(day, site="a"), day])


@settings(max_examples=30)
@given(st.binary(max_size=120))
def test_lines_that_are_none_are_faults_and_never_errors(line):
    assert all(not isinstance(one, Entry) for one in read_entries([line]))
    assert len(list(read_roots([line]))) == 1


def test_lines_are_read_back_as_written():
    assert list(read_entries(entry.line() for entry in ENTRIES[:3])) == ENTRIES[:3]
    assert list(read_roots(root.line() for root in ROOTS)) == ROOTS
    spaced = ENTRIES[0].line().replace(b'"seq":', b'"seq": ')
    assert [str(one) for one in read_entries([spaced])] == ["records line 1: is not written canonically"]


def test_a_row_of_minutes_becomes_a_record_in_whole_numbers():
    shape = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (Row((("site", "s1"), ("circuit", "c1"))),))
    known = {"netmon_circuit_state": 0, "netmon_circuit_fault": 1, "netmon_circuit_coverage_ratio": 0.95}
    columns = tuple((known.get(metric.name),) for metric in shape.metrics)
    (record,) = reading_records(Reading(shape, Stamp("b", 0, 90_000), columns, ("ok",)))
    assert record["coverage_ppm"] == 950_000
    assert (record["t"], record["state"], record["fault"], record["degraded"]) == (1, "down", "line", None)
    assert (record["rtt_p50_us"], record["loss_ppm"]) == (None, None), "not known stays so"
    assert canonical(record)
    other = Shape("tcp", CIRCUIT_MINUTE_METRICS, shape.rows)
    assert list(reading_records(Reading(other, Stamp("b", 0, 0), columns, ("ok",)))) == []
    assert kind_of({}, "netmon_circuit").state == "unknown"


def test_events_become_records_when_they_are_evidence():
    data = {
        "bits_per_second": {"L2": 9.5e7},
        "curve": [1],
        "direction": "down",
        "method": "http",
        "seconds": 1.25,
    }
    event = Event(
        "bandwidth_test", (("circuit", "c1"),), "fast", Stamp("b", 0, 60_000), data, Retention.EVIDENCE
    )
    record = event_record(event)
    assert (record["bits_per_second"], record["cross_bits_per_second"]) == ({"L2": 95_000_000}, {})
    assert record["data"]["seconds"] == "1.250000"
    assert "curve" not in record["data"]
    assert event_record(replace(event, retention=Retention.NORMAL)) is None
    note = event_record(replace(event, kind="note", data={"by": "A"}))
    assert "bits_per_second" not in note
    assert canonical(note)


def test_small_units():
    assert (millionths(0.0123456), millionths(None), millionths(1)) == (12_346, None, 1_000_000)
    assert whole([1.5, {"a": None}, "x", True]) == ["1.500000", {"a": None}, "x", True]
    assert fingerprint(SITE_KEY.public) == sha256(SITE_KEY.public).hexdigest()


def test_a_root_whose_site_cannot_be_written_is_a_fault_and_no_error():
    line = ROOTS[0].line().replace(b'"site":"s1"', b'"site":"\\ud800"')
    assert [str(one) for one in read_roots([line])] == ["roots line 1: is no signed root"]
