"""Databases and buckets: is there one, and make one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netmon.delivery.influx_answers import Dialect, dialect, failure
from netmon.delivery.influx_session import QUERY_BYTES, Answer, InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.errors import Parked


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server is, and whether the configured destination exists (None: it cannot be asked)."""

    version: str
    dialect: Dialect
    exists: bool | None
    forbidden: str = ""
    """What the server said when this account may not look; empty when it may, or there is nothing to ask."""


async def inspect(session: InfluxSession, settings: InfluxSettings) -> ServerState:
    """Ask a server who it is and whether it has the database or bucket; raises DeliveryErrors."""
    version = await session.version()
    spoken = dialect(version, settings)
    if _makes_its_own(version, settings):
        return ServerState(version, spoken, exists=None)
    ask = _has_database if spoken is Dialect.V1 else _has_bucket
    try:
        return ServerState(version, spoken, await ask(session, settings))
    except Parked as error:
        # An account that may write need not be allowed to look.
        return ServerState(version, spoken, exists=None, forbidden=str(error))


async def create(session: InfluxSession, settings: InfluxSettings, keep_seconds: int) -> str:
    """Make the database or bucket unless it is there; returns what was done. 0: keep for ever."""
    found = await inspect(session, settings)
    name = settings.destination
    if found.forbidden:
        raise Parked(f"this account may not look whether {name!r} is there: {found.forbidden}")
    if found.exists:
        return f"{name!r} was there already; its retention was left as it is"
    if found.exists is None:
        return f"nothing to do: this server ({found.version}) makes {name!r} when the first data come"
    if found.dialect is Dialect.V1:
        duration = f" WITH DURATION {keep_seconds}s" if keep_seconds else ""
        await influxql(session, f"CREATE DATABASE {identifier(name)}{duration}")
        return f"created the database {name!r}"
    rules = [{"type": "expire", "everySeconds": keep_seconds}] if keep_seconds else []
    wanted = {"orgID": await _organization_id(session, settings), "name": name, "retentionRules": rules}
    headers = {"Content-Type": "text/plain"}  # the library would encode JSON a second time
    body = json.dumps(wanted).encode()
    made = _document(await session.call("POST", "/api/v2/buckets", headers=headers, body=body))
    mapping = {"bucketID": made.get("id"), "orgID": wanted["orgID"], "database": name}
    body = json.dumps(mapping | {"retention_policy": "autogen", "default": True}).encode()
    _document(await session.call("POST", "/api/v2/dbrps", headers=headers, body=body))
    return f"created the bucket {name!r}, and a database of that name for InfluxQL"


def _makes_its_own(version: str, settings: InfluxSettings) -> bool:
    """Tell whether databases come into being by writing to them: version 3, and what is only compatible."""
    return settings.version == "3" or version.removeprefix("v").startswith("3.") or version == "unknown"


async def _has_database(session: InfluxSession, settings: InfluxSettings) -> bool:
    result = await influxql(session, "SHOW DATABASES")
    rows = [row for series in result.get("series", ()) for row in series.get("values", ())]
    return [settings.destination] in rows


async def _has_bucket(session: InfluxSession, settings: InfluxSettings) -> bool:
    parameters = [("name", settings.destination), ("org", settings.organization)]
    answer = await session.call("GET", "/api/v2/buckets", parameters)
    if answer.status == 404:
        return False
    return bool(_document(answer).get("buckets"))


async def _organization_id(session: InfluxSession, settings: InfluxSettings) -> str:
    answer = await session.call("GET", "/api/v2/orgs", [("org", settings.organization)])
    found = _document(answer).get("orgs")
    if not isinstance(found, list) or not found:
        raise Parked(f"the server has no organization {settings.organization!r}")
    return str(found[0]["id"])


async def influxql(
    session: InfluxSession, statement: str, database: str = "", epoch: str = ""
) -> dict[str, Any]:
    """Run one statement and return its result; its error comes with status 200.

    Times are texts, or numbers of the unit that `epoch` names.
    """
    more = (("db", database), ("epoch", epoch))
    parameters = [("q", statement), *((name, value) for name, value in more if value)]
    document = _document(await session.call("POST", "/query", parameters, most_bytes=QUERY_BYTES))
    result: dict[str, Any] = document.get("results", [{}])[0]
    if "error" in result:
        raise Parked(str(result["error"]))
    return result


def _document(answer: Answer) -> dict[str, Any]:
    if answer.status not in (200, 201):
        raise failure(answer.status, answer.headers, answer.body)
    try:
        document = json.loads(answer.body)
    except ValueError as error:
        raise Parked("the answer is not JSON: this is not InfluxDB") from error
    return document if isinstance(document, dict) else {}


def identifier(name: str) -> str:
    """Return a name as InfluxQL writes it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
