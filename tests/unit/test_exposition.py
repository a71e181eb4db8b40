"""Device series as Prometheus reads them: prometheus-client's parser is the judge."""

from collections import Counter
from math import inf, nan

import pytest
from fakes import records
from fakes.clock import FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from netmon.metrics.excerpt import text_of
from netmon.metrics.exposition import Exposition, chunks
from netmon.metrics.fragment import Cut
from netmon.metrics.text_format import TextFormat
from netmon.model import Kind, Metric, Number, Outcome, Reading, Row, Shape, counter, gauge, info, state
from netmon.model.derived import RUN, RUN_UP

OPER = state("ifOperStatus", "1 up, 2 down.")
NAME = info("sysName", "The device's name.")


def ports(device="sw", names=("Gi0/1", "Gi0/2"), metrics=(records.OCTETS, OPER)):
    rows = (
        Row((("site", "lib"), ("device", device), ("ifName", name)), (("ifAlias", f"to {name}"),))
        for name in names
    )
    return Shape("interface", metrics, tuple(rows))


class World:
    """An exposition, its clock, and what a scrape would see."""

    def __init__(self):
        self.clock = FakeClock()
        self.exposition = Exposition(self.clock)

    def take(self, shape, *columns):
        rows = len(shape.rows)
        self.exposition.accept([Reading(shape, self.clock.stamp(), columns, (Outcome.OK,) * rows)])

    @property
    def text(self):
        return b"".join(self.exposition.render()).decode()

    def samples(self):
        return [s for family in text_string_to_metric_families(self.text) for s in family.samples]

    def names(self):
        # The parser gives every counter the suffix of OpenMetrics; the text does not.
        return {
            (s.name.removesuffix("_total"), s.labels.get("ifName") or s.labels.get("target"))
            for s in self.samples()
        }


@pytest.fixture
def world():
    return World()


def test_a_series_has_key_and_info_labels_and_an_exact_value(world):
    world.take(ports(names=("Gi0/1",)), [2**63 + 1], [1])
    assert world.text == (
        "# HELP ifHCInOctets Octets received.\n"
        "# TYPE ifHCInOctets counter\n"
        'ifHCInOctets{site="lib",device="sw",ifName="Gi0/1",ifAlias="to Gi0/1"} 9223372036854775809\n'
        "# HELP ifOperStatus 1 up, 2 down.\n"
        "# TYPE ifOperStatus gauge\n"
        'ifOperStatus{site="lib",device="sw",ifName="Gi0/1",ifAlias="to Gi0/1"} 1\n'
    )


def test_families_of_many_devices_stay_together(world):
    for device in ("a", "b", "c"):
        world.take(ports(device), [1, 2], [1, 1])
    lines = [line for line in world.text.splitlines() if line.startswith("# TYPE")]
    assert lines == ["# TYPE ifHCInOctets counter", "# TYPE ifOperStatus gauge"]
    assert len(world.samples()) == 12


def test_what_is_not_known_is_absent(world):
    shape = ports(metrics=(records.OCTETS, records.SECONDS))
    world.take(shape, [None, 5], [nan, 0.25])
    assert world.names() == {("ifHCInOctets", "Gi0/2"), ("probe_duration_seconds", "Gi0/2")}
    world.take(shape, [None, None], [inf, None])
    assert world.text == ""


def test_text_is_a_label_of_a_series_that_is_one(world):
    rows = (Row((("device", "a"),), texts=(("sysName", 'x"\\\n%s'),)), Row((("device", "b"),)))
    world.take(Shape("system", (NAME,), rows), [1, 1])
    assert [(s.labels, s.value) for s in world.samples()] == [({"device": "a", "sysName": 'x"\\\n%s'}, 1.0)]


def test_a_text_label_can_have_a_name_of_its_own(world):
    row = Row((("device", "a"),), texts=(("run_info", "timeout"),))
    world.take(Shape("run", (info("run_info", "Why.", label="why"),), (row,)), [1])
    assert world.samples()[0].labels == {"device": "a", "why": "timeout"}


def test_constant_labels_share_a_family(world):
    metrics = tuple(gauge("seconds", "Phase.", phase=name) for name in ("rtt", "resolve"))
    world.take(records.shape("icmp", metrics), [0.5], [0.25])
    assert [(s.labels["phase"], s.value) for s in world.samples()] == [("rtt", 0.5), ("resolve", 0.25)]
    assert world.text.count("# TYPE") == 1


