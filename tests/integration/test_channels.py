"""The channels of a configuration within the daemon: the test of each week, and reload."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from fakes.delivering import until
from fakes.history import MemoryHistory
from fakes.notify_server import serving
from fakes.telling import incident, opened

from netmon.app.channels import Channels
from netmon.clock import SystemClock
from netmon.config.load import load

CLOCK = SystemClock()
CONFIG = """
[site]
id = "lib"
name = "Central Library"

[notify.good]
type = "webhook"
url = "{url}/good"
{more}

[notify.dead]
type = "webhook"
url = "http://127.0.0.1:9"
fallback = "good"
"""


@pytest.fixture
async def desk():
    posts = []

    async def take(request):
        posts.append(await request.json())
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/good", take)
    async with serving(app) as url:
        yield url, posts


@asynccontextmanager
async def channels(history, records):
    async with asyncio.TaskGroup() as tasks:
        found = Channels(tasks, history, CLOCK, records.extend)
        try:
            yield found
        finally:
            await found.end()


def configuration(tmp_path, url, more=""):
    path = tmp_path / "netmon.toml"
    path.write_text(CONFIG.format(url=url, more=more))
    return load(path, {}).configuration


async def test_the_weekly_test_tells_by_what_works_of_what_does_not(tmp_path, desk):
    url, posts = desk
    records = []
    async with channels(MemoryHistory(), records) as found:
        await found.apply(configuration(tmp_path, url))
        await found.test()
        samples = {(m.name, dict(labels)["channel"]): value for m, labels, value in found.samples()}
    assert [one["sort"] for one in posts] == ["test", "trouble"]
    assert posts[1]["title"] == "netmon at Central Library: dead does not deliver"
    assert samples["netmon_notify_test_success", "good"] == 1
    assert samples["netmon_notify_test_success", "dead"] == 0
    assert {one.data["outcome"] for one in records} == {"test passed", "test failed"}


async def test_a_reload_goes_on_where_the_channels_stood(tmp_path, desk):
    url, posts = desk
    history = MemoryHistory()
    async with channels(history, []) as found:
        await found.apply(configuration(tmp_path, url))
        lanes = found.lanes
        await found.apply(configuration(tmp_path, url))
        assert found.lanes == lanes, "the same sections go on undisturbed"
        async with asyncio.timeout(120):
            await until(lambda: len(history.states) == 4)
            history.accept([opened(incident(CLOCK.stamp()), CLOCK.stamp())])
            found.committed(await history.commit())
            await until(lambda: bool(posts))
            await found.apply(configuration(tmp_path, url, 'severities = ["page"]'))
            assert found.lanes != lanes
            history.accept([opened(incident(CLOCK.stamp(), "wan2"), CLOCK.stamp())])
            found.committed(await history.commit())
            await until(lambda: len(posts) == 2)
    assert len({one["id"] for one in posts}) == 2


async def test_a_channel_that_was_removed_and_is_added_again_tells_nothing_of_the_time_between(
    tmp_path, desk
):
    url, posts = desk
    history = MemoryHistory()
    both = configuration(tmp_path, url)
    without = replace(both, notify={})

    async def happen(name: str) -> str:
        event = opened(incident(CLOCK.stamp(), name), CLOCK.stamp())
        history.accept([event])
        newest = await history.commit()
        found.committed(newest)
        return event.data["id"]

    async def began() -> None:
        await until(lambda: bool(found.lanes) and all(lane.state.position for lane in found.lanes))

    async with channels(history, []) as found, asyncio.timeout(120):
        await happen("long ago")
        await found.apply(both)
        await began()
        first = await happen("wan1")
        await until(lambda: len(posts) == 1)
        await found.apply(without)
        await until(lambda: history.states.get("lanes of notices") == "")
        await happen("wan2")
    async with channels(history, []) as found, asyncio.timeout(120):
        await found.apply(without)
        await found.apply(both)
        await began()
        last = await happen("wan3")
        await until(lambda: len(posts) == 2)
    assert [one["incident"]["id"] for one in posts] == [first, last]
