"""Who may ask: names by which browsers may call this server, bearer tokens, and origins of actions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from netmon.web.attempts import Attempts
from netmon.web.problem import Problem
from netmon.web.settings import is_any, is_loopback, literal


class HostNames:
    """The Host headers that are answered: a page of another name that points here learns nothing.

    An address that is typed in cannot be rebound by anybody's DNS, so every literal one is good where
    all addresses of the machine are listened on.
    """

    def __init__(self, listen: str, allowed: Iterable[str]) -> None:
        self._any_address = is_any(listen)
        self._names = {listen.lower(), *(name.lower().rstrip(".") for name in allowed)}

    def allow(self, header: str) -> bool:
        """Tell whether a Host header names this server."""
        name = _host_name(header)
        known = is_loopback(name) or name in self._names
        return known or (self._any_address and literal(name) is not None)


class SiteHostNames(HostNames):
    """Answers also to names that only the site itself can give, so that nobody beyond it can rebind them.

    These are names without a dot, and those below the domains that public DNS will never hold
    (RFC 6762 section 3, RFC 8375; ICANN's reservation of .internal).
    """

    def allow(self, header: str) -> bool:
        """Tell whether a Host header names this server, or may do so on the site."""
        return super().allow(header) or _is_site_name(_host_name(header))


def _is_site_name(name: str) -> bool:
    return bool(name) and ("." not in name or name.endswith((".local", ".home.arpa", ".internal")))


def _host_name(header: str) -> str:
    """Return a Host header's name in lower case, without the port; empty when it is none."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


class Tokens:
    """Bearer tokens, known by their SHA-256 only. A browser may send one as the password of Basic."""

    def __init__(self, digests: Sequence[str], failures: Attempts) -> None:
        self._digests = [bytes.fromhex(digest) for digest in digests]
        self._failures = failures

    def check(self, address: str, authorization: str) -> None:
        """Raise the problem (401 or 429) of a request that may not pass."""
        if not self._digests:
            return
        wait_seconds = self._failures.wait_seconds(address)
        if wait_seconds > 0:
            after = {"Retry-After": str(int(wait_seconds) + 1)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong tokens from this address", after)
        if not authorization:
            raise _unauthorized("a token is needed: Authorization: Bearer TOKEN")
        digest = hashlib.sha256(_token(authorization)).digest()
        if not any(hmac.compare_digest(digest, known) for known in self._digests):
            self._failures.note(address)
            raise _unauthorized("this token is not known here")


def _unauthorized(detail: str) -> Problem:
    ways = 'Basic realm="netmon: any user, the token as password", charset="UTF-8"'
    return Problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": ways})


def _token(authorization: str) -> bytes:
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("utf-8", "surrogateescape")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


def same_origin(origin: str | None, host: str, scheme: str) -> bool:
    """Tell whether an action comes from our own page or from no page at all (no Origin: not a browser)."""
    return origin is None or origin == f"{scheme}://{host}"
