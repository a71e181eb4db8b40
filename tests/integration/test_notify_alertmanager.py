"""The distribution's Alertmanager with the example's grouping: one page an event, whoever saw it first.

A wait of five minutes is one of five seconds here; of the rest, only receivers and intervals are changed.
"""

import asyncio
import re
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fakes.alert_servers import alertmanager, pager, post
from fakes.clock import FakeClock
from fakes.delivering import until
from fakes.history import MemoryHistory
from fakes.telling import closed, incident, message, opened

from netmon.clock import SystemClock
from netmon.incidents.incident import Badness, Severity
from netmon.model import Stamp
from netmon.notices.alertmanager import Alertmanager
from netmon.notices.http_session import HttpSettings
from netmon.notices.judgement import LaneSettings
from netmon.notices.lane import Lane
from netmon.notices.record import Diary
from netmon.notices.selection import Selection

pytestmark = pytest.mark.servers
EXAMPLE = Path(__file__).parents[2] / "dashboards/prometheus/alertmanager.example.yml"
CLOCK = SystemClock()
INTERVAL_SECONDS = 1.0


def config(url):
    text = EXAMPLE.read_text().replace("http://127.0.0.1:9095", url)
    waits = {"group_wait: 5m": "group_wait: 5s", "group_wait: 30s": "group_wait: 1s"}
    for old, new in waits.items():
        text = text.replace(old, new)
    return re.sub(r"group_interval: [0-9a-z]+", f"group_interval: {INTERVAL_SECONDS:g}s", text)


@pytest.fixture
def pages():
    with pager() as found:
        yield found


@pytest.fixture
def server(tmp_path, pages):
    with alertmanager(tmp_path, config(pages.url)) as found:
        yield found


@pytest.fixture
async def channel(server):
    found = Alertmanager("centre", HttpSettings(server.url), CLOCK)
    yield found
    await found.close()


def on_call(pages, status):
    return [one for one in pages.by(status) if one["path"] == "/on-call"]


def back(minutes):
    """A moment some minutes ago."""
    now = CLOCK.stamp()
    return Stamp(now.boot_id, now.boottime_ns - minutes * 60 * 10**9, now.wall_ms - minutes * 60_000)


def over(one, minutes=20):
    return replace(one, number=one.number + 1, ended=CLOCK.stamp(), duration_seconds=minutes * 60.0)


async def test_40_sites_dark_within_five_minutes_are_one_page_and_one_end(channel, pages):
    sites = []
    for n in range(40):
        sites.append(one := incident(CLOCK.stamp(), site=f"lib-{n}"))
        await channel.send(message(one, CLOCK.stamp()))
        await asyncio.sleep(0.05)
    async with asyncio.timeout(120):
        await until(lambda: bool(on_call(pages, "firing")))
    await asyncio.sleep(4 * INTERVAL_SECONDS)
    [page] = on_call(pages, "firing")
    assert len(page["alerts"]) == 40
    assert page["groupLabels"] == {"supplier": "Acme"}
    await channel.refresh([message(over(one), CLOCK.stamp()) for one in sites])
    async with asyncio.timeout(120):
        await until(lambda: bool(on_call(pages, "resolved")))
    await asyncio.sleep(3 * INTERVAL_SECONDS)
    assert (len(on_call(pages, "firing")), len(on_call(pages, "resolved"))) == (1, 1)


def central(server, labels, *, firing):
    """What Prometheus sends: the same labels, an end some minutes ahead while the rule fires."""
    now = time.time()

    def iso(at):
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"

    start, end = iso(now - 60), iso(now + 240 if firing else now)
    post(
        f"{server.url}/api/v2/alerts",
        [{"labels": labels, "annotations": {"summary": "silent"}, "startsAt": start, "endsAt": end}],
    )


async def test_degraded_then_dark_then_back_is_one_page_no_early_end_and_one_end_with_duration(
    channel, server, pages
):
    slow = incident(back(20), worst=Badness.DEGRADED, severity=Severity.TICKET)
    await channel.send(message(slow, CLOCK.stamp()))
    async with asyncio.timeout(120):
        await until(lambda: bool(on_call(pages, "firing")))
    labels = dict(message(slow, CLOCK.stamp()).labels)
    for _ in range(8):  # the line is dead: only the centre speaks
        central(server, labels, firing=True)
        await asyncio.sleep(INTERVAL_SECONDS / 2)
    assert on_call(pages, "resolved") == [], "who is silent has not recovered"
    dark = replace(slow, number=2, worst=Badness.DOWN, severity=Severity.PAGE)
    await channel.send(message(dark, CLOCK.stamp()))  # the line is back, the appliance tells what it saw
    central(server, labels, firing=True)
    await asyncio.sleep(2 * INTERVAL_SECONDS)
    await channel.send(message(over(dark), CLOCK.stamp()))
    central(server, labels, firing=False)
    async with asyncio.timeout(120):
        await until(lambda: bool(on_call(pages, "resolved")))
    await channel.refresh([message(over(dark), CLOCK.stamp())])
    await asyncio.sleep(3 * INTERVAL_SECONDS)
    assert len(on_call(pages, "firing")) == 1
    [end] = on_call(pages, "resolved")
    [alert] = end["alerts"]
    began, ended = (datetime.fromisoformat(alert[name]).timestamp() for name in ("startsAt", "endsAt"))
    assert abs(began - slow.started.wall_ms / 1000) < 1, "dated back to the first bad minute"
    assert 1200 <= ended - began < 1230, "the page's own duration is the incident's"


