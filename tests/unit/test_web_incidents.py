"""Incidents on the page and in the API: newest first, each with its story, hostile words as text."""

from dataclasses import replace

from fakes.context import FakeClock
from fakes.incidents import OPEN, OVER
from fakes.pages import main_page, parsed
from fakes.site_sample import sample_site

from netmon.incidents.incident import Step, incident_id
from netmon.incidents.record import RECORD, state_fact, step_event
from netmon.model import Event
from netmon.web.arguments import Period
from netmon.web.incidents import RecentIncidents, incidents

HOSTILE = "<script>alert('x')</script>"


def at(site, minutes_ago):
    now = site.clock.stamp()
    ns = minutes_ago * 60 * 10**9
    return replace(now, boottime_ns=now.boottime_ns - ns, wall_ms=now.wall_ms - ns // 10**6)


def story(site):
    """One incident that was over two hours ago, and one that goes on since ten minutes."""
    first, last = at(site, 130), at(site, 120)
    old = replace(OPEN, started=first, id=incident_id(OPEN.thing, first))
    new = replace(OPEN, started=at(site, 10), id=incident_id(OPEN.thing, at(site, 10)), facts=(HOSTILE,))
    site.reader.past_events = [
        step_event(old, Step.OPENED, "lib: The line is down.", first),
        step_event(replace(OVER, id=old.id, started=first, ended=last), Step.CLOSED, "lib: over", last),
        Event(RECORD, (("site", "lib"), ("incident", old.id)), "ticket INC1", last, {"ticket": "INC1"}),
    ]
    site.latest.accept([step_event(new, Step.OPENED, "lib: The line is down.", at(site, 8))])
    site.latest.accept([state_fact(new, at(site, 8))])
    return old, new


async def test_the_page_shows_open_ones_first_each_with_its_story_and_words_as_text():
    site = sample_site(FakeClock())
    old, new = story(site)
    text = (await main_page(site)).decode()
    parsed(text.encode())
    assert text.index(f"incident-{new.id}") < text.index(f"incident-{old.id}")
    assert "ticket INC1" in text
    assert HOSTILE not in text
    assert "not known: no outside view" in text


async def test_the_history_is_not_asked_for_each_page():
    site = sample_site(FakeClock())
    story(site)
    recent = RecentIncidents(site)
    assert [one.open for one in await recent.newest()] == [True, False]
    site.reader.past_events = []
    assert len(await recent.newest()) == 2


async def test_the_api_has_the_incidents_of_a_period_and_those_that_are_open():
    site = sample_site(FakeClock())
    old, new = story(site)
    now_ms = site.clock.wall_ns() // 10**6
    found = await incidents(site, Period(now_ms - 3 * 3_600_000, now_ms), 10)
    assert [one.id for one in found.incidents] == [new.id, old.id]
    assert [step.step for step in found.incidents[1].timeline] == ["opened", "closed", "written"]
    assert found.incidents[1].timeline[2].data == {"ticket": "INC1"}
    assert (await incidents(site, Period(now_ms - 3 * 3_600_000, now_ms), 1)).truncated
