"""Faults of a site, played in virtual time: which incidents there are, why, since when, who hears of them."""

import pytest
from fakes.incident_scenes import SCENES, mistakes
from fakes.incident_site import perform


@pytest.mark.parametrize(("play", "expected"), SCENES.values(), ids=SCENES.keys())
def test_there_is_one_incident_with_its_cause_when(play, expected):
    stage = perform(play)
    assert mistakes(stage, expected) == [], stage.steps
