"""Refusals and failures as problem documents (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from netmon.model import Json

MEDIA_TYPE = "application/problem+json"


class Problem(web.HTTPException):
    """Ends a request with a status, one sentence of what is wrong, and whatever else helps."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, **members: Json
    ) -> None:
        self.status_code = int(status)
        body = {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": detail,
            **members,
        }
        text = json.dumps(body, ensure_ascii=False)
        super().__init__(headers=headers, text=text, content_type=MEDIA_TYPE)


def as_problem(answer: web.HTTPException) -> web.HTTPException:
    """Return the library's own refusals (404, 405, 413) as problem documents; redirects stay."""
    if isinstance(answer, Problem) or answer.status < HTTPStatus.BAD_REQUEST:
        return answer
    allowed = answer.headers.get("Allow")
    headers = {"Allow": allowed} if allowed else None
    return Problem(HTTPStatus(answer.status), _WORDS.get(answer.status, answer.reason), headers)


def as_text(answer: web.HTTPException, request: web.Request) -> web.HTTPException:
    """Return a refusal for a person with a phone: a line of text, and the address to type instead."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return answer
    phrase = _PLAIN.get(answer.status, f"{HTTPStatus(answer.status).phrase}.")
    name = None if request.transport is None else request.transport.get_extra_info("sockname")
    where = f"The page is at {_url(*name[:2])}\n" if name else ""
    refusal = web.HTTPException(
        headers={name: text for name in _KEPT if (text := answer.headers.get(name))},
        text=f"{phrase}\n{where}",
        content_type="text/plain",
    )
    refusal.set_status(answer.status)
    return refusal


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


_KEPT = ("Allow", "Retry-After")
_PLAIN: Mapping[int, str] = {
    404: "There is nothing here.",
    421: "This box does not go by that name.",
    429: "Too many requests: wait a minute.",
}
_WORDS: Mapping[int, str] = {
    404: "there is nothing at this path; /api/openapi.json lists what there is",
    405: "this path does not take this method; Allow names those it takes",
}
