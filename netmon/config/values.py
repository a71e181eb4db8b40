"""Names, addresses, intervals and time zones as the configuration writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, PlainValidator

from netmon.config.wording import nearest
from netmon.units import Seconds, duration_seconds

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# RFC 1123 §2.1, with the underscore that real zones contain.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (name or address) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """True when only this machine can reach it."""
        return self.host == "localhost" or (is_address(self.host) and ip_address(self.host).is_loopback)


def is_address(text: str) -> bool:
    """Tell whether the text is an IPv4 or IPv6 address (with or without a zone)."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def endpoint(text: object, default_port: int | None = None) -> Endpoint:
    """Return host and port of "host", "host:port", "2001:db8::1" or "[2001:db8::1]:161"."""
    if not isinstance(text, str):
        raise ValueError("must be text, such as '192.0.2.1'")  # noqa: TRY004 - pydantic collects ValueError
    host, port = _split(text)
    if port is None and default_port is None:
        raise ValueError(f"{text!r} has no port, such as '127.0.0.1:9877'")
    if not is_address(host):
        _check_host(host, text)
    number = default_port if port is None else _port(port, text)
    return Endpoint(host, number or 0)


def _split(text: str) -> tuple[str, str | None]:
    if is_address(text):
        return text, None
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::(.*))?", text)
    if bracketed is not None:
        host, port = bracketed.groups()
        if not (is_address(host) and isinstance(ip_address(host), IPv6Address)):
            raise ValueError(f"{text!r}: only an IPv6 address stands in brackets")
        return host, port
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _check_host(host: str, text: str) -> None:
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError(f"{text!r} is not an address or host name, with or without a port")
    if re.fullmatch(r"[0-9.]+", host):
        raise ValueError(f"{text!r} is not an IPv4 address")


def _port(port: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
        raise ValueError(f"{text!r}: a port is a number from 1 to 65535")
    return int(port)


def _device_address(text: object) -> Endpoint:
    found = endpoint(text, 161)
    if found.port == 0:
        raise ValueError(f"{text!r}: a port is a number from 1 to 65535")
    return found


def _listen(text: object) -> Endpoint:
    found = endpoint(text)
    if not (found.host == "localhost" or is_address(found.host)):
        raise ValueError(f"{text!r}: an address of this machine, 0.0.0.0 or [::] for all of them")
    return found


def _server(text: object) -> Endpoint:
    return endpoint(text, 587)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a name: letters, digits, dot, dash and underscore, at most 64, no space"
        )
    return text


def _words(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 255:
        raise ValueError("must be 1 to 255 printable characters")
    return text


def _target(text: str) -> str:
    if not text or not text.isprintable() or any(character.isspace() for character in text):
        raise ValueError(f"{text!r} is not a target: no white space, not empty")
    if re.match(r"[^/]*//[^/]*@", text):
        # Not repeated here: a target is a label that everybody sees.
        raise ValueError("must not hold a user or password")
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        hint = nearest(text, sorted(available_timezones()), listed=False)
        remedy = hint or "such as 'Europe/London' or 'UTC'"
        raise ValueError(f"{text!r} is not a time zone; {remedy}") from None
    return text


def url_host(url: str) -> str:
    """Return the host of a URL that was checked, without brackets."""
    return urlsplit(url).hostname or ""


def _url(text: str) -> str:
    # The text may hold a password, so no message of this function repeats it.
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_right:
        raise ValueError("must be a URL that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or password; secrets have their own keys")
    if parts.query or parts.fragment:
        raise ValueError("must end with its path: no ? and no #")
    return text.rstrip("/")


def within(least: str, most: str) -> Callable[[float], float]:
    """Return a check that an interval lies between two, such as "1s" and "1d"."""
    low, high = duration_seconds(least), duration_seconds(most)

    def check(seconds: float) -> float:
        if not low <= seconds <= high:
            raise ValueError(f"must be {least} to {most}")
        return seconds

    return check


Name = Annotated[str, AfterValidator(_name)]
Words = Annotated[str, AfterValidator(_words)]
Target = Annotated[str, AfterValidator(_target)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Url = Annotated[str, AfterValidator(_url)]
DeviceAddress = Annotated[Endpoint, PlainValidator(_device_address)]
Listen = Annotated[Endpoint, PlainValidator(_listen)]
MailServer = Annotated[Endpoint, PlainValidator(_server)]
Every = Annotated[Seconds, AfterValidator(within("1s", "1d"))]
Timeout = Annotated[Seconds, AfterValidator(within("10ms", "10m"))]
Keep = Annotated[Seconds, AfterValidator(within("1h", "36500d"))]
