"""The API's document tells the truth: every route is in it, and every answer is what it says."""

import json
import re
from datetime import datetime

import aiohttp
import pytest
from fakes.context import FakeClock
from fakes.site_sample import earlier, probe_readings, sample_site

from netmon.model import Event
from netmon.web.endpoints import ENDPOINTS
from netmon.web.openapi import document
from netmon.web.server import WebServer
from netmon.web.settings import WebSettings

QUERIES = {
    "readings": ["?measurement=icmp", "?measurement=icmp&key=target:192.0.2.7&limit=1", "?measurement=none"],
    "rollups": ["?measurement=icmp", "?measurement=interface&metric=ifHCInOctets&window=1h&limit=2"],
    "device": ["?name=sw1", "?name=rt1", "?name=ap9"],
    "interfaces": ["", "?device=sw1", "?device=none"],
    "facts": ["", "?kind=system&key=device:sw1"],
    "events": ["", "?kind=note&limit=1"],
    "incidents": ["", "?limit=1"],
}
DOCUMENT = json.loads(json.dumps(document("0")))
ASSETS = re.compile(r"/static/.*")


@pytest.fixture
async def site():
    site = sample_site(FakeClock())
    now = site.clock.stamp()
    site.reader.readings = [
        one for n in range(20, 0, -1) for one in probe_readings(earlier(now, -n * 60), n < 3)
    ]
    site.reader.past_events = [
        Event("note", (("site", "lib-03"),), "x", earlier(now, -n), {"n": n}) for n in (9, 8)
    ]
    return site


@pytest.fixture
async def base(site):
    server = WebServer(site, WebSettings(listen="127.0.0.1:0"))
    await server.start()
    yield f"http://{server.addresses[0]}"
    await server.stop()


async def fetch(url):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, answer.content_type, json.loads(await answer.read())


def test_every_route_is_in_the_document():
    server = WebServer(sample_site(FakeClock()), WebSettings())
    app = server._listeners[0]._runner.app
    routes = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.method != "HEAD" and not ASSETS.fullmatch(route.resource.canonical)
    }
    described = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
    assert routes == described


def test_every_reference_leads_somewhere():
    text = json.dumps(DOCUMENT)
    references = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert references <= set(DOCUMENT["components"]["schemas"])


async def test_the_server_gives_the_document(base):
    status, content_type, served = await fetch(f"{base}/api/openapi.json")
    assert (status, content_type) == (200, "application/json")
    assert served["paths"] == DOCUMENT["paths"]
    assert served["info"]["version"] == "0.1.0"


@pytest.mark.parametrize(
    "path", [one.path + query for one in ENDPOINTS for query in QUERIES.get(one.name, [""])]
)
async def test_an_answer_is_what_the_document_says(base, path):
    status, content_type, answer = await fetch(base + path)
    assert (status, content_type) == (200, "application/json")
    described = DOCUMENT["paths"][path.split("?")[0]]["get"]["responses"]["200"]["content"]
    assert list(mistakes(answer, described["application/json"]["schema"], "$")) == []
    assert answer["format"] == 1


@pytest.mark.parametrize(
    "path",
    ["/api/v1/readings", "/api/v1/readings?measurement=x&from=now", "/api/v1/status?x=1", "/api/v1/nothing"],
)
async def test_a_refusal_is_a_problem_document(base, path):
    status, content_type, answer = await fetch(base + path)
    assert (status // 100, content_type) == (4, "application/problem+json")
    assert list(mistakes(answer, DOCUMENT["components"]["schemas"]["Problem"], "$")) == []
    assert answer["status"] == status


async def test_what_was_cut_off_can_be_asked_for(base):
    _, _, first = await fetch(f"{base}/api/v1/readings?measurement=dns&limit=5")
    assert first["data"]["truncated"]
    _, _, second = await fetch(f"{base}/api/v1/readings?measurement=dns&from={first['data']['next_from']}")
    times = [one["time"] for answer in (first, second) for one in answer["data"]["readings"]]
    assert times == sorted(set(times))
    assert len(times) == 20


async def test_not_known_is_null_and_never_zero(base):
    _, _, answer = await fetch(f"{base}/api/v1/devices")
    silent = next(one for one in answer["data"] if one["name"] == "ap9")
    assert (silent["answers"], silent["uptime_seconds"], silent["last_answer"]) == (False, None, None)


def test_the_check_itself_sees_mistakes():
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert list(mistakes({"a": 1}, schema, "$")) == []
    for wrong in ({}, {"a": "1"}, {"a": True}, {"a": 1, "b": 2}, []):
        assert list(mistakes(wrong, schema, "$"))


TYPES = {
    "string": str, "boolean": bool, "array": list, "object": dict, "null": type(None), "integer": int,
    "number": int | float,
}  # fmt: skip


def mistakes(value, schema, where):
    """Yield where a value is not what a schema says; the keywords that the document uses."""
    if "$ref" in schema:
        yield from mistakes(value, DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], where)
    if "anyOf" in schema and all(list(mistakes(value, one, where)) for one in schema["anyOf"]):
        yield f"{where}: {value!r} fits none of {schema['anyOf']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if "type" in schema:
        yield from mistakes_of_type(value, schema, where)


def mistakes_of_type(value, schema, where):
    kind = schema["type"]
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{where}: {value!r} is no {kind}"
    elif kind == "object":
        yield from mistakes_of_object(value, schema, where)
    elif kind == "array":
        for at, one in enumerate(value):
            yield from mistakes(one, schema["items"], f"{where}[{at}]")
    elif schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        yield f"{where}: {value!r} has no zone"


def mistakes_of_object(value, schema, where):
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        if name in properties:
            yield from mistakes(one, properties[name], f"{where}.{name}")
        elif others is False:
            yield f"{where}: {name} is not in the document"
        elif isinstance(others, dict):
            yield from mistakes(one, others, f"{where}.{name}")