def test_buckets_sum_and_count_are_one_histogram(world):
    def bucket(le):
        return Metric("rtt_seconds_bucket", "RTT.", Kind.HISTOGRAM, Number.INTEGER, (("le", le),))

    metrics = (
        bucket("0.1"),
        bucket("+Inf"),
        gauge("rtt_seconds_sum", "RTT."),
        counter("rtt_seconds_count", "RTT."),
    )
    world.take(records.shape("icmp", metrics), [3], [4], [0.5], [4])
    (family,) = text_string_to_metric_families(world.text)
    assert (family.name, family.type, len(family.samples)) == ("rtt_seconds", "histogram", 4)


def test_a_new_shape_of_a_device_ends_the_series_of_ports_that_are_gone(world):
    world.take(ports(names=("Gi0/1", "Gi0/2")), [1, 2], [1, 1])
    world.take(ports(names=("Gi0/2", "Gi0/3")), [2, 3], [1, 1])
    assert {port for _, port in world.names()} == {"Gi0/2", "Gi0/3"}


def test_no_row_is_ever_exposed_twice(world):
    def minute(*circuits):
        return Shape(
            "circuit_minute", (OPER,), tuple(Row((("site", "lib"), ("circuit", name))) for name in circuits)
        )

    world.take(minute("fibre", "lte"), [1, 1])
    world.take(minute("lte"), [1])
    assert [s.labels["circuit"] for s in world.samples()] == ["lte"]
    world.take(minute("fibre"), [1])
    world.take(minute("dsl", "fibre"), [1, 1])
    assert Counter(s.labels["circuit"] for s in world.samples()) == {"dsl": 1, "fibre": 1, "lte": 1}


def test_the_series_of_a_silent_device_end_after_three_intervals(world):
    shape = ports(names=("Gi0/1",))
    for _ in range(3):
        world.take(shape, [1], [1])
        world.clock.move(300)
    world.clock.move(599)
    assert world.text
    world.clock.move(2)
    assert world.text == ""
    world.take(shape, [1], [1])
    assert world.text


def test_a_short_interval_gives_two_minutes_of_grace(world):
    for _ in range(3):
        world.take(ports(), [1, 1], [1, 1])
        world.clock.move(1)
    world.clock.move(118.5)
    assert world.text
    world.clock.move(1)
    assert world.text == ""


def test_what_a_run_said_stays_until_the_next_run(world):
    row = Row((("site", "lib"), ("source", "icmp"), ("name", "wan"), ("target", "a")))
    world.take(Shape(RUN, (RUN_UP,), (row,)), [0])
    world.clock.move(86_400 * 30)
    assert world.names() == {("netmon_up", "a")}


def test_a_device_that_left_the_configuration_leaves_the_scrape_at_once(world):
    for device in ("a", "b"):
        world.take(ports(device), [1, 2], [1, 1])
    world.exposition.drop((("device", "a"),))
    assert {s.labels["device"] for s in world.samples()} == {"b"}


def everything(world):
    """A counter of a MIB, one of ours, a state, a text, a histogram."""
    bucket = Metric(
        "rtt_seconds_bucket", 'A "round\\trip".', Kind.HISTOGRAM, Number.INTEGER, (("le", "+Inf"),)
    )
    metrics = (bucket, gauge("rtt_seconds_sum", "R."), counter("rtt_seconds_count", "R."))
    world.take(ports(metrics=(records.OCTETS, OPER)), [1, 2], [1, 1])
    world.take(records.shape("icmp", (*metrics, counter("sent_total", "S."))), [3], [0.5], [3], [9])
    world.take(Shape("system", (NAME,), (Row((("device", "a"),), texts=(("sysName", "x"),)),)), [1])


def test_open_metrics_has_the_same_samples_under_the_types_it_knows(world):
    everything(world)
    plain = world.samples()
    found = list(open_families(b"".join([*world.exposition.render(TextFormat.OPEN), b"# EOF\n"]).decode()))
    assert {family.name: family.type for family in found} == {
        "ifHCInOctets": "unknown",
        "ifOperStatus": "gauge",
        "rtt_seconds": "histogram",
        "sent": "counter",
        "sysName": "gauge",
    }
    assert {(s.name, s.value) for f in found for s in f.samples} == {
        (s.name.replace("ifHCInOctets_total", "ifHCInOctets"), s.value) for s in plain
    }
    assert next(f for f in found if f.name == "rtt_seconds").documentation == 'A "round\\trip".'


