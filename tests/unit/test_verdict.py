"""The verdict on the site, rule by rule."""

from ipaddress import ip_network

import pytest
from fakes.clock import FakeClock

from netmon.latest import Latest
from netmon.model import Fault, Outcome, Reading, Row, Shape, SlotState, counter, integer, state
from netmon.model.derived import RUN, RUN_UP
from netmon.verdict.circuits import circuits
from netmon.verdict.rules import decide
from netmon.verdict.view import View, Watch, WatchedCircuit, WatchedDevice, WatchedProbe

PROBES = {
    "gw": WatchedProbe("gw", "icmp", "gateway", 10),
    "anchors": WatchedProbe("anchors", "icmp", "anchor", 10),
    "names": WatchedProbe("names", "dns", "resolver", 10),
    "apps": WatchedProbe("apps", "http", "service", 10),
}
GOOD, BAD = Outcome.OK, Outcome.TIMEOUT
SUCCESS = state("probe_success", "Success.")
PORT = (
    state("ifOperStatus", "State."),
    counter("ifHCInOctets", "In."),
    counter("ifHCOutOctets", "Out."),
    integer("ifHighSpeed", "Speed."),
)
CIRCUIT = WatchedCircuit("wan1", "Acme", "AC1", 100_000_000, 20_000_000, "router", "wan")


