"""What minutes say beside state and fault, who carried a sample, and the view from outside."""

from dataclasses import replace

import pytest
from fakes.scripted_site import ANCHORS, HOP, ONE_LINE, TWO_LINES, UNBOUND, Play, Stage, perform, probe
from hypothesis import given
from hypothesis import strategies as st

from netmon import sdk
from netmon.model import Event, Fact, Fault, Outcome, Reading, Retention, Row, Shape, SlotState
from netmon.model.derived import (
    CIRCUIT_MINUTE,
    CIRCUIT_MINUTE_METRICS,
    FAULT_NUMBERS,
    OUTSIDE_MINUTE,
    OUTSIDE_STATE,
)
from netmon.verdict.carrier import Carriers
from netmon.verdict.faults import RULES, judge
from netmon.verdict.port import PortLook
from netmon.verdict.sample import Sample, TargetKey
from netmon.verdict.scene import Scene
from netmon.verdict.tally import Tally, enough
from netmon.verdict.timeline import Timeline
from netmon.verdict.view import WatchedProbe

CUT, MENDED = {"lines": {"wan1": False}}, {"lines": {"wan1": True}}


def cells(stage, minute, name, **labels):
    reading = stage.readings(CIRCUIT_MINUTE)[minute]
    return next(
        column[0]
        for metric, column in zip(CIRCUIT_MINUTE_METRICS, reading.columns, strict=True)
        if metric.name == name and dict(metric.labels) == labels
    )


@pytest.fixture(scope="module")
def outage():
    return perform(Play(script={60: CUT, 120: MENDED, 200: {"traffic": {"wan1": 5e6}}}, minutes=6))


def test_a_good_minute_tells_time_loss_coverage_and_use(outage):
    assert cells(outage, 0, "netmon_circuit_rtt_seconds", statistic="p50") == pytest.approx(0.012)
    assert cells(outage, 0, "netmon_circuit_rtt_seconds", statistic="p95") == pytest.approx(0.012)
    assert cells(outage, 0, "netmon_circuit_loss_ratio") == 0.0
    assert cells(outage, 0, "netmon_circuit_coverage_ratio") == pytest.approx(1.0, abs=0.1)
    assert cells(outage, 5, "netmon_circuit_down_utilisation_ratio") == pytest.approx(0.4, abs=0.01)
    assert cells(outage, 5, "netmon_circuit_up_utilisation_ratio") == pytest.approx(0.2, abs=0.01)
    assert cells(outage, 0, "netmon_circuit_mos") is None


def test_calls_are_those_of_the_last_minute_of_trains_to_the_best_anchor():
    mos = sdk.gauge("netmon_train_mos", "MOS.")
    calls = sdk.state("netmon_train_call_quality", "Calls.")

    def tell(stage):
        rows = tuple(Row((("site", "lib"), ("probe", "anchors"), ("target", target))) for target in ANCHORS)
        shape = Shape("train_minute", (mos, calls), rows)
        stage.hub.publish([Reading(shape, stage.clock.stamp(), ([4.3, 4.1], [1, 2]), (Outcome.OK,) * 2)])

    stage = perform(Play(script={20: {"dead": ANCHORS[:1]}, 50: tell}, minutes=2))
    assert cells(stage, 0, "netmon_circuit_mos") == 4.1
    assert cells(stage, 0, "netmon_circuit_call_quality") == 2
    assert cells(stage, 1, "netmon_circuit_mos") is None


def test_a_dead_minute_has_no_time_and_all_is_lost(outage):
    assert cells(outage, 1, "netmon_circuit_rtt_seconds", statistic="p50") is None
    assert cells(outage, 1, "netmon_circuit_loss_ratio") == 1.0
    assert cells(outage, 1, "netmon_circuit_degraded") is None
    assert cells(outage, 1, "netmon_circuit_fault") == FAULT_NUMBERS[Fault.LINE] == 1


def test_minutes_are_evidence_and_stamped_in_their_middle(outage):
    readings = outage.readings(CIRCUIT_MINUTE)
    assert {one.shape.retention for one in readings} == {Retention.EVIDENCE}
    assert all(abs(one.stamp.wall_ms % 60_000 - 30_000) <= 1 for one in readings)


def test_a_change_is_a_fact_and_an_event_with_what_decided(outage):
    events = [r for r in outage.records if isinstance(r, Event) and dict(r.key).get("circuit")]
    assert [event.text for event in events] == [
        "wan1 is down: The line is down.",
        "wan1 is up: It works.",
    ]
    assert events[0].data["facts"] == [
        f"{ANCHORS[0]} does not answer: timeout",
        f"{ANCHORS[1]} does not answer: timeout",
        "https://app.example/ does not answer: timeout",
        "10.0.0.1 answers",
        "10.0.0.254 answers",
        "WAN port router wan1 is down",
    ]
    assert (events[1].data["before"], events[1].data["lasted_minutes"]) == ("down", 1)
    facts = [r for r in outage.records if isinstance(r, Fact) and dict(r.key).get("circuit")]
    assert [fact.values["state"] for fact in facts] == ["up", "down", "up"]


