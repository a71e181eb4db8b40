"""The appliance's card is destroyed: the claim still builds from what sinks brought to the centre."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from fakes.evidence_pack import CONTRACTS, ISSUER_KEY, SITE_KEY
from fakes.line_protocol import read_line

from netmon.delivery.line import LineEncoder
from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.seal.centre import Point, centre_records, centre_roots
from netmon.evidence.seal.feed import records_of
from netmon.evidence.seal.pack import Content, open_pack, write_pack
from netmon.evidence.seal.pack_check import check_pack
from netmon.evidence.seal.rebuild import rebuild
from netmon.evidence.seal.roots import root_event
from netmon.evidence.seal.sealer import Standing, seal
from netmon.evidence.standalone.recompute import recompute
from netmon.model import Event, Reading, Retention, Row, Shape, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS

DAY = Days(date(2026, 3, 2), date(2026, 3, 2), "UTC")
ROWS = tuple(Row((("site", "s1"), ("circuit", name))) for name in ("c1", "c2"))
SHAPE = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, ROWS, Retention.EVIDENCE)
HOUR = DAY.start_minute // 60


def minute(number, state=1):
    random = Random(number)
    told = {"netmon_circuit_state": state, "netmon_circuit_fault": 0 if state else 1}
    if state:
        told |= {"netmon_circuit_degraded": 0, "netmon_circuit_loss_ratio": random.random()}
    columns = []
    for metric in SHAPE.metrics:
        value = random.random() if metric.labels and state else told.get(metric.name)
        columns.append((value, value))
    stamp = Stamp("b", 0, (DAY.start_minute + number) * 60_000 + 30_000, synced=number != 7)
    return Reading(SHAPE, stamp, tuple(columns), ("ok", "ok"))


def speed(number):
    data = {
        "direction": "down",
        "method": "http",
        "bits_per_second": {"L2": 95_000_000},
        "seconds": 1.23456789,
    }
    data |= {
        "cross_bits_per_second": {"L2": 1250.75},
        "curve": {"seconds": [0.1]},
        "text": 'a "quoted" é, \\ and so on',
    }
    stamp = Stamp("b", 0, (DAY.start_minute + number) * 60_000)
    return Event(
        "bandwidth_test",
        (("site", "s1"), ("circuit", "c1"), ("note", "")),
        "fast, x=y",
        stamp,
        data,
        Retention.EVIDENCE,
    )


def lived(first, last, down=range(0)):
    return [*(minute(n, 0 if n in down else 1) for n in range(first, last)), speed(first + 30)]


def number(text):
    return int(text[:-1]) if text.endswith("i") else float(text)


def points(records):
    """What a database has of records, shuffled, and some of it twice."""
    found = []
    for record in records:
        for raw in LineEncoder().encode(record):
            line = read_line(raw)
            told = line.fields.items()
            fields = {name: text if name in ("text", "data") else number(text) for name, text in told}
            found.append(Point(line.measurement, line.tags, fields, line.time_ms))
    Random(1).shuffle(found)
    return [*found, *found[: len(found) // 5]]


def chain(*batches):
    """Seal batches one after the other, each as far as its hour; return entries, roots, everything lived."""
    standing, entries, roots, everything = Standing(), [], [], []
    for records, until in batches:
        told = [one for record in records for one in records_of(record)]
        everything += records
        for hour in seal("s1", told, HOUR + until, standing, SITE_KEY):
            standing = hour.standing
            entries += hour.entries
            roots.append(hour.root)
    stamp = Stamp("b", 0, (DAY.end_minute + 60) * 60_000)
    sent = [
        root_event(root, Stamp("b", 0, stamp.wall_ms + 60_000 * n), SITE_KEY.public)
        for n, root in enumerate(roots)
    ]
    return entries, roots, [*everything, *sent]


PLAIN = chain((lived(0, 180, down=range(70, 95)), 3))
# Two hours without power are told when it comes back, part of an hour, an hour and part of the next.
LATE = chain((lived(0, 80), 2), ([], 3), ([*lived(170, 240), *lived(80, 170)[:-1]], 4), (lived(240, 300), 5))


@pytest.mark.parametrize("made", [PLAIN, LATE], ids=["plain", "with amendments and a gap"])
def test_the_chain_is_the_same_from_the_centre(made):
    entries, roots, everything = made
    brought = points(everything)
    again = centre_roots(brought)
    assert again == roots
    rebuilt, faults = rebuild(centre_records(brought), again)
    assert faults == []
    assert rebuilt == entries


def test_a_chain_that_begins_with_a_clock_that_was_not_right_is_made_again():
    early = [minute(n) for n in range(40, 60)]
    unsure = [replace(one, stamp=replace(one.stamp, synced=False)) for one in early]
    entries, roots, everything = chain(([*unsure, *lived(60, 180)], 3))
    assert [(one.root.hour - HOUR, one.root.late) for one in roots] == [(1, 40), (2, 0)]
    again, faults = rebuild(centre_records(points(everything)), roots)
    assert (faults, again) == ([], entries)


def noise(number, kind, retention=Retention.NORMAL):
    stamp = Stamp("b", 0, (DAY.start_minute + number) * 60_000 + 7)
    return Event(kind, (("site", "s1"), ("device", "sw")), f"event {number}", stamp, {"n": number}, retention)


@pytest.mark.parametrize("late", [False, True], ids=["in time", "with late records"])
def test_which_kinds_of_events_were_sealed_is_found_by_the_hash(late):
    traps = [noise(n, "trap") for n in range(3, 300, 7)] + [noise(n, "reboot") for n in range(90, 300, 50)]
    notes = [noise(n, "note", Retention.EVIDENCE) for n in range(11, 60, 13)]
    first = [*lived(0, 80), *notes]
    batches = ((first, 2), ([], 3), ([*lived(170, 240), *lived(80, 170)[:-1]], 4)) if late else ((first, 1),)
    entries, roots, everything = chain(*batches)
    again, faults = rebuild(centre_records(points([*everything, *traps])), roots)
    assert (faults, again) == ([], entries)


def test_the_late_chain_has_what_it_should():
    entries, roots, _ = LATE
    assert [root.root.late for root in roots] == [0, 0, 0, 140, 0] or sum(
        root.root.late for root in roots
    ) > 0
    assert {entry.rec["kind"] for entry in entries} >= {"amendment", "bandwidth_test", "circuit_minute"}


def test_a_pack_from_the_centre_holds_and_is_worked_out_again(tmp_path):
    _, _, everything = PLAIN
    brought = points(everything)
    entries, _ = rebuild(centre_records(brought), centre_roots(brought))
    inputs = {"contracts": CONTRACTS}
    found = claim([entry.rec for entry in entries], read_texts(inputs), "c1", "s1", month(2026, 3))
    content = Content(
        "s1", entries, centre_roots(brought), SITE_KEY.public, {"contracts.csv": CONTRACTS}, found
    )
    path = tmp_path / "pack.zip"
    path.write_bytes(write_pack(content, ISSUER_KEY))
    assert check_pack(open_pack(path)).faults == ()
    assert recompute(path) == []
    assert found["stretches"][0]["minutes"]["down"] == 25


def test_what_was_changed_at_the_centre_does_not_fit_the_signed_hour():
    _, _, everything = PLAIN
    brought = [
        Point(p.measurement, p.tags, {**p.fields, "netmon_circuit_state": 1}, p.wall_ms)
        if p.fields.get("netmon_circuit_state") == 0
        else p
        for p in points(everything)
    ]
    rebuilt, faults = rebuild(centre_records(brought), centre_roots(brought))
    assert [str(one) for one in faults] == [f"hour {HOUR + 1}: cannot be made again from these records"]
    assert {entry.rec["t"] // 60 for entry in rebuilt} == {HOUR, HOUR + 2}


def test_what_is_no_root_is_left_out():
    bad = Point("event", {"kind": "evidence_root", "site": "s1"}, {"data": '{"hour": 1}'}, 0)
    worse = Point("event", {"kind": "evidence_root", "site": "s1"}, {"data": "{"}, 0)
    assert centre_roots([bad, worse, Point("event", {}, {}, 0)]) == []