@asynccontextmanager
async def lane_of(channel, history):
    settings = LaneSettings(Selection("centre", frozenset(Severity)))
    lane = Lane(channel, settings, history, CLOCK, Diary(lambda _: None, CLOCK))
    lane.postman.patience = replace(lane.postman.patience, retry_cap=0.2)
    task = asyncio.create_task(lane.run())
    try:
        async with asyncio.timeout(60):
            await until(lambda: "notices centre" in history.states)
            yield lane
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_an_incident_that_was_over_before_it_could_be_told_pages_nobody(channel, server, pages):
    history = MemoryHistory()
    async with lane_of(channel, history) as lane:
        before = incident(back(60))
        history.accept([opened(before, CLOCK.stamp()), closed(before, CLOCK.stamp())])
        lane.committed(await history.commit())
        await until(lambda: lane.state.position == 2)
        await asyncio.sleep(5 * INTERVAL_SECONDS)
    assert server.json("/api/v2/alerts") == []
    assert on_call(pages, "firing") == []


async def test_an_incident_that_was_over_before_it_could_be_told_ends_the_page_of_the_centre(
    channel, server, pages
):
    history, before = MemoryHistory(), incident(back(60))
    central(server, dict(before.thing.labels), firing=True)
    async with asyncio.timeout(120):
        await until(lambda: bool(on_call(pages, "firing")))
    async with lane_of(channel, history) as lane:
        history.accept([opened(before, CLOCK.stamp()), closed(before, CLOCK.stamp(), 3600)])
        lane.committed(await history.commit())
        await until(lambda: bool(on_call(pages, "resolved")))
    [end] = on_call(pages, "resolved")
    assert end["alerts"][0]["annotations"]["summary"] == "OVER lib after 1 h"
    assert len(on_call(pages, "firing")) == 1


async def test_a_site_in_trouble_inhibits_its_appliance_and_lines(channel, server):
    site = incident(back(3))
    await channel.send(message(site, CLOCK.stamp()))
    await channel.send(message(incident(back(3), "wan2"), CLOCK.stamp()))
    await channel.send(message(incident(back(3), "wan2", site="other"), CLOCK.stamp()))

    def state():
        return {
            (one["labels"]["alertname"], one["labels"]["site"]): one["status"]["state"]
            for one in server.json("/api/v2/alerts")
        }

    wanted = {
        ("NetmonSite", "lib"): "active",
        ("NetmonCircuit", "lib"): "suppressed",
        ("NetmonCircuit", "other"): "active",
    }
    async with asyncio.timeout(120):
        await until(lambda: state() == wanted)


async def test_a_silence_holds_though_the_alert_is_sent_again(channel, server, pages):
    one = message(incident(back(3)), CLOCK.stamp())
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    starts = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    matcher = {"name": "site", "value": "lib", "isRegex": False}
    silence = {
        "matchers": [matcher],
        "startsAt": starts,
        "endsAt": ends,
        "createdBy": "x",
        "comment": "known",
    }
    post(f"{server.url}/api/v2/silences", silence)
    await channel.send(one)
    for _ in range(5):
        await channel.refresh([one])
        await asyncio.sleep(INTERVAL_SECONDS)
    assert on_call(pages, "firing") == []
    [alert] = server.json("/api/v2/alerts")
    assert alert["status"]["state"] == "suppressed"


async def test_an_appliance_whose_clock_is_years_wrong_is_heard_in_the_servers_time(server, pages):
    for clock in (FakeClock(wall_ns=10**15), FakeClock(wall_ns=4 * 10**18)):
        wrong = Alertmanager("centre", HttpSettings(server.url), clock)
        one = incident(clock.stamp(), site=f"lib-{clock.wall_ns()}")
        await wrong.send(message(one, clock.stamp()))
        over = replace(one, number=2, ended=clock.stamp(), duration_seconds=1.0)
        labels = dict(one.thing.labels)
        active = [found["labels"] for found in server.json("/api/v2/alerts")]
        assert labels in active
        await asyncio.sleep(1.1)
        await wrong.send(message(over, clock.stamp()))
        await wrong.close()
        async with asyncio.timeout(120):
            await until(lambda gone=labels: gone not in [a["labels"] for a in server.json("/api/v2/alerts")])
    assert on_call(pages, "resolved") == []


async def test_the_heartbeat_always_fires_and_goes_to_the_dead_mans_switch(channel, pages):
    await channel.beat("lib")
    async with asyncio.timeout(120):
        await until(lambda: any(one["path"] == "/dead-man" for one in pages.pages))
    assert {one["path"] for one in pages.pages} == {"/dead-man"}


async def test_an_alertmanager_that_crashed_hears_again_what_goes_on_and_pages_once(channel, server, pages):
    channel.refresh_seconds = 0.5
    history, one = MemoryHistory(), incident(back(3))
    async with lane_of(channel, history) as lane:
        history.accept([opened(one, CLOCK.stamp())])
        lane.committed(await history.commit())
        await until(lambda: bool(on_call(pages, "firing")))
        server.process.terminate()
        server.process.wait()
        await asyncio.sleep(1)
        server.start()
        await until(lambda: len(server.json("/api/v2/alerts")) == 1)
        await asyncio.sleep(4 * INTERVAL_SECONDS)
        history.accept([closed(one, CLOCK.stamp())])
        lane.committed(await history.commit())
        await until(lambda: bool(on_call(pages, "resolved")))
    assert (len(on_call(pages, "firing")), len(on_call(pages, "resolved"))) == (1, 1)
