"""GOV.UK Notify on a loopback port, transcribed from its published specification.

POST /v2/notifications/sms and /email, GET /v2/notifications (by reference) and /v2/notifications/{id}; tokens
are JSON Web Tokens (HS256) of the service's key, good for 30 seconds; errors are `{"status_code", "errors":
[{"error", "message"}]}`. The special numbers and addresses of its test mode fail as it says.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import jwt
from aiohttp import web

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"test_key-{SERVICE}-{SECRET}"
SMS_TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
EMAIL_TEMPLATE = "9d751e0e-f929-4891-82a1-a3e1c3c18ee3"
TEMPORARY, PERMANENT = "07700900003", "07700900002"
RATE_LIMIT = (429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds")
DAY_LIMIT = (429, "TooManyRequestsError", "Exceeded send limits (50) for today")
CLOCK = (403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")
TRIAL = (400, "BadRequestError", "Can't send to this recipient when service is in trial mode")
BROKEN = (500, "Exception", "Internal server error")


@dataclass
class NotifyServer:
    """`replies` are used up first: an error, "hang" or "cut" (it takes the message, and does not say so)."""

    url: str = ""
    replies: deque[tuple[int, str, str] | str] = field(default_factory=deque)
    delay_seconds: float = 0.0
    made: list[dict[str, object]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    status: str = ""
    """What all messages become; empty: what their number says."""

    def references(self) -> list[str]:
        return [str(one["reference"]) for one in self.made]

    async def send(self, request: web.Request) -> web.StreamResponse:
        way = request.match_info["way"]
        self.requests.append(f"POST {way}")
        reply = self.replies.popleft() if self.replies else None
        await asyncio.sleep(self.delay_seconds)
        if reply == "hang":
            await asyncio.sleep(3600)
        if isinstance(reply, tuple):
            return error(*reply)
        refused = self._token(request)
        if refused is not None:
            return refused
        body = await request.json()
        wrong = _missing(way, body)
        if wrong is not None:
            return wrong
        one = self._make(way, body)
        if reply == "cut" and request.transport is not None:
            request.transport.abort()
        return web.json_response(one, status=201)

    async def listed(self, request: web.Request) -> web.StreamResponse:
        self.requests.append("GET notifications")
        refused = self._token(request)
        if refused is not None:
            return refused
        wanted = request.query.get("reference")
        found = [one for one in self.made if wanted in (None, one["reference"])]
        return web.json_response({"notifications": found, "links": {"current": str(request.url)}})

    async def one(self, request: web.Request) -> web.StreamResponse:
        refused = self._token(request)
        if refused is not None:
            return refused
        wanted = request.match_info["id"]
        found = next((one for one in self.made if one["id"] == wanted), None)
        if found is None:
            return error(404, "NoResultFound", "No result found")
        return web.json_response({**found, "status": self.status or found["status"]})

    def _make(self, way: str, body: dict[str, object]) -> dict[str, object]:
        to = body["phone_number" if way == "sms" else "email_address"]
        end = {TEMPORARY: "temporary-failure", PERMANENT: "permanent-failure"}.get(str(to), "delivered")
        fields = body.get("personalisation")
        one = {
            "id": str(uuid4()),
            "reference": body.get("reference"),
            "type": way,
            "to": to,
            "status": end,
            "content": fields,
            "sanitised": body.get("sanitise_content_for"),
            "template": {"id": body["template_id"], "version": 1},
        }
        self.made.append(one)
        return one

    def _token(self, request: web.Request) -> web.Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return error(401, "AuthError", "Unauthorized: authentication bearer scheme must be used")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
        except jwt.InvalidTokenError:
            return error(403, "AuthError", "Invalid token: API key not found")
        if claims.get("iss") != SERVICE:
            return error(403, "AuthError", "Invalid token: service not found")
        return error(*CLOCK) if abs(time.time() - claims["iat"]) > 30 else None


def _missing(way: str, body: dict[str, object]) -> web.Response | None:
    address, template = ("phone_number", SMS_TEMPLATE) if way == "sms" else ("email_address", EMAIL_TEMPLATE)
    if address not in body:
        return error(400, "ValidationError", f"{address} is a required property")
    if body.get("template_id") != template:
        return error(400, "BadRequestError", "Template not found")
    given = body.get("personalisation")
    needs = {"message"} if way == "sms" else {"message", "subject"}
    missing = needs - set(given if isinstance(given, dict) else ())
    if missing:
        return error(400, "BadRequestError", f"Missing personalisation: {', '.join(sorted(missing))}")
    return None


def error(status: int, kind: str, words: str) -> web.Response:
    return web.json_response(
        {"status_code": status, "errors": [{"error": kind, "message": words}]}, status=status
    )


@asynccontextmanager
async def notify_server() -> AsyncIterator[NotifyServer]:
    """Serve until the test ends."""
    fake = NotifyServer()
    app = web.Application()
    app.router.add_post("/v2/notifications/{way:sms|email}", fake.send)
    app.router.add_get("/v2/notifications", fake.listed)
    app.router.add_get("/v2/notifications/{id}", fake.one)
    async with serving(app) as url:
        fake.url = url
        yield fake


@asynccontextmanager
async def serving(app: web.Application, ssl_context: object = None) -> AsyncIterator[str]:
    """Serve an application on a loopback port; yields its URL."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]
        yield f"{'https' if ssl_context else 'http'}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
