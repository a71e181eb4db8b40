"""What is told to nobody, and says why: what hangs on something else, maintenance, quiet hours, restarts."""

import asyncio
from dataclasses import replace

import pytest
from fakes.clock import START_WALL_NS
from fakes.history import MemoryHistory
from fakes.incident_site import IncidentPlay, perform
from fakes.scripted_site import ONE_LINE, TWO_LINES, probe
from fakes.stored import StoredRecords

from netmon.incidents.chronology import chronology
from netmon.incidents.engine import Engine
from netmon.incidents.incident import Badness, Severity, Step
from netmon.incidents.past import read_past
from netmon.incidents.policy import Limit, Policy
from netmon.incidents.record import KIND, RECORD
from netmon.incidents.rule import Condition, Rule
from netmon.incidents.rules import Rules, remembered
from netmon.model import Event
from netmon.notices.queue import Queue

CUT = {"lines": {"wan1": False}}
MENDED = {"lines": {"wan1": True}}
FORTY = ("router", *(f"sw{number}" for number in range(1, 40)))
BEHIND = dict.fromkeys(FORTY[1:], "router")
START_MS = START_WALL_NS // 1_000_000


def told(stage):
    return [one for one in stage.incidents if one.told]


def test_forty_devices_behind_a_dead_line_are_one_alert_and_39_visible_suppressions():
    stage = perform(
        IncidentPlay(
            devices=FORTY,
            parents=BEHIND,
            script={
                120: {**CUT, "router": False, "dark_devices": FORTY[1:]},
                600: {**MENDED, "router": True, "dark_devices": ()},
            },
        )
    )
    assert [one.thing.key for one in told(stage)] == ["netmon/lib/site/-/access"]
    quiet = [one for one in stage.incidents if not one.told]
    assert len(quiet) == 39
    assert {one.suppressed_by for one in quiet} == {told(stage)[0].id}
    assert all("behind lib" in one.quiet for one in quiet)
    assert [notice.firing for notice in stage.notices] == [True, False]


def test_devices_behind_a_dead_switch_are_one_alert():
    parents = {**dict.fromkeys(FORTY[2:], "sw1"), "sw1": "router"}
    stage = perform(
        IncidentPlay(
            devices=FORTY,
            parents=parents,
            script={120: {"dark_devices": FORTY[1:]}, 600: {"dark_devices": ()}},
        )
    )
    assert [one.thing.name for one in told(stage)] == ["sw1"]
    assert len(stage.incidents) == 39


def test_devices_that_go_dark_together_with_nothing_known_above_them_are_one_alert():
    stage = perform(
        IncidentPlay(devices=FORTY[:8], script={130: {"dark_devices": FORTY[2:6]}, 600: {"dark_devices": ()}})
    )
    assert len(told(stage)) == 1
    assert len(stage.incidents) == 4
    assert all("since the same minute" in one.quiet for one in stage.incidents if not one.told)


def test_a_device_that_stays_dark_after_what_hid_it_is_told_then():
    stage = perform(
        IncidentPlay(
            devices=("router", "switch", "sw1"),
            parents={"sw1": "switch"},
            script={120: {"switch": False, "dark_devices": ("sw1",)}, 600: {"switch": True}},
        )
    )
    steps = [step for step, one in stage.steps if one.thing.name == "sw1"]
    assert steps == [Step.OPENED, Step.RELEASED]
    assert [one.firing for one in stage.notices if one.incident.thing.name == "sw1"] == [True]


def planned(start, end):
    def reason(_thing, wall_ms):
        return "line moved" if start <= (wall_ms - START_MS) / 60_000 < end else ""

    return reason


def test_maintenance_keeps_an_incident_quiet_and_what_overruns_it_is_told():
    stage = perform(IncidentPlay(planned=planned(0, 8), script={120: CUT, 600: MENDED}))
    assert [step for step, _ in stage.steps] == [Step.OPENED, Step.RELEASED, Step.CLOSED]
    assert stage.steps[0][1].quiet == "maintenance: line moved"
    assert [notice.step for notice in stage.notices] == [Step.RELEASED, Step.CLOSED]


def test_nothing_is_told_of_what_ends_within_its_maintenance():
    stage = perform(IncidentPlay(planned=planned(0, 30), script={120: CUT, 600: MENDED}))
    assert len(stage.incidents) == 1
    assert stage.notices == []