class World:
    def __init__(self):
        self.clock = FakeClock()
        self.latest = Latest()
        self.circuits = {}
        self.devices = {}

    def probe(self, name, **targets):
        rows = tuple(Row((("probe", name), ("target", t))) for t in targets)
        outcomes = tuple(targets.values())
        columns = ([int(o is GOOD) for o in outcomes],)
        self.latest.accept(
            [Reading(Shape(PROBES[name].kind, (SUCCESS,), rows), self.clock.stamp(), columns, outcomes)]
        )
        return self

    def device(self, name, answers, source="system"):
        self.devices[name] = WatchedDevice(name, "switch", 30, sources=("system", "interfaces", "inventory"))
        row = (Row((("source", source), ("target", name))),)
        outcome = answers if isinstance(answers, Outcome) else GOOD if answers else BAD
        self.latest.accept(
            [Reading(Shape(RUN, (RUN_UP,), row), self.clock.stamp(), ([int(outcome is GOOD)],), (outcome,))]
        )
        return self

    def carrier(self, value):
        rows = (Row((("interface", "eth0"),)),)
        shape = Shape("host_interface", (state("netmon_host_network_carrier", "Link."),), rows)
        self.latest.accept([Reading(shape, self.clock.stamp(), ([value],), (GOOD,))])
        return self

    def wan(self, oper_status, octets=0):
        self.circuits = {CIRCUIT.id: CIRCUIT}
        self.device("router", answers=True)
        row = (Row((("device", "router"), ("ifName", "wan"))),)
        columns = ([oper_status], [octets], [octets // 10], [1000])
        self.latest.accept([Reading(Shape("interface", PORT, row), self.clock.stamp(), columns, (GOOD,))])
        return self

    @property
    def view(self):
        return View(
            Watch("lib", "Library", (ip_network("10.0.0.0/24"),), PROBES, self.devices, self.circuits),
            self.latest,
            self.clock,
        )


def all_good():
    return (
        World()
        .probe("gw", g=GOOD)
        .probe("anchors", a=GOOD, b=GOOD)
        .probe("names", r=GOOD)
        .probe("apps", s=GOOD)
    )


SCENES = {
    "nothing was asked yet": (World(), SlotState.UNKNOWN, Fault.UNKNOWN),
    "everything answers": (all_good(), SlotState.UP, Fault.NONE),
    "the gateway and all beyond it are silent": (
        World().probe("gw", g=BAD).probe("anchors", a=BAD, b=BAD),
        SlotState.UNKNOWN,
        Fault.LAN,
    ),
    "a gateway that ignores pings but carries traffic is no fault": (
        World().probe("gw", g=BAD).probe("anchors", a=GOOD),
        SlotState.UP,
        Fault.NONE,
    ),
    "two anchors are silent behind a good gateway": (
        World().probe("gw", g=GOOD).probe("anchors", a=BAD, b=BAD),
        SlotState.DOWN,
        Fault.UNKNOWN,
    ),
    "one silent target alone proves nothing": (
        World().probe("gw", g=GOOD).probe("anchors", a=BAD),
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
    ),
    "the WAN port is down and nothing answers": (
        World().probe("gw", g=GOOD).probe("anchors", a=BAD, b=BAD).wan(2),
        SlotState.DOWN,
        Fault.LINE,
    ),
    "the WAN port is up and nothing answers": (
        World().probe("gw", g=GOOD).probe("anchors", a=BAD, b=BAD).wan(1),
        SlotState.DOWN,
        Fault.ISP,
    ),
    "the WAN port is down and a backup carries": (all_good().wan(2), SlotState.UP, Fault.LINE),
    "names do not resolve": (
        World().probe("gw", g=GOOD).probe("anchors", a=GOOD).probe("names", r=BAD),
        SlotState.UP,
        Fault.RESOLVER,
    ),
    "a switch is dark": (all_good().device("sw1", answers=False), SlotState.UP, Fault.LAN),
    "one anchor of two is silent": (
        World().probe("gw", g=GOOD).probe("anchors", a=GOOD, b=BAD),
        SlotState.UP,
        Fault.FAR_END,
    ),
    "only the router is watched": (World().probe("gw", g=GOOD), SlotState.UNKNOWN, Fault.UNKNOWN),
    "a resolver on the site's own network proves no line": (
        World().probe("gw", g=GOOD).probe("names", **{"10.0.0.2": BAD}),
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
    ),
    "a resolver on this machine proves no line either": (
        World().probe("gw", g=BAD).probe("names", **{"127.0.0.1": GOOD}),
        SlotState.UNKNOWN,
        Fault.LAN,
    ),
    "services that refuse prove that the line works": (
        World().probe("gw", g=GOOD).probe("apps", s=Outcome.REJECTED, t=Outcome.DENIED),
        SlotState.UP,
        Fault.SERVICE,
    ),
    "all targets refuse, as a router does for others on a dead line": (
        World().probe("gw", g=GOOD).probe("anchors", a=Outcome.REFUSED, b=Outcome.REFUSED),
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
    ),
    "a router that refuses is there": (
        World().probe("gw", g=Outcome.REFUSED).probe("anchors", a=GOOD),
        SlotState.UP,
        Fault.NONE,
    ),
    "a device's agent is switched off": (
        all_good().device("sw1", answers=Outcome.REFUSED),
        SlotState.UP,
        Fault.LAN,
    ),
    "this box's own cable is out": (
        World().carrier(0).probe("gw", g=BAD).probe("anchors", a=BAD, b=BAD),
        SlotState.UNKNOWN,
        Fault.APPLIANCE,
    ),
    "netmon itself was busy": (
        World().probe("gw", g=GOOD).probe("anchors", a=Outcome.BUSY, b=Outcome.BROKEN),
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
    ),
    "a device speaks what netmon does not": (
        all_good().device("sw1", answers=Outcome.UNSUPPORTED),
        SlotState.UP,
        Fault.NONE,
    ),
    "a device is silent and nothing else is watched": (
        World().device("sw1", answers=False),
        SlotState.UNKNOWN,
        Fault.UNKNOWN,
    ),
    "a service fails": (all_good().probe("apps", s=Outcome.REJECTED), SlotState.UP, Fault.SERVICE),
}


@pytest.mark.parametrize(("world", "slot", "fault"), SCENES.values(), ids=SCENES.keys())
def test_the_verdict_when(world, slot, fault):
    verdict = decide(world.view)
    assert (verdict.state, verdict.fault) == (slot, fault)
    assert verdict.sentence
    assert verdict.next_step


def test_a_device_is_not_judged_by_a_ping_of_the_same_name():
    world = all_good().device("sw1", answers=False)
    row = (Row((("source", "icmp"), ("target", "sw1"))),)
    world.latest.accept([Reading(Shape(RUN, (RUN_UP,), row), world.clock.stamp(), ([1],), (GOOD,))])
    assert decide(world.view).fault is Fault.LAN


def test_a_device_that_went_dark_is_not_kept_alive_by_a_collector_that_runs_rarely():
    world = all_good().device("sw1", answers=True).device("sw1", answers=True, source="inventory")
    world.clock.move(30)
    world.device("sw1", answers=False)
    assert [state.answers for state in world.view.devices()] == [False]


def test_a_device_that_answers_one_of_its_collectors_answers():
    world = all_good().device("sw1", answers=True)
    world.clock.move(5)
    world.device("sw1", answers=False, source="inventory")
    assert [state.answers for state in world.view.devices()] == [True]


@pytest.mark.parametrize(
    ("targets", "slot"),
    [
        pytest.param({"http://h:1/": BAD, "http://h:2/": BAD}, SlotState.UNKNOWN, id="two ports of one host"),
        pytest.param({"http://h/": BAD, "http://k/": BAD}, SlotState.DOWN, id="two hosts"),
        pytest.param({"http://h/": Outcome.REJECTED}, SlotState.UP, id="a bad status"),
        pytest.param({}, SlotState.UNKNOWN, id="nothing bound"),
    ],
)
def test_a_circuits_state_is_what_its_own_targets_prove(targets, slot):
    world = World().wan(1)
    bound = WatchedProbe("bound", "http", "anchor", 10, CIRCUIT.id)
    rows = tuple(Row((("probe", "bound"), ("target", t))) for t in targets)
    if rows:
        columns = ([0] * len(rows),)
        shape = Shape("http", (SUCCESS,), rows)
        world.latest.accept([Reading(shape, world.clock.stamp(), columns, tuple(targets.values()))])
    watch = Watch("lib", "Library", (), {"bound": bound}, world.devices, world.circuits)
    (now,) = circuits(View(watch, world.latest, world.clock))
    assert now.state is slot


def test_old_readings_count_as_not_known():
    world = all_good()
    world.clock.move(120)
    assert decide(world.view).state is SlotState.UNKNOWN


def test_what_to_do_names_the_supplier_and_its_reference():
    world = World().probe("gw", g=GOOD).probe("anchors", a=BAD, b=BAD).wan(2)
    assert "Acme (reference AC1)" in decide(world.view).next_step


def test_a_circuits_use_is_measured_against_the_contract():
    world = World().wan(1, 0)
    world.clock.move(10)
    world.wan(1, 62_500_000)
    (now,) = circuits(world.view)
    assert now.down_bits_per_second == pytest.approx(50e6)
    assert now.down_ratio == pytest.approx(0.5)
    assert now.state is SlotState.UNKNOWN  # a port that is up proves no line


def test_use_is_unknown_rather_than_zero_after_one_poll():
    (now,) = circuits(World().wan(1, 1000).view)
    assert now.down_bits_per_second is None
    assert now.down_ratio is None
