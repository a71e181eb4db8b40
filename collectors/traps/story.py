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
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notification came from: address, device (empty: none that is configured), version."""

    address: str
    device: str
    version: str
    inform: bool = False


class Story:
    """One notification told: every value is made plain once."""

    def __init__(self, notification: Notification, origin: Origin, names: Names) -> None:
        self._notification, self._origin = notification, origin
        self.trap = names.trap(notification.trap)
        self._variables = [_tell(variable, names) for variable in notification.variables]

    def data(self) -> dict[str, sdk.Json]:
        """Return what an event carries of it."""
        notification, origin = self._notification, self._origin
        found: dict[str, sdk.Json] = {
            "trap": self.trap[:_LONGEST],
            "oid": ber.dotted(notification.trap)[:_LONGEST],
            "version": origin.version,
            "inform": origin.inform,
            "source": origin.address,
            "variables": self._variables,
        }
        if notification.uptime_hundredths is not None:
            found["uptime_seconds"] = notification.uptime_hundredths / 100
        if notification.agent_address and notification.agent_address != origin.address:
            found["agent_address"] = notification.agent_address
        if notification.left_out:
            found["variables_left_out"] = notification.left_out
        return found

    def text(self) -> str:
        """Return the event's line: who, what, and the first variables. All of its parts are clean."""
        words = (f"{one['name']} {one.get('word', one['value'])}" for one in self._variables[:_SHOWN])
        line = ", ".join((f"{self._origin.device or self._origin.address}: {self.trap}", *words))
        return line[:_LONGEST].rstrip()


def _tell(variable: Variable, names: Names) -> dict[str, sdk.Json]:
    """Return name, instance and value; names and numbers are ours, so only their length is bounded."""
    name, instance = names.object(variable.name)
    value = plain(variable, names)
    told: dict[str, sdk.Json] = {"name": name[:_LONGEST], "instance": instance[:_LONGEST], "value": value}
    if isinstance(value, int) and (word := names.values.get(name, {}).get(value)) is not None:
        told["word"] = word
    return told


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
    return (f"{name}.{instance}" if instance else name)[:_LONGEST]


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
