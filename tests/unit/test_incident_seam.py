"""The seam between incidents and channels: records there and back, keys, labels, what is told."""

from dataclasses import replace

import pytest
from fakes.incidents import NOW, OPEN, OVER, SITE, START

from netmon.incidents.incident import (
    ACCESS,
    Level,
    Severity,
    Step,
    Thing,
    incident_id,
)
from netmon.incidents.notice import notice_of
from netmon.incidents.record import from_json, state_fact, step_event, step_of
from netmon.model import Event


@pytest.mark.parametrize("incident", [OPEN, OVER], ids=["open", "over"])
def test_an_incident_is_the_same_after_it_was_written_and_read(incident):
    assert from_json(state_fact(incident, NOW).values) == incident
    assert step_of(step_event(incident, Step.CHANGED, "words", NOW)) == (Step.CHANGED, incident)


def test_an_id_hangs_on_thing_and_beginning_alone():
    other = Thing("lib", Level.CIRCUIT, "wan2", ACCESS, "Acme")
    assert OPEN.id == incident_id(SITE, replace(START, wall_ms=1, synced=False))
    assert len({OPEN.id, incident_id(other, START), incident_id(SITE, NOW)}) == 3


@pytest.mark.parametrize(
    ("thing", "labels"),
    [
        (SITE, {"alertname": "NetmonSite", "site": "lib", "supplier": "Acme"}),
        (
            Thing("lib", Level.CIRCUIT, "wan1", ACCESS, "Acme"),
            {"alertname": "NetmonCircuit", "site": "lib", "supplier": "Acme", "circuit": "wan1"},
        ),
        (Thing("lib", Level.SITE, "", "far_end"), {"alertname": "NetmonFarEnd", "site": "lib"}),
        (
            Thing("lib", Level.DEVICE, "sw1", "rule:port-errors", details=(("ifName", "1"),)),
            {"alertname": "NetmonRulePortErrors", "site": "lib", "device": "sw1", "ifName": "1"},
        ),
    ],
    ids=["site", "circuit", "condition", "rule"],
)
def test_identity_labels_are_those_of_the_central_rules(thing, labels):
    assert dict(thing.labels) == labels


def test_an_opened_incident_is_told_and_fires():
    notice = notice_of(step_event(OPEN, Step.OPENED, "lib is down", NOW))
    assert notice is not None
    assert (notice.firing, notice.severity) == (True, Severity.PAGE)
    assert (notice.id, notice.key) == (f"{OPEN.id}/1", "netmon/lib/site/-/access")


def test_the_end_of_a_told_incident_is_told_though_it_is_suppressed_by_now():
    quiet = replace(OVER, suppressed_by="ABCDEFGH", quiet="explained by another")
    notice = notice_of(step_event(quiet, Step.CLOSED, "over", NOW))
    assert notice is not None
    assert not notice.firing


@pytest.mark.parametrize(
    "event",
    [
        step_event(replace(OPEN, told=False, quiet="maintenance"), Step.OPENED, "", NOW),
        step_event(replace(OVER, told=False), Step.CLOSED, "", NOW),
        step_event(OPEN, Step.ACKNOWLEDGED, "", NOW),
        step_event(replace(OPEN, quiet="maintenance"), Step.CHANGED, "", NOW),
        Event("trap", (), "", NOW),
        Event("incident", (), "", NOW, {"step": "opened"}),
    ],
    ids=["quiet", "never told", "a person's step", "quiet by now", "no incident", "another format"],
)  # fmt: skip
def test_nothing_is_told_of(event):
    assert notice_of(event) is None
