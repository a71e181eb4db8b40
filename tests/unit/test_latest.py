"""The newest values."""

from fakes import records
from fakes.records import OCTETS, SECONDS, reading, shape

from netmon.latest import Latest
from netmon.model import Event, Fact


def test_the_newest_reading_of_a_row_replaces_the_older_one_which_stays_as_before():
    latest = Latest()
    port = shape("interface", [OCTETS])
    latest.accept([reading(port, 0, [10])])
    latest.accept([reading(port, 30, [20])])
    (row,) = latest.rows("interface")
    assert row.value("ifHCInOctets") == 20
    assert row.before.value("ifHCInOctets") == 10
    assert row.before.before is None


def test_values_are_found_by_part_of_a_key_and_unknown_ones_are_none():
    latest = Latest()
    latest.accept([reading(shape(rows=["a", "b"]), 0, [1.5, None])])
    assert latest.value("tcp", (("target", "a"),), SECONDS.name) == 1.5
    assert latest.value("tcp", (("target", "b"),), SECONDS.name) is None
    assert latest.value("tcp", (("target", "c"),), SECONDS.name) is None
    assert latest.reading("icmp", ()) is None


def test_rows_that_nobody_reads_any_more_are_forgotten():
    latest = Latest(keep_seconds=60)
    latest.accept([reading(shape(rows=["old"]), 0, [1.0])])
    latest.accept([reading(shape(rows=["new"]), 100, [1.0])])
    latest.forget(records.stamp(101).boottime_ns)
    assert [row.label("target") for row in latest.rows("tcp")] == ["new"]


def test_what_left_the_configuration_is_dropped_with_its_facts():
    latest = Latest()
    latest.accept(
        [reading(shape(rows=["a"]), 0, [1.0]), Fact("system", (("target", "a"),), {}, records.stamp())]
    )
    latest.drop((("target", "a"),))
    assert not list(latest.rows("tcp"))
    assert not list(latest.facts())


def test_only_the_last_events_are_kept():
    latest = Latest(max_events=2)
    for number in range(3):
        latest.accept([Event("note", (), str(number), records.stamp())])
    assert [event.text for event in latest.events()] == ["1", "2"]
