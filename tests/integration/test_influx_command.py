"""`netmon influx` against a fake server of each version, and against the real one."""

import json

import pytest
from fakes import records
from fakes.clock import FakeClock
from fakes.influx import Reply, error, faulty_influx
from fakes.servers import influxd

from netmon.cli import main
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.influx_setup import create, inspect
from netmon.errors import Parked
from netmon.store.history import open_history


def document(content):
    return Reply(200, json.dumps(content).encode())


@pytest.fixture
def netmon(tmp_path, capsys):
    def run(url, *words):
        (tmp_path / "netmon.toml").write_text(
            f'[site]\nid = "lib"\n[output.influxdb]\nurl = "{url}"\ndatabase = "net\\"mon"\n'
        )
        where = ("--config", str(tmp_path / "netmon.toml"), "--state", str(tmp_path), "--json")
        code = main.main(["influx", *words, *where])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    return run


@pytest.mark.servers
def test_status_and_setup_of_a_real_server(netmon, tmp_path):
    with influxd(tmp_path) as server:
        code, before = netmon(server.url, "status")
        assert (code, before["exists"], before["version"][:2]) == (1, False, "1.")
        assert netmon(server.url, "setup", "--keep", "7d")[0] == 0
        code, again = netmon(server.url, "setup")
        assert (code, "already" in again["done"]) == (0, True)
        code, after = netmon(server.url, "status")
        assert (code, after["exists"]) == (0, True)
        (result,) = server.json("/query", q='SHOW RETENTION POLICIES ON "net\\"mon"')["results"]
        assert result["series"][0]["values"][0][1] == "168h0m0s"


NOWHERE = InfluxSettings("http://127.0.0.1:9", database='net"mon')


async def written(folder, clock):
    history = open_history(folder, clock)
    history.accept([records.reading(records.shape(), n, [1.0]) for n in range(10)])
    await history.commit()
    await history.advance(NOWHERE.cursor, 4)
    await history.close()


def test_status_tells_how_far_the_cursor_is_behind_also_when_the_server_is_gone(netmon, tmp_path):
    import asyncio

    asyncio.run(written(tmp_path, FakeClock()))
    code, found = netmon("http://127.0.0.1:9", "status")
    assert (code, found["reachable"], found["queued_records"]) == (1, False, 6)
    assert "problem" in found


def test_no_influxdb_in_the_configuration_is_a_usage_error(tmp_path, capsys):
    (tmp_path / "netmon.toml").write_text('[site]\nid = "lib"\n')
    assert main.main(["influx", "status", "--config", str(tmp_path / "netmon.toml")]) == 2
    assert "[output.influxdb]" in capsys.readouterr().err


async def test_a_bucket_of_version_2_is_made_with_its_retention():
    settings = {"bucket": "netmon", "organization": "council", "token": "t"}
    async with faulty_influx(version="v2.7.1") as server:
        server.answers = {
            "GET /api/v2/buckets": document({"buckets": []}),
            "GET /api/v2/orgs": document({"orgs": [{"id": "0042"}]}),
            "POST /api/v2/buckets": Reply(201, b'{"id": "0b"}'),
            "POST /api/v2/dbrps": Reply(201, b"{}"),
        }
        async with InfluxSession(InfluxSettings(server.url, **settings)) as session:
            done = await create(session, InfluxSettings(server.url, **settings), 3600)
    assert done == "created the bucket 'netmon', and a database of that name for InfluxQL"
    assert json.loads(server.requests[-1].body) == {
        "bucketID": "0b", "orgID": "0042", "database": "netmon",
        "retention_policy": "autogen", "default": True,
    }  # fmt: skip
    assert json.loads(server.requests[-2].body) == {
        "orgID": "0042", "name": "netmon", "retentionRules": [{"type": "expire", "everySeconds": 3600}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("version", "answer", "exists"),
    [
        ("v2.7.1", document({"buckets": [{"name": "netmon"}]}), True),
        ("v2.7.1", error(404, "bucket not found"), False),
        ("v2.7.1", error(401, "unauthorized"), None),
        ("3.0.1", error(404, "no such path"), None),
    ],
)
async def test_what_is_known_about_a_bucket(version, answer, exists):
    async with faulty_influx(version=version) as server:
        server.answers = {"GET /api/v2/buckets": answer}
        settings = InfluxSettings(server.url, bucket="netmon", organization="council")
        async with InfluxSession(settings) as session:
            assert (await inspect(session, settings)).exists is exists


async def test_an_account_that_may_not_look_is_told_so_and_nothing_is_claimed():
    async with faulty_influx(version="1.8.10") as server:
        server.answers = {"POST /query": error(401, "authorization failed")}
        settings = InfluxSettings(server.url, database="netmon")
        async with InfluxSession(settings) as session:
            with pytest.raises(Parked, match=r"may not look.*authorization failed"):
                await create(session, settings, 0)


async def test_an_organization_that_is_not_there_is_said_in_words():
    async with faulty_influx(version="v2.7.1") as server:
        server.answers = {
            "GET /api/v2/buckets": error(404, "no"), "GET /api/v2/orgs": document({"orgs": []}),
        }  # fmt: skip
        settings = InfluxSettings(server.url, bucket="netmon", organization="council")
        async with InfluxSession(settings) as session:
            with pytest.raises(Parked, match="organization 'council'"):
                await create(session, settings, 0)