def test_a_ticket_of_the_night_becomes_a_page_when_people_begin_to_work():
    stage = perform(
        IncidentPlay(in_hours=lambda wall_ms: wall_ms >= START_MS + 420_000, script={120: CUT, 600: MENDED})
    )
    severities = [(step, one.severity) for step, one in stage.steps]
    assert severities[0] == (Step.OPENED, Severity.TICKET)
    assert severities[1] == (Step.CHANGED, Severity.PAGE)
    assert len(stage.incidents) == 1


def test_a_degraded_line_that_dies_is_the_same_alert_and_not_resolved_before_the_end():
    stage = perform(
        IncidentPlay(script={120: {"loss": 0.34}, 600: CUT, 900: {**MENDED, "loss": 0.0}}, minutes=25)
    )
    assert len({(notice.key, notice.labels, notice.incident.id) for notice in stage.notices}) == 1
    assert [notice.firing for notice in stage.notices] == [*([True] * (len(stage.notices) - 1)), False]
    assert [notice.severity for notice in stage.notices][:2] == [Severity.TICKET, Severity.PAGE]
    assert abs(stage.notices[-1].incident.duration_seconds - 780) <= 60


def sites(dark, count=5):
    return {"others": {f"site{number}": number > dark for number in range(1, count + 1)}}


def test_sites_of_one_supplier_that_go_dark_one_after_the_other_end_under_one_incident():
    suppliers = {f"site{number}": "Acme" for number in range(1, 6)}
    script = {0: sites(0), 120: sites(1), 240: sites(2), 360: sites(3), 480: sites(5), 900: sites(0)}
    stage = perform(IncidentPlay(suppliers=suppliers, script=script, minutes=30))
    mine = [one for one in stage.incidents if one.thing.key == "netmon/lib/supplier/Acme/access"]
    assert len(mine) == 1
    assert {one.thing.site for one in told(stage)} == {"site1", "lib"}
    hidden = [one for one in stage.incidents if one.thing.site.startswith("site")]
    assert len(hidden) == 5
    assert all(one.suppressed_by == mine[0].id for one in hidden[1:])
    labels = [dict(one.labels) for one in stage.notices]
    assert {one["supplier"] for one in labels} == {"Acme"}


def test_short_restarts_reloads_and_clock_steps_are_nobody_s_business():
    def bounce(stage):
        stage.end()
        stage.start()

    def reload(stage):
        stage.engine.expect(stage.settings())

    stage = perform(
        IncidentPlay(
            TWO_LINES,
            ("wan1", "wan2"),
            script={
                200: bounce,
                400: reload,
                500: lambda stage: stage.clock.step(-7200),
                700: lambda stage: stage.clock.step(7200),
                800: bounce,
                810: bounce,
                1000: {"loss": 0.3},
                1060: {"loss": 0.0},
                1300: {"switch": False},
                1390: {"switch": True},
            },
            minutes=40,
        )
    )
    assert stage.incidents == []


def test_a_thing_that_leaves_the_configuration_takes_its_incident_with_it():
    def remove(stage):
        stage.play.devices = ("router",)
        stage.watch = stage._watch()
        stage.book.expect(stage.watch)
        stage.engine.expect(stage.settings())

    stage = perform(IncidentPlay(script={120: {"switch": False}, 600: remove}))
    assert [step for step, _ in stage.steps] == [Step.OPENED, Step.CLOSED]
    assert "not watched" in stage.incidents[0].sentence


def rebuilt(records, stage):
    """Tell what a start of netmon would tell, that finds these records and nothing else."""
    fresh: list = []
    engine = Engine(fresh.extend, stage.settings())
    last = max((one.stamp for one in records), key=lambda stamp: stamp.boottime_ns)
    now = replace(last, boottime_ns=last.boottime_ns + 10**9, wall_ms=last.wall_ms + 1000)
    engine.resume(read_past(StoredRecords(records), now), now)
    return [one for one in fresh if isinstance(one, Event) and one.kind == KIND]


KILLED = {
    "a cut line": IncidentPlay(script={120: CUT, 600: MENDED}),
    "a flapping line": IncidentPlay(
        script={120: CUT, 240: MENDED, 420: CUT, 540: MENDED, 720: CUT, 840: MENDED}
    ),
    "a dead switch": IncidentPlay(
        (*ONE_LINE, probe("way", "path", "", ("198.51.100.1",))), script={120: {"switch": False}}
    ),
}


