"""What is made durable at once, and when: in virtual time."""

import asyncio
from dataclasses import replace

import pytest
from fakes import clock as virtual
from fakes.records import stamp
from fakes.telling import incident, opened

from netmon.app.urgency import Urgency
from netmon.incidents.incident import Step
from netmon.incidents.record import state_fact, step_event
from netmon.model import Event, Fact, Outcome, Reading, Row, Shape, Stamp, state
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, INCIDENT
from netmon.store.pace import Pace

CIRCUITS = Shape(
    CIRCUIT_MINUTE,
    CIRCUIT_MINUTE_METRICS[:2],
    tuple(Row((("site", "lib"), ("circuit", name))) for name in ("main", "spare")),
)
END = {"boot_id": "b", "boottime_ns": 1, "wall_ms": 1, "synced": True}


class Switch:
    def __init__(self):
        self.turns = []

    def hurry(self, *, on):
        self.turns.append(on)


@pytest.fixture
def switch():
    return Switch()


def step(name, what, ended=None):
    data = {"step": what, "id": name, "ended": ended}
    return Event(INCIDENT, (("site", "lib"), ("incident", name)), "words", stamp(0), data)


def minute(*states):
    return Reading(CIRCUITS, stamp(0), (list(states), [None, None]), (Outcome.OK, Outcome.OK))


def test_it_is_urgent_from_the_first_open_incident_to_the_end_of_the_last(switch):
    urgency = Urgency(switch)
    urgency.accept([step("a", "opened")])
    urgency.accept([step("b", "opened"), step("a", "changed")])
    urgency.accept([step("a", "closed", END)])
    assert switch.turns == [True]
    urgency.accept([step("b", "closed", END), step("b", "ticket", END)])
    assert switch.turns == [True, False]
    urgency.accept([step("b", "reopened")])
    assert switch.turns == [True, False, True]


def test_it_is_urgent_while_the_newest_minute_of_any_circuit_is_down(switch):
    urgency = Urgency(switch)
    urgency.accept([minute(1, 2)])
    assert switch.turns == [], "unknown is not down"
    urgency.accept([minute(1, 0)])
    urgency.accept([Reading(Shape("icmp", (state("netmon_circuit_state", "S."),), ()), stamp(1), ([],), ())])
    assert switch.turns == [True]
    urgency.accept([minute(1, 1)])
    assert switch.turns == [True, False]


def test_an_incident_that_was_open_before_the_start_is_remembered(switch):
    key = (("site", "lib"), ("thing", "line main"))
    urgency = Urgency(switch)
    urgency.remember([Fact(INCIDENT, key, {"id": "a", "ended": None}, stamp(0))])
    urgency.remember([Fact(INCIDENT, key, {"id": "z", "ended": END}, stamp(0))])
    assert switch.turns == [True]


def test_real_steps_and_facts_of_incidents_are_understood(switch):
    began = Stamp("boot", 0, 1, synced=True)
    one = incident(began)
    urgency = Urgency(switch)
    urgency.accept([opened(one, began), state_fact(one, began)])
    assert switch.turns == [True]
    over = replace(one, ended=began, number=2)
    urgency.accept([step_event(over, Step.CLOSED, "over", began), state_fact(over, began)])
    urgency.accept([step_event(over, Step.TICKET, "a ticket", began), state_fact(over, began)])
    assert switch.turns == [True, False]
    urgency.accept([step_event(replace(over, ended=None), Step.REOPENED, "again", began)])
    assert switch.turns == [True, False, True]


def test_what_says_nothing_of_an_incident_changes_nothing(switch):
    urgency = Urgency(switch)
    urgency.accept(
        [Event(INCIDENT, (), "words", stamp(0)), Event("note", (), "words", stamp(0), {"id": "a"})]
    )
    assert switch.turns == []


def test_commits_come_in_groups_and_at_once_only_in_a_hurry():
    async def story():
        pace, times = Pace(5.0), []

        async def commit():
            while True:
                await pace.wait()
                times.append(round(asyncio.get_running_loop().time(), 3))
                await asyncio.sleep(0.1)

        task = asyncio.create_task(commit())
        await asyncio.sleep(1)
        pace.came(much=False)
        await asyncio.sleep(5)  # 6 s: one commit, in its turn
        pace.hurry(on=True)
        await asyncio.sleep(1)
        pace.came(much=False)
        pace.came(much=False)
        await asyncio.sleep(0.05)
        pace.came(much=False)  # while the disk is busy: with the next turn
        await asyncio.sleep(1)
        pace.hurry(on=False)
        pace.came(much=False)
        await asyncio.sleep(1)
        pace.came(much=True)
        await asyncio.sleep(0.5)
        task.cancel()
        return times

    assert virtual.run(story()) == [5.0, 6.0, 7.0, 7.1, 9.05]
