"""Rules: which rows they cover, when their conditions hold, and what a later start knows of them."""

import pytest
from fakes.stored import StoredRecords

from netmon.incidents.incident import Level, Severity
from netmon.incidents.rule import Condition, Rule
from netmon.incidents.rules import Rules, remembered
from netmon.model import Kind, Metric, Outcome, Reading, Row, Shape, Stamp, counter, gauge

BUSY = gauge("netmon_circuit_down_utilisation_ratio", "Use.")
ERRORS = counter("ifInErrors", "Errors.")
STATE = Metric("ifOperStatus", "State.", Kind.STATE)
PORT = (("site", "lib"), ("device", "sw1"), ("ifName", "ge1"))
WAN = (("site", "lib"), ("circuit", "wan1"))


def at(minute, boot="boot-1"):
    return Stamp(boot, round(minute * 60e9), round(1_800_000_000_000 + minute * 60_000))


def reading(metric, minute, value, key=PORT, epoch=0, boot="boot-1"):
    shape = Shape("interface", (metric,), (Row(key),))
    epochs = (epoch,) if metric.kind is Kind.COUNTER else ()
    return Reading(shape, at(minute, boot), ((value,),), (Outcome.OK,), epochs)


def firing(rules, minute):
    return {look.thing.name: look for look in rules.looks(at(minute), ()) if look.badness}


VALUES = {
    "above": (Rule("r", BUSY.name, Condition.ABOVE, 0.9), BUSY, (0.5, 0.95), True),
    "not above": (Rule("r", BUSY.name, Condition.ABOVE, 0.9), BUSY, (0.95, 0.9), False),
    "below": (Rule("r", BUSY.name, Condition.BELOW, 0.1), BUSY, (0.5, 0.05), True),
    "a rate above": (Rule("r", ERRORS.name, Condition.RATE_ABOVE, 1), ERRORS, (0, 61), True),
    "a rate not above": (Rule("r", ERRORS.name, Condition.RATE_ABOVE, 1), ERRORS, (0, 59), False),
    "a rate below": (Rule("r", ERRORS.name, Condition.RATE_BELOW, 1), ERRORS, (0, 59), True),
    "a change": (Rule("r", STATE.name, Condition.CHANGED), STATE, (1, 2), True),
    "no change": (Rule("r", STATE.name, Condition.CHANGED), STATE, (1, 1), False),
    "not known is neither": (Rule("r", BUSY.name, Condition.BELOW, 0.1), BUSY, (0.5, None), False),
    "the first value is no change": (Rule("r", STATE.name, Condition.CHANGED), STATE, (2,), False),
    "the first value has no rate": (Rule("r", ERRORS.name, Condition.RATE_BELOW, 1), ERRORS, (5,), False),
}


@pytest.mark.parametrize(("rule", "metric", "values", "holds"), VALUES.values(), ids=VALUES.keys())
def test_a_condition_holds(rule, metric, values, holds):
    rules = Rules([rule])
    for minute, value in enumerate(values):
        rules.accept([reading(metric, minute, value)])
    assert bool(firing(rules, len(values))) is holds


def test_a_counter_that_began_anew_has_no_rate():
    rules = Rules([Rule("r", ERRORS.name, Condition.RATE_BELOW, 1)])
    rules.accept([reading(ERRORS, 0, 1000), reading(ERRORS, 1, 3, epoch=1)])
    assert firing(rules, 2) == {}


def test_a_condition_must_hold_for_its_time_and_is_dated_back():
    rules = Rules([Rule("busy", BUSY.name, Condition.ABOVE, 0.9, for_seconds=600)])
    for minute in range(12):
        rules.accept([reading(BUSY, minute, 0.95 if minute else 0.5, WAN)])
        look = firing(rules, minute).get("wan1")
        assert (look is not None) == (minute >= 11), minute
    assert look.began == at(1)
    assert look.sentence == "busy: netmon_circuit_down_utilisation_ratio is 0.95, above 0.9."


def test_a_condition_that_ceased_begins_anew():
    rules = Rules([Rule("busy", BUSY.name, Condition.ABOVE, 0.9, for_seconds=300)])
    for minute, value in enumerate((1, 1, 1, 0, 1, 1, 1)):
        rules.accept([reading(BUSY, minute, value, WAN)])
        assert firing(rules, minute) == {}


def test_silence_is_told_of_a_row_that_spoke_and_ends_with_its_next_word():
    rules = Rules([Rule("silent", STATE.name, Condition.NO_DATA, 600)])
    rules.accept([reading(STATE, 0, 1)])
    assert firing(rules, 9) == {}
    assert firing(rules, 10)["sw1 ge1"].began == at(0)
    rules.accept([reading(STATE, 11, 1)])
    assert firing(rules, 11) == {}


def test_only_rows_with_the_labels_are_covered():
    rules = Rules([Rule("r", STATE.name, Condition.BELOW, 3, where=(("ifName", "ge2"),))])
    rules.accept([reading(STATE, 0, 1)])
    assert firing(rules, 1) == {}


@pytest.mark.parametrize(
    ("key", "level", "name"),
    [
        (PORT, Level.PORT, "sw1 ge1"),
        ((("site", "lib"), ("device", "sw1")), Level.DEVICE, "sw1"),
        (WAN, Level.SITE, "wan1"),
    ],
)
def test_an_incident_of_a_rule_is_of_what_its_row_is_about(key, level, name):
    rules = Rules([Rule("r", STATE.name, Condition.BELOW, 3, severity=Severity.PAGE, notify=("desk",))])
    rules.accept([reading(STATE, 0, 1, key)])
    (look,) = rules.looks(at(1), ())
    assert (look.thing.level, look.thing.name, look.thing.condition) == (level, name, "rule:r")
    assert (look.severity, look.notify) == (Severity.PAGE, ("desk",))
    assert dict(look.thing.labels)["alertname"] == "NetmonRuleR"


def test_a_later_start_knows_since_when_a_condition_holds():
    facts, rule = [], Rule("busy", BUSY.name, Condition.ABOVE, 0.9, for_seconds=1200)
    rules = Rules([rule], facts.extend)
    for minute in range(15):
        rules.accept([reading(BUSY, minute, 0.95, WAN)])
        rules.looks(at(minute), ())
    later = Rules([rule])
    later.resume(remembered(StoredRecords(facts)))
    later.accept([reading(BUSY, 20, 0.95, WAN)])
    assert firing(later, 20)["wan1"].began == at(0)
    assert len(facts) == 1


def test_a_later_start_knows_of_rows_that_fell_silent_before_it():
    records, rule = [], Rule("silent", STATE.name, Condition.NO_DATA, 600)
    rules = Rules([rule], records.extend)
    for minute in range(3):
        records.append(reading(STATE, minute, 1))
        rules.accept(records[-1:])
        rules.looks(at(minute), ())
    later = Rules([rule])
    later.resume(remembered(StoredRecords(records)))
    assert firing(later, 12)["sw1 ge1"].began == at(2)


def test_a_reload_keeps_what_rules_that_stay_have_seen():
    stays, goes = (
        Rule("a", BUSY.name, Condition.ABOVE, 0.9, for_seconds=300),
        Rule("b", BUSY.name, Condition.ABOVE, 1),
    )
    rules = Rules([stays, goes])
    rules.accept([reading(BUSY, 0, 0.95, WAN)])
    fresh = Rules([stays])
    fresh.follow(rules)
    assert set(firing(fresh, 5)) == {"wan1"}
    assert fresh.has(firing(fresh, 5)["wan1"].thing)
