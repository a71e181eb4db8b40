"""A notification as an event: names, clean text, bounded data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from collectors.snmp import ber
from collectors.snmp.ber import BerError
from collectors.traps.names import Names
from collectors.traps.notification import Notification, Variable
from netmon import sdk

_SHOWN: Final = 4
"""Variables that an event's text names; its data has them all."""
_OCTETS_SHOWN: Final = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notification came from: address, device (empty: none that is configured), version."""

    address: str
    device: str
    version: str
    inform: bool = False


def data_of(notification: Notification, origin: Origin, names: Names) -> dict[str, sdk.Json]:
    """Return what an event carries of a notification."""
    found: dict[str, sdk.Json] = {
        "trap": sdk.clean(names.trap(notification.trap)),
        "oid": sdk.clean(ber.dotted(notification.trap)),
        "version": origin.version,
        "inform": origin.inform,
        "source": origin.address,
        "variables": [_told(variable, names) for variable in notification.variables],
    }
    if notification.uptime_hundredths is not None:
        found["uptime_seconds"] = notification.uptime_hundredths / 100
    if notification.agent_address and notification.agent_address != origin.address:
        found["agent_address"] = notification.agent_address
    if notification.left_out:
        found["variables_left_out"] = notification.left_out
    return found


def text_of(notification: Notification, origin: Origin, names: Names) -> str:
    """Return the event's line: who, what, and the first variables."""
    words = [
        f"{name} {_word(name, variable, names)}"
        for variable in notification.variables[:_SHOWN]
        for name in (names.object(variable.name)[0],)
    ]
    line = f"{origin.device or origin.address}: {names.trap(notification.trap)}"
    return sdk.clean(", ".join((line, *words)))


def _told(variable: Variable, names: Names) -> dict[str, sdk.Json]:
    name, instance = names.object(variable.name)
    value = plain(variable, names)
    told: dict[str, sdk.Json] = {"name": sdk.clean(name), "instance": sdk.clean(instance), "value": value}
    word = names.values.get(name, {}).get(value) if isinstance(value, int) else None
    return told if word is None else told | {"word": word}


def _word(name: str, variable: Variable, names: Names) -> sdk.Json:
    value = plain(variable, names)
    return names.values.get(name, {}).get(value, value) if isinstance(value, int) else value


def plain(variable: Variable, names: Names) -> int | str | None:
    """Return a value that no reader can be hurt by; None for what its type does not allow."""
    try:
        return _PLAIN.get(variable.tag, _hexadecimal)(variable.content, names)
    except BerError:
        return None


def _null(_content: bytes, _names: Names) -> None:
    return None


def _integer(content: bytes, _names: Names) -> int:
    return ber.decode_integer(content)


def _unsigned(content: bytes, _names: Names) -> int:
    return ber.decode_unsigned(content, 32)


def _unsigned_64(content: bytes, _names: Names) -> int:
    return ber.decode_unsigned(content, 64)


def _identity(content: bytes, names: Names) -> str:
    name, instance = names.object(ber.decode_oid(content))
    return sdk.clean(f"{name}.{instance}" if instance else name)


def _address(content: bytes, names: Names) -> str:
    return str(IPv4Address(content)) if len(content) == 4 else _hexadecimal(content, names)


def _octets(content: bytes, names: Names) -> str:
    """Return text as clean text, and anything that is no text (addresses, dates, bits) in hexadecimal."""
    try:
        text = content.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return _hexadecimal(content, names)
    binary = any(ord(character) < 32 and character not in "\t\r\n" for character in text)
    return _hexadecimal(content, names) if binary else sdk.clean(text)


def _hexadecimal(content: bytes, _names: Names) -> str:
    return content[:_OCTETS_SHOWN].hex(":")


_PLAIN: Final[Mapping[int, Callable[[bytes, Names], int | str | None]]] = {
    ber.NULL: _null,
    ber.INTEGER: _integer,
    ber.COUNTER32: _unsigned,
    ber.GAUGE32: _unsigned,
    ber.TIME_TICKS: _unsigned,
    ber.COUNTER64: _unsigned_64,
    ber.OBJECT_IDENTIFIER: _identity,
    ber.OCTET_STRING: _octets,
    ber.IP_ADDRESS: _address,
}
