"""Fetch a page the way its users do, and say which part of the wait was whose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from netmon import sdk
from probes.address_figures import ADDRESS_METRICS, LOOKUP, address_values
from probes.families import FamilyProbe, FamilySettings
from probes.fence import check_address
from probes.http_exchange import Exchange, Header, Request, Response
from probes.http_figures import (
    BODY_LENGTH,
    CONNECT,
    CONTENT_LENGTH,
    LAST_MODIFIED,
    PROCESSING,
    REDIRECTS,
    RESOLVE,
    SECURE,
    STATUS,
    TLS,
    TRANSFER,
    VERSION,
    described,
)  # fmt: skip
from probes.stream import Stream, connect
from probes.target import Resolved, resolve
from probes.tcp import FAILED_PATTERN, compile_pattern, handshake_seconds
from probes.timestamping import KERNEL_STAMPS, StampKeeper
from probes.tls_figures import (
    AGREED_METRICS,
    CERTIFICATE_METRICS,
    FURTHER_METRICS,
    CertificateBook,
    agreed_texts,
    certificate_values,
)
from probes.tls_stream import TlsStream, Trust, start_tls
from probes.url import Url, parse_url

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding"})
_METHODS = ("GET", "HEAD", "OPTIONS")


class HttpSettings(FamilySettings):
    """What to ask and what to be content with.

    `valid_status` is a list such as "200-299,304"; `body_pattern` a regular expression that the body must
    contain; `headers` go to the target's own origin only; the body is read up to `max_bytes`.
    """

    method: str = "GET"
    valid_status: str = "200-299"
    body_pattern: str = ""
    headers: dict[str, str] = {}  # noqa: RUF012 - pydantic copies defaults
    follow_redirects: bool = True
    verify: bool = True
    ca_file: str = ""
    max_bytes: sdk.Bytes = 1_000_000


@dataclass(slots=True)
class Visit:
    """What one probe of one target has found so far, hop by hop."""

    target: str
    values: dict[sdk.Metric, sdk.Value] = field(default_factory=dict)
    texts: dict[sdk.Metric, str] = field(default_factory=dict)
    records: tuple[sdk.Record, ...] = ()
    came_from: str | None = None

    def add(self, phase: sdk.Metric, seconds: float) -> None:
        """Add a hop's time to a phase."""
        self.values[phase] = (self.values.get(phase) or 0.0) + seconds

    def sample(self, outcome: sdk.Outcome = sdk.Outcome.OK, detail: str = "") -> sdk.Sample:
        """Return all of it, with how it ended."""
        return sdk.Sample(self.values, self.texts, outcome, detail, self.records)


class HttpProbe(FamilyProbe[HttpSettings]):
    """Resolve, connect, shake hands, ask, read; follow redirects as far as the fence allows."""

    measurement = "http"
    own_metrics = (
        RESOLVE, CONNECT, TLS, PROCESSING, TRANSFER, STATUS, VERSION, SECURE, REDIRECTS, CONTENT_LENGTH,
        BODY_LENGTH, LAST_MODIFIED, FAILED_PATTERN, *AGREED_METRICS, *CERTIFICATE_METRICS, *ADDRESS_METRICS,
        KERNEL_STAMPS,
    )  # fmt: skip
    further_metrics = FURTHER_METRICS
    settings_type = HttpSettings
    binds = True

    def __init__(self, assignment: sdk.Assignment, settings: HttpSettings) -> None:
        super().__init__(assignment, settings)
        self._urls = {target: parse_url(target) for target in assignment.targets}
        self._pattern = compile_pattern(settings.body_pattern, assignment.name)
        self._valid_status = parse_status(settings.valid_status)
        self._trust = Trust(settings.verify, settings.ca_file)
        self._certificates = CertificateBook(self._key)
        _check(settings)

    async def open(self, context: sdk.Context) -> None:
        """Load the authorities to trust, and keep the kernel stamping."""
        await super().open(context)
        self._tls_context = self._trust.context()
        await context.shared.get(StampKeeper)

    async def measure(self, target: str) -> sdk.Sample:
        """Fetch one target; what was found before something failed is kept."""
        visit = Visit(target)
        try:
            response = await self._fetch(visit, self._urls[target])
        except sdk.SourceError as error:
            return visit.sample(sdk.Outcome(error.outcome), str(error))
        return self._judge(visit, response)

    async def _fetch(self, visit: Visit, first: Url) -> Response:
        """Return the last response of the way."""
        url, method = first, self.settings.method
        for redirects in range(_MAX_REDIRECTS + 1):
            visit.values[REDIRECTS] = redirects
            headers = tuple(self.settings.headers.items()) if url.origin == first.origin else ()
            response = await self._hop(visit, url, _request(method, url, headers))
            location = response.header(b"location")
            if not self.settings.follow_redirects or response.status not in _REDIRECTS or not location:
                return response
            url = url.join(location)
            if response.status == 303:
                method = "GET"  # RFC 9110 §15.4.4
        raise sdk.SourceError(sdk.Outcome.REJECTED, f"more than {_MAX_REDIRECTS} redirects")

    async def _hop(self, visit: Visit, url: Url, request: Request) -> Response:
        resolved = await resolve(self.context, url.host, self.settings.family, self.circuit)
        visit.add(RESOLVE, resolved.seconds)
        visit.values |= {**address_values(resolved), LOOKUP: visit.values[RESOLVE]}
        self.context.trace(f"{url} is at {resolved.address}")
        check_address(resolved.address, visit.came_from)
        visit.came_from = resolved.address
        stream = await self._connect(visit, url, resolved)
        try:
            return await self._ask(visit, stream, request)
        finally:
            stream.close()

    async def _connect(self, visit: Visit, url: Url, resolved: Resolved) -> Stream | TlsStream:
        clock = self.context.clock
        began = clock.monotonic()
        stream = await connect(resolved.address, url.port, clock, self.circuit)
        connected = clock.monotonic()
        visit.add(CONNECT, handshake_seconds(stream) or connected - began)
        visit.values |= {SECURE: int(url.secure), **dict.fromkeys(CERTIFICATE_METRICS)}
        visit.texts, visit.records = {}, ()
        if not url.secure:
            visit.add(TLS, 0.0)
            return stream
        try:
            encrypted = await start_tls(stream, self._tls_context, url.host)
        except BaseException:
            stream.close()
            raise
        visit.add(TLS, clock.monotonic() - connected)
        visit.values |= certificate_values(encrypted.tls)
        visit.texts = agreed_texts(encrypted.tls)
        visit.records = self._certificates.readings(visit.target, encrypted.tls, clock.stamp())
        return encrypted

    async def _ask(self, visit: Visit, stream: Stream | TlsStream, request: Request) -> Response:
        clock = self.context.clock
        exchange = Exchange(stream, self.settings.max_bytes)
        response = await exchange.head(request)
        began = clock.monotonic()
        if response.first_byte is not None:
            visit.add(PROCESSING, response.first_byte.seconds)
            visit.values[KERNEL_STAMPS] = int(response.first_byte.kernel)
        self.context.trace(f"  status {response.status}, HTTP/{response.version}")
        await exchange.finish(response)
        visit.add(TRANSFER, clock.monotonic() - began)
        visit.values |= described(response)
        return response

    def _judge(self, visit: Visit, response: Response) -> sdk.Sample:
        """Say whether the last response is what was asked for."""
        matches = self._pattern is None or self._pattern.search(response.body) is not None
        visit.values[FAILED_PATTERN] = int(not matches)
        if response.status in (401, 407) and response.status not in self._valid_status:
            return visit.sample(sdk.Outcome.DENIED, f"status {response.status}")
        if response.status not in self._valid_status:
            return visit.sample(sdk.Outcome.REJECTED, f"status {response.status}")
        if not matches:
            return visit.sample(sdk.Outcome.REJECTED, "the body does not match the pattern")
        if not response.complete:
            detail = f"the body is longer than {self.settings.max_bytes} bytes"
            return visit.sample(sdk.Outcome.PARTIAL, detail)
        return visit.sample()


def parse_status(text: str) -> frozenset[int]:
    """Return the status codes of a list such as "200-299,304"; UsageError when it is none."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*", part, re.ASCII)
        if match is None:
            raise sdk.UsageError(f'valid_status {text!r} is not a list such as "200-299,304"')
        low, high = match.groups()
        found |= set(range(int(low), int(high or low) + 1))
    return frozenset(found)


def _request(method: str, url: Url, configured: Sequence[Header]) -> Request:
    # keep-alive: a server that closes at once would move the stamp of its last segment (see Stream).
    own = {
        "Host": url.authority,
        "User-Agent": "netmon",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "keep-alive",
    }
    given = {name.lower() for name, _ in configured}
    kept = tuple((name, value) for name, value in own.items() if name.lower() not in given)
    return Request(method, url.path, (*kept, *configured))


def _check(settings: HttpSettings) -> None:
    """Raise UsageError for settings that cannot work."""
    if settings.method not in _METHODS:
        raise sdk.UsageError(f"method {settings.method!r} is not one of {', '.join(_METHODS)}")
    if settings.max_bytes <= 0:
        raise sdk.UsageError("max_bytes must be above zero")
    if settings.ca_file and not Path(settings.ca_file).is_file():
        raise sdk.UsageError(f"ca_file {settings.ca_file!r} is not a file")
    if own := _OWN_HEADERS & {name.lower() for name in settings.headers}:
        raise sdk.UsageError(f"headers {', '.join(sorted(own))} are set by the probe itself")
