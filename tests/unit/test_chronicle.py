"""Changes of the verdict become events."""

from fakes.clock import FakeClock

from netmon.app.chronicle import Chronicle
from netmon.hub import Hub
from netmon.latest import Latest
from netmon.model import Outcome, Reading, Retention, Row, Shape, state
from netmon.verdict.view import View, Watch, WatchedProbe

SUCCESS = state("probe_success", "Success.")
PROBES = {"anchors": WatchedProbe("anchors", "icmp", "anchor", 10)}


class World:
    def __init__(self):
        self.clock, self.latest, self.events = FakeClock(), Latest(), []
        view = View(Watch("lib", "Library", (), PROBES), self.latest, self.clock)
        self.chronicle = Chronicle(Hub([self]), self.clock, lambda: view)

    def accept(self, records):
        self.events += records

    def look(self, outcome, times=1):
        rows = tuple(Row((("probe", "anchors"), ("target", target))) for target in "ab")
        for _ in range(times):
            self.clock.move(5)
            reading = Reading(Shape("icmp", (SUCCESS,), rows), self.clock.stamp(), ([0, 0],), (outcome,) * 2)
            self.latest.accept([reading])
            self.chronicle.look()


def test_an_outage_is_two_events_the_second_with_how_long_it_lasted():
    world = World()
    world.look(Outcome.OK, 4)
    world.look(Outcome.TIMEOUT, 12)
    world.look(Outcome.OK, 4)
    down, up = world.events
    assert (down.text, down.data["state"]) == ("Nothing beyond the router answers.", "down")
    assert (up.data["state"], up.data["before"], up.data["lasted_seconds"]) == ("up", "down", 60.0)
    assert down.retention is Retention.EVIDENCE


def test_one_bad_look_is_no_event():
    world = World()
    world.look(Outcome.OK, 4)
    world.look(Outcome.TIMEOUT)
    world.look(Outcome.OK, 4)
    assert world.events == []


def test_a_start_into_an_outage_is_an_event():
    world = World()
    world.look(Outcome.TIMEOUT, 3)
    assert [event.data["state"] for event in world.events] == ["down"]
