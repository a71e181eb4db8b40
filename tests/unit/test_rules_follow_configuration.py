"""Rules look at what the configuration has: what left it neither falls silent nor stays too hot."""

from netmon.incidents.engine import Engine
from netmon.incidents.incident import Step
from netmon.incidents.record import KIND, step_of
from netmon.incidents.rule import Condition, Rule
from netmon.incidents.rules import Rules
from netmon.incidents.scope import Scope
from netmon.incidents.settings import EngineSettings
from netmon.model import Event, Kind, Metric, Outcome, Reading, Row, Shape, Stamp
from netmon.model.derived import SITE_MINUTE, SITE_MINUTE_METRICS
from netmon.verdict.view import Watch, WatchedDevice, WatchedProbe

STATE = Metric("ifOperStatus", "State.", Kind.STATE)
ANSWER = Metric("probe_success", "Answer.", Kind.STATE)
PORT = (("site", "lib"), ("device", "sw1"), ("ifName", "ge1"))
PROBE = (("site", "lib"), ("probe", "portal"), ("target", "192.0.2.1"))
RULES = (
    Rule("silent", STATE.name, Condition.NO_DATA, 120),
    Rule("fails", ANSWER.name, Condition.BELOW, 1),
)
SWITCH = {"sw1": WatchedDevice("sw1", "switch", 30.0, sources=("interfaces",))}
PORTAL = {"portal": WatchedProbe("portal", "http", "service", 30.0)}


def at(minute):
    return Stamp("boot-1", round(minute * 60e9), round(1_800_000_000_000 + minute * 60_000))


def reading(measurement, metrics, key, minute, *values):
    shape = Shape(measurement, metrics, (Row(key),))
    return Reading(shape, at(minute), tuple((value,) for value in values), (Outcome.OK,))


def minutes(engine, first, last):
    for minute in range(first, last):
        row = reading(SITE_MINUTE, SITE_MINUTE_METRICS[:2], (("site", "lib"),), minute + 0.5, 1, 0)
        engine.accept([row])


def steps(told):
    events = [one for one in told if isinstance(one, Event) and one.kind == KIND]
    return [(step, incident.thing.condition) for step, incident in map(step_of, events)]


def settings(rules, devices, probes):
    return EngineSettings(Scope(Watch("lib", "Library", probes=probes, devices=devices)), rules=rules)


def test_rules_forget_devices_and_probes_that_left_the_configuration():
    told, rules = [], Rules(RULES)
    engine = Engine(told.extend, settings(rules, SWITCH, PORTAL))
    rules.accept([reading("interface", (STATE,), PORT, 0, 1), reading("http", (ANSWER,), PROBE, 0, 0)])
    minutes(engine, 0, 1)
    assert steps(told) == [(Step.OPENED, "rule:fails")]
    told.clear()
    engine.expect(settings(rules, {}, {}))
    minutes(engine, 1, 10)
    assert steps(told) == [(Step.CLOSED, "rule:fails")]


def test_rules_go_on_with_what_stays_in_the_configuration():
    told, rules = [], Rules(RULES)
    engine = Engine(told.extend, settings(rules, SWITCH, PORTAL))
    rules.accept([reading("interface", (STATE,), PORT, 0, 1)])
    minutes(engine, 0, 1)
    engine.expect(settings(rules, SWITCH, {}))
    minutes(engine, 1, 10)
    assert steps(told) == [(Step.OPENED, "rule:silent")]