def test_a_path_is_traced_when_a_circuit_falls_ill():
    stage = perform(
        Play(
            (*ONE_LINE, probe("way", "path", "", (ANCHORS[0],), every_seconds=600)),
            script={60: CUT, 180: MENDED},
        )
    )
    assert stage.traced == ["way"]


def test_loss_by_direction_is_among_the_facts():
    stage = perform(
        Play(
            (ONE_LINE[0], ONE_LINE[3], probe("ways", "stamp", "anchor", ("198.51.100.9",))),
            script={60: {"loss": 0.34, "backward_share": 0.0}},
        )
    )
    (event,) = [r for r in stage.records if isinstance(r, Event) and dict(r.key).get("circuit")]
    assert any("loss from the site 3" in fact and "to the site 0.0%" in fact for fact in event.data["facts"])


# Which circuit


def test_an_answer_that_no_other_port_can_have_carried_proves_its_circuit():
    stage = perform(Play(UNBOUND, ("wan1", "wan2"), script={60: CUT | {"traffic": {"wan2": 1e4}}}))
    assert stage.told("wan2")[1:3] == ["up/none"] * 2
    assert stage.told("wan1")[1] == "down/line"


def test_a_port_that_counted_less_than_our_own_answers_carried_none_of_them():
    stage = perform(Play(UNBOUND, ("wan1", "wan2"), minutes=2))
    assert stage.told("wan1") == ["up/none"] * 2
    assert stage.told("wan2") == ["unknown/unknown"] * 2


