"""What the web server needs to know: where it listens, who may ask, and how much at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from netmon.errors import UsageError


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the box a client can have. The defaults suit a Raspberry Pi."""

    connections: int = 64
    connections_per_address: int = 8
    """Loopback is exempt: a scraper, a browser and a script share one address there."""
    head_seconds: float = 10.0
    """A connection without a complete request head, or with an unread response, ends after this."""
    answer_seconds: float = 30.0
    """A handler that has no answer by then says so with 503."""
    stop_seconds: float = 2.0
    body_bytes: int = 64 * 1024
    token_failures_per_minute: int = 5
    technician_requests_per_minute: int = 60
    scrapes_at_once: int = 2


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the server's certificate chain and its private key, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The `[web]` section, resolved. Addresses are `host:port` or `[host]:port`; port 0: any free one.

    `token_sha256` are hex digests of the accepted tokens. `technician` empty: no technician page.
    """

    listen: str = "127.0.0.1:9877"
    technician: str = ""
    token_sha256: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    tls: Tls | None = None
    timezone: tzinfo = UTC
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        host, _ = split_address(self.listen)
        if not is_loopback(host) and not (self.tls and self.token_sha256):
            raise UsageError(f"[web] listen = {self.listen!r} is beyond loopback: it needs TLS and a token")
        if self.technician:
            split_address(self.technician)


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[host]:port`; UsageError when there are not both."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f"{text!r} is not an address and a port, such as '127.0.0.1:9877' or '[::1]:9877'")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address; of names, `localhost` alone is sure to be."""
    address = literal(host)
    return host == "localhost" if address is None else address.is_loopback


def is_any(host: str) -> bool:
    """Tell whether a listening address stands for all addresses of the machine."""
    address = literal(host)
    return address is not None and address.is_unspecified


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a text is; None for a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