@pytest.mark.parametrize("play", KILLED.values(), ids=KILLED.keys())
def test_wherever_netmon_is_killed_no_step_is_told_twice_and_none_is_left_out(play):
    stage = perform(play)
    steps = [at for at, one in enumerate(stage.records) if isinstance(one, Event) and one.kind == KIND]
    for cut in (*range(50, len(stage.records), 37), *steps, *(at + 1 for at in steps)):
        again = [essence(event) for event in rebuilt(stage.records[:cut], stage)]
        lost = [essence(stage.records[cut])] if cut in steps else []
        assert again == lost, cut


def essence(event):
    return event.key, event.data["step"], event.data["number"], event.data["started"], event.data["fault"]


def test_what_people_write_is_a_dated_step_and_is_there_after_a_restart_once():
    def write(action, **data):
        def act(stage):
            one = stage.incidents[0]
            key = (("site", "lib"), ("incident", one.id))
            stage.publish(RECORD, {"action": action, **data}, key, f"{action} written")

        return act

    def bounce(stage):
        stage.end()
        stage.start()

    script = {
        120: CUT,
        400: write("ack", by="Ann"),
        410: write("ticket", ticket="INC9", by="Ann"),
        430: bounce,
        600: MENDED,
        1100: write("exclude", reason="power", agreed_by="Bob"),
    }
    stage = perform(IncidentPlay(script=script))
    steps = [step for step, _ in stage.steps]
    assert steps == [Step.OPENED, Step.ACKNOWLEDGED, Step.TICKET, Step.CLOSED, Step.EXCLUDED]
    (one,) = stage.incidents
    assert (one.acknowledged_by, one.ticket, one.number) == ("Ann", "INC9", 5)
    assert [notice.step for notice in stage.notices] == [Step.OPENED, Step.CLOSED]
    (told,) = chronology(stage.records_of(KIND, RECORD))
    assert [event.text for event in told.events if event.kind == RECORD] == [
        "ack written", "ticket written", "exclude written",
    ]  # fmt: skip
    assert taken_on(stage.events)
    assert not taken_on([event for event in stage.events if event.data["step"] != "acknowledged"])


def taken_on(events):
    """Tell whether the channels know that the first notice need not go to the second one any more."""

    async def ask():
        queue = Queue(MemoryHistory(events))
        return await queue.taken_on(await queue.next())

    return asyncio.run(ask())


SLOW = Rule(
    "slow", "probe_icmp_duration_seconds", Condition.ABOVE, 0.05, (("target", "198.51.100.1"),),
    for_seconds=180, severity=Severity.PAGE, notify=("desk",),
)  # fmt: skip


def test_a_rule_is_an_incident_dated_back_told_to_whom_it_says_over_reloads_and_kills():
    def reload(stage):
        fresh = Rules([SLOW], stage.publish_records)
        fresh.follow(stage.play.rules)
        stage.play.rules = fresh
        stage.engine.expect(stage.settings())

    def kill(stage):
        stage.end()
        stage.play.rules = Rules([SLOW], stage.publish_records)
        stage.play.rules.resume(remembered(StoredRecords(stage.records)))
        stage.start()

    script = {
        0: lambda stage: setattr(stage.play, "rules", Rules([SLOW], stage.publish_records)) or reload(stage),
        120: {"slower": 0.1},
        200: reload,
        220: kill,
        400: reload,
        430: kill,
        600: {"slower": 0.0},
    }
    stage = perform(IncidentPlay(script=script))
    mine = [(step, one) for step, one in stage.steps if one.thing.of_rule]
    assert [step for step, _ in mine] == [Step.OPENED, Step.CLOSED]
    one = mine[1][1]
    assert one.sentence == "slow: probe_icmp_duration_seconds is 0.112, above 0.05."
    assert (one.severity, one.notify) == (Severity.PAGE, ("desk",))
    assert abs(one.started.wall_ms - START_MS - 120_000) <= 60_000
    assert abs(one.ended.wall_ms - START_MS - 600_000) <= 60_000


def test_a_reload_with_other_numbers_of_minutes_holds_at_once_and_leaves_what_is_open():
    def patient(stage):
        stage.play.policy = Policy(limits=(Limit(Badness.DOWN, 2, 3),), close_after=2)
        stage.engine.expect(stage.settings())

    script = {120: CUT, 400: patient, 600: MENDED, 900: {"switch": False}, 1140: {"switch": True}}
    stage = perform(IncidentPlay(script=script))
    assert [step for step, _ in stage.steps] == [Step.OPENED, Step.CLOSED]
    closed = next(event for event in stage.events if event.data["step"] == "closed")
    assert closed.stamp.wall_ms - START_MS == pytest.approx(720_000, abs=60_000)