class Recounted(Timeline):
    """Notes how often it is gone through."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_what_our_own_answers_weighed_is_added_up_once_and_not_for_each_of_them():
    stage, answers = Stage(Play(UNBOUND, ("wan1", "wan2"))), Recounted()
    for name in ("wan1", "wan2"):
        for at_ns in (0, 100):
            stage.book.ports[name].add(at_ns, PortLook(at_ns, 1, at_ns, at_ns, 0, None))
    stage.book.samples[TargetKey("anchors", "a")] = answers
    carriers = Carriers(stage.book)
    for at_ns in range(1, 100):
        answers.add(at_ns, Sample("", Outcome.OK, 1, 1))
        assert carriers.of(at_ns, Sample("", Outcome.OK, 1, 1)) == ""
    assert answers.times == 1


def test_a_lost_packet_proves_no_circuit_by_counters():
    stage = Stage(Play(UNBOUND, ("wan1", "wan2")))
    assert Carriers(stage.book).of(0, Sample("", Outcome.TIMEOUT, 3, 0)) == ""


@pytest.mark.parametrize(
    ("told", "circuit"),
    [
        ([(0, "wan1"), (20, "wan1")], "wan1"),
        ([(0, "wan1"), (20, "wan2")], ""),
        ([(0, "wan1")], ""),
        ([(20, "wan1")], ""),
        ([(0, ""), (20, "")], ""),
    ],
    ids=["both sides agree", "it changed meanwhile", "nothing after", "nothing before", "a strange address"],
)
def test_an_egress_address_proves_what_lies_between_two_looks(told, circuit):
    stage = Stage(Play(UNBOUND, ("wan1", "wan2")))
    for at, name in told:
        stage.book.egress[""].add(at, name)
    assert Carriers(stage.book).of(10, Sample("", Outcome.OK, 3, 3)) == circuit


@pytest.mark.parametrize(
    ("told", "egress", "interface", "carried"),
    [
        ([], True, False, "wan1"),
        ([(0, "wan1")], True, False, "wan1"),
        ([(0, "wan2"), (20, "wan2")], True, False, "wan2"),
        ([(0, "wan1"), (20, "wan2")], True, False, ""),
        ([(0, ""), (20, "")], True, False, ""),
        ([(0, "wan2"), (20, "wan2")], True, True, "wan1"),
        ([(0, "wan2"), (20, "wan2")], False, False, "wan1"),
    ],
    ids=["never told", "as bound", "elsewhere", "changed", "strange", "by interface", "no networks known"],
)
def test_a_binding_holds_unless_the_address_shows_another_way(told, egress, interface, carried):
    stage = Stage(Play(TWO_LINES, ("wan1", "wan2"), egress=egress))
    watch = stage.book.watch
    lines = {name: replace(line, by_interface=interface) for name, line in watch.circuits.items()}
    stage.book.expect(replace(watch, circuits=lines))
    for at, name in told:
        stage.book.egress["wan1"].add(at, name)
    assert Carriers(stage.book).of(10, Sample("wan1", Outcome.OK, 3, 3)) == carried


# The view from outside


def outside_states(stage):
    return [(dict(one.shape.rows[0].key), one.columns[0][0]) for one in stage.readings(OUTSIDE_MINUTE)]


def test_another_site_is_down_only_while_our_own_line_is_up():
    far = probe("far", "icmp", "", ("203.0.113.99", "203.0.113.98"), outside_of="depot")
    stage = perform(
        Play(
            (*ONE_LINE, far),
            script={60: {"dead": ("203.0.113.99", "203.0.113.98")}, 120: CUT, 180: {**MENDED, "dead": ()}},
            minutes=4,
        )
    )
    assert [state for _, state in outside_states(stage)] == [1, 0, 2, 1]
    assert outside_states(stage)[0][0] == {"site": "depot", "seen_from": "lib"}
    assert stage.told("wan1") == ["up/none", "up/none", "down/line", "up/none"]


@pytest.mark.parametrize(
    ("outside", "dead", "judged"),
    [
        (1, {"router": False}, "up/lan"),
        (1, {"isp": False}, "up/far_end"),
        (0, {"router": False}, "unknown/lan"),
        (0, {"isp": False}, "down/isp"),
        (2, {"isp": False}, "down/isp"),
    ],
)
def test_what_is_seen_from_outside_joins_the_sites_own_minute(outside, dead, judged):
    def see(stage):
        row = Row((("site", "lib"), ("seen_from", "centre")))
        shape = Shape(OUTSIDE_MINUTE, (OUTSIDE_STATE,), (row,))
        stage.hub.publish([Reading(shape, stage.clock.stamp(), ([outside],), (Outcome.OK,))])

    stage = perform(Play(devices=(), script={60: dead, 90: see}, minutes=2))
    assert stage.told("wan1")[1] == judged


# The table


def test_no_scene_without_two_silent_anchors_and_a_reachable_router_is_down():
    assert judge(Scene(None)).state is SlotState.UNKNOWN
    for rule in RULES:
        names = {sign.__name__ for sign in rule.signs}
        if rule.state is SlotState.DOWN:
            assert "gateway_answers" in names
            assert names & {"two_anchors_silent", "anchors_go_elsewhere"}
        if rule.state is SlotState.UP:
            assert names & {"beyond_answers", "seen_from_outside"}


@pytest.mark.parametrize(
    ("runs", "planned", "is_enough"),
    [
        (0, 0, False),
        (1, 0, True),
        (0, 1, False),
        (1, 1, True),
        (1, 2, True),
        (4, 6, False),
        (5, 6, True),
        (47, 60, False),
    ],
)
def test_a_minute_is_measured_from_four_fifths_on(runs, planned, is_enough):
    assert enough(runs, planned) is is_enough


def test_the_first_hop_is_not_a_witness():
    stage = perform(Play((ONE_LINE[0], probe("hop", "icmp", "first_hop", (HOP,))), devices=(), minutes=1))
    assert stage.told("wan1") == ["unknown/unknown"]


TALLIES = st.lists(
    st.builds(
        Tally,
        key=st.builds(TargetKey, st.just("p"), st.sampled_from(["a", "a:1", "b", "c"])),
        probe=st.just(WatchedProbe("p", "icmp", "anchor", 10)),
        planned=st.just(6),
        runs=st.integers(0, 6),
        good=st.booleans(),
        heard=st.booleans(),
        no_way=st.booleans(),
        outcome=st.sampled_from(Outcome),
        diverted=st.integers(0, 1),
    ),
    max_size=4,
)
SCENES = st.builds(
    Scene,
    st.none(),
    gateways=TALLIES,
    anchors=TALLIES,
    services=TALLIES,
    far_resolvers=TALLIES,
    restarted=st.lists(st.just("router"), max_size=1),
    on_battery=st.lists(st.just("ups"), max_size=1),
    carrier=st.sampled_from([None, True, False]),
    outside=st.sampled_from([None, *SlotState]),
    others_up=st.booleans(),
    anything_said=st.booleans(),
)


@given(SCENES)
def test_whatever_is_known_down_is_never_said_of_a_line_that_answered_or_that_one_anchor_watches(scene):
    judged = judge(scene)
    answered = any(t.good for t in (*scene.anchors, *scene.services))
    if judged.state is SlotState.DOWN:
        watched = {t.host for t in (*scene.anchors, *scene.services)}
        assert len(watched) >= 2
        assert not answered
        assert scene.carrier is not False
    if judged.state is SlotState.UP:
        assert answered or scene.outside is SlotState.UP
    assert (judged.degraded is None) == (judged.state is not SlotState.UP)


def test_every_fault_has_a_number_that_is_its_own():
    assert set(FAULT_NUMBERS) == set(Fault)
    assert sorted(FAULT_NUMBERS.values()) == list(range(len(Fault)))
