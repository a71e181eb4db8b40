"""Services by apprise, against a loopback server: what is sent, keys that end what they began, secrets."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from fakes.clock import FakeClock
from fakes.notify_server import serving
from fakes.telling import incident, message

from netmon.errors import Parked, RetryLater
from netmon.notices.service import Service
from netmon.notices.service_session import ServiceSession

# apprise looks for a module that Python is about to drop; it does without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "s3cr3t-of-the-chat"


@asynccontextmanager
async def chat(status=200, **headers):
    posts = []

    async def take(request):
        posts.append((request.path, json.loads(await request.text())))
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    async with serving(app) as url:
        yield url.replace("http://", f"json://user:{SECRET}@"), posts


@pytest.fixture
def told():
    stamp = FakeClock().stamp()
    return message(incident(stamp), stamp)


async def test_a_message_arrives_with_title_and_text(told):
    async with chat() as (url, posts):
        service = Service("chat", url, 5.0)
        await service.send(told)
        await service.send(replace(told, firing=False), again=True)
        await service.close()
    assert [one["title"] for _, one in posts] == [told.title] * 2
    assert [one["type"] for _, one in posts] == ["failure", "success"]
    assert told.title not in posts[0][1]["message"], "it is not said twice"


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (302, {"Location": "/elsewhere"})])
async def test_what_is_not_taken_is_tried_again_and_redirects_are_not_followed(told, status, headers, caplog):
    async with chat(status, **headers) as (url, posts):
        service = Service("chat", url, 5.0)
        with pytest.raises(RetryLater) as caught:
            await service.send(told)
        await service.close()
    assert len(posts) == 1
    assert SECRET not in f"{caught.value} {caplog.text}"


async def test_a_url_that_nobody_knows_waits_for_a_person(told):
    service = Service("chat", "nonsense://x", 5.0)
    with pytest.raises(Parked):
        await service.send(told)
    await service.close()


def test_pagerduty_gets_a_key_that_ends_what_it_began(told):
    session = ServiceSession("pagerduty://integration@apikey")
    taken = []
    session._service.notify = lambda **_: taken.append(session._service.dedup) or True
    session.send(told)
    session.send(replace(told, id="other/9", firing=False))
    assert taken[0] == taken[1]
    assert len(taken[0]) == 32