async def test_nothing_is_written_until_somebody_asks_nor_long_after_the_last_one_did(world):
    shape = ports(names=("Gi0/1",))
    world.take(shape, [1], [1])
    assert not any(world.exposition._fragments.values())
    await world.exposition.prepare()
    assert any(world.exposition._fragments.values())
    world.take(shape, [7], [1])
    assert " 7\n" in world.text
    for _ in range(31):
        world.clock.move(30)
        world.take(shape, [8], [1])
    assert not any(world.exposition._fragments.values())
    assert " 8\n" in world.text


def test_a_source_that_would_burst_the_scrape_is_left_out_and_named(world, caplog):
    world.exposition.limit(10)
    world.take(ports("a", ("1", "2")), [1, 2], [1, 1])
    for _ in range(2):
        world.take(ports("b", ("1", "2", "3", "4")), [1, 2, 3, 4], [1, 1, 1, 1])
    budget = world.exposition.budget
    assert {s.labels["device"] for s in world.samples()} == {"a"}
    assert (budget.claimed, budget.left_out, budget.refusals_total) == (4, 8, 2)
    (line,) = caplog.messages
    assert line.startswith(
        "/metrics leaves out interface of b: its 8 series would make 12, and [web] max_series"
    )
    assert "interface of a with 4" in line
    world.exposition.drop((("device", "a"),))
    world.take(ports("b", ("1", "2", "3", "4")), [1, 2, 3, 4], [1, 1, 1, 1])
    assert {s.labels["device"] for s in world.samples()} == {"b"}
    assert (budget.claimed, budget.left_out) == (8, 0)


def test_a_device_that_leaves_the_configuration_is_not_left_out_any_more(world):
    world.exposition.limit(1)
    world.take(ports("a"), [1, 2], [1, 1])
    world.exposition.drop((("device", "a"),))
    assert world.exposition.budget.left_out == 0


def test_a_lower_limit_holds_at_once(world):
    for device in ("a", "b"):
        world.take(ports(device), [1, 2], [1, 1])
    world.exposition.limit(4)
    assert world.text == ""
    for device in ("a", "b"):
        world.take(ports(device), [1, 2], [1, 1])
    assert {s.labels["device"] for s in world.samples()} == {"a"}


def test_an_excerpt_has_some_rows_with_other_labels_and_each_family_once(world):
    rows = tuple(
        Row((("site", "lib"), ("probe", probe), ("target", target)))
        for probe, target in (("a", "x"), ("a", "y"), ("b", "x"))
    )
    metric = gauge("seconds", "S.")
    world.take(Shape("icmp", (metric,), rows[:2]), [0.25, 0.5])
    world.take(Shape("udp", (metric,), rows[2:]), [0.75])
    cuts = [Cut((("target", "x"),), {"site", "target"}, (("module", "m"),))]
    parts = [part for cut in cuts for part in world.exposition.parts("", cut)]
    assert text_of(parts, TextFormat.OPEN).decode() == (
        "# HELP seconds S.\n# TYPE seconds gauge\n"
        'seconds{probe="a",module="m"} 0.25\nseconds{probe="b",module="m"} 0.75\n# EOF\n'
    )
    assert world.exposition.parts("icmp", Cut((("target", "z"),))) == []


def test_chunks_hold_the_same_text():
    pieces = [b"x" * 100] * 95
    found = list(chunks(pieces, 1000))
    assert b"".join(found) == b"".join(pieces)
    assert [len(chunk) for chunk in found] == [1000] * 9 + [500]


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(st.sampled_from('\\"\n{},%\r\0\u2028'), max_size=8))
def test_no_text_can_add_a_series_or_change_another(alias, name):
    world = World()
    row = Row((("site", "lib"), ("device", "sw"), ("ifName", name)), (("ifAlias", alias),))
    world.take(Shape("interface", (records.OCTETS, records.SECONDS), (row,)), [7], [0.5])
    assert [(s.labels["ifName"], s.labels["ifAlias"], s.value) for s in world.samples()] == [
        (name, alias, 7.0), (name, alias, 0.5),
    ]  # fmt: skip


def test_the_runs_of_several_devices_stand_side_by_side(world):
    for device in ("sw1", "sw2", "sw3"):
        key = (("site", "lib"), ("source", "interfaces"), ("name", "interfaces"), ("target", device))
        world.take(Shape(RUN, (RUN_UP,), (Row(key),)), [1])
    assert {sample.labels["target"] for sample in world.samples()} == {"sw1", "sw2", "sw3"}
