"""The OpenAPI 3.1 document, made from the endpoints and the types of what they return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netmon.web.arguments import Parameter
from netmon.web.document_json import Schema, schema_of
from netmon.web.endpoints import API_FORMAT, ENDPOINTS, Endpoint

_PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one sentence for a person"},
        "mistakes": {
            "type": "array",
            "description": "every mistake of a configuration",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("file", "path", "problem", "hint")},
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_FAILURE = {
    "description": "the request cannot be answered",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_PLAIN = (
    ("/", "get", "The page for people", "text/html"),
    ("/device", "get", "The page of one device, `?name=`", "text/html"),
    ("/metrics", "get", "All series for Prometheus; OpenMetrics where Accept asks for it", "text/plain"),
    ("/-/healthy", "get", "200 while the process runs; needs no token", "text/plain"),
    ("/-/ready", "get", "200 when the sources run, 503 before; needs no token", "text/plain"),
    (
        "/-/reload",
        "post",
        "Read the configuration again; 500 with its mistakes when it is broken",
        "text/plain",
    ),
    ("/-/reload", "put", "The same as POST", "text/plain"),
    ("/api/openapi.json", "get", "This document", "application/json"),
)
_TEXT: Schema = {"type": "string"}
_SCRAPES = {
    "/snmp": (
        "A device's series as snmp_exporter would give them, from what was read last",
        (
            Parameter("target", "name or address of a configured device", _TEXT, required=True),
            Parameter("module", "modules of snmp_exporter, with commas between them; if_mib without", _TEXT),
            Parameter("auth", "ignored: credentials are the configuration's", _TEXT),
        ),
    ),
    "/probe": (
        "A target's series as blackbox_exporter would give them, from what was read last",
        (
            Parameter("target", "target of a configured probe", _TEXT, required=True),
            Parameter("module", "name of the probe, or a word that begins with its type", _TEXT),
        ),
    ),
}


def document(version: str) -> Mapping[str, object]:
    """Return the document for this version of netmon."""
    known: dict[str, Schema] = {}
    paths: dict[str, dict[str, object]] = {}
    for path, method, summary, media_type in _PLAIN:
        paths.setdefault(path, {})[method] = _operation(summary, (), media_type, {})
    for path, (summary, parameters) in _SCRAPES.items():
        paths[path] = {"get": _operation(summary, parameters, "text/plain", {})}
    for endpoint in ENDPOINTS:
        paths[endpoint.path] = {"get": _endpoint(endpoint, known)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "netmon",
            "version": version,
            "description": (
                "What netmon knows of its site. Times are RFC 3339 in UTC, quantities SI base units, null is "
                "not known. Everything is read-only but /-/reload."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": {**known, "Problem": _PROBLEM},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "password": {"type": "http", "scheme": "basic", "description": "the token as the password"},
            },
        },
        # The empty one: without a configured token loopback needs none.
        "security": [{"token": []}, {"password": []}, {}],
    }


def _endpoint(endpoint: Endpoint, known: dict[str, Schema]) -> Schema:
    envelope: Schema = {
        "type": "object",
        "properties": {
            "format": {"const": API_FORMAT, "description": "version of the API's format"},
            "site": {"type": "string"},
            "time": {"type": "string", "format": "date-time", "description": "when this was answered"},
            "data": schema_of(endpoint.returns, known),
        },
        "required": ["format", "site", "time", "data"],
        "additionalProperties": False,
    }
    return _operation(endpoint.summary, endpoint.parameters, "application/json", envelope)


def _operation(summary: str, parameters: Sequence[Parameter], media_type: str, schema: Schema) -> Schema:
    return {
        "summary": summary,
        "parameters": [_parameter(parameter) for parameter in parameters],
        "responses": {
            "200": {"description": "the answer", "content": {media_type: {"schema": schema}}},
            "default": _FAILURE,
        },
    }


def _parameter(parameter: Parameter) -> Schema:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }
