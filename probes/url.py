"""HTTP addresses as a probe needs them: parsed, checked, and joined with a redirect's."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from netmon import sdk

_PORTS = {"http": 80, "https": 443}
# RFC 3986 §2.2 and §3.3: what may stand in a path or query as it is; "%" is an escape already.
_SAFE = "/?:@!$&'()*+,;=-._~%[]"


@dataclass(frozen=True, slots=True)
class Url:
    """Where to connect, and what to ask there. Fragments are left out: they never leave a browser."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def secure(self) -> bool:
        """True for https."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Return what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return what two addresses must share to be of one server (RFC 6454 §4)."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    def join(self, location: str) -> Url:
        """Return where a Location header leads; SourceError(REJECTED) when a probe must not go there."""
        try:
            return parse_url(urljoin(str(self), location))
        except (sdk.UsageError, ValueError) as error:
            raise sdk.SourceError(sdk.Outcome.REJECTED, f"redirect refused: {error}") from error


def parse_url(text: str) -> Url:
    """Read an http or https address; UsageError for anything else, and for one with a password in it."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except ValueError as error:
        raise sdk.UsageError(f"{sdk.clean(text)!r} is not an HTTP address: {error}") from error
    if parts.scheme not in _PORTS or not host:
        raise sdk.UsageError(f"{sdk.clean(text)!r} is not an address such as https://www.example.org/")
    if parts.username is not None or parts.password is not None:
        raise sdk.UsageError(f"an address on {host} must not carry a user name or password")
    path = quote(parts.path or "/", safe=_SAFE)
    query = "?" + quote(parts.query, safe=_SAFE) if parts.query else ""
    return Url(parts.scheme, host, port or _PORTS[parts.scheme], path + query)
