"""Stand-ins for addresses and names: the same one gets the same stand-in, and no two share one.

What names nobody stays: unspecified, loopback and multicast addresses, and netmasks. Of an IPv4 address
the last octet stays, so that the members of a network keep their order; of a MAC address its maker.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from itertools import count
from typing import Final

_V4_TEXT: Final = re.compile(rb"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)")
_V6_TEXT: Final = re.compile(rb"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_MAC_TEXT: Final = re.compile(
    rb"(?<![0-9A-Fa-f:.-])(?:[0-9A-Fa-f]{1,2}([:-]))(?:[0-9A-Fa-f]{1,2}\1){4}[0-9A-Fa-f]{1,2}(?![\w:-])"
    rb"|(?<![\w.])(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}(?![\w.])"
)
_DOCUMENTATION: Final = bytes.fromhex("20010db8") + bytes(4)  # 2001:db8::/32, RFC 3849


class Masks:
    """What was replaced by what, while one recording is made."""

    def __init__(self) -> None:
        self.known: dict[bytes, bytes] = {}
        """Addresses seen so far, 4, 6 or 16 octets each, with their stand-ins."""
        self._networks: dict[bytes, int] = {}
        self._numbers = count(1)
        self._names: dict[bytes, bytes] = {}

    def address(self, octets: bytes) -> bytes:
        """Return the stand-in of an IPv4 (4), MAC (6) or IPv6 (16 octets) address."""
        if octets not in self.known:
            made = {4: self._v4, 6: self._mac, 16: self._v6}[len(octets)](octets)
            if made == octets:
                return octets
            self.known[octets] = made
        return self.known[octets]

    def _v4(self, octets: bytes) -> bytes:
        if octets[0] in {0, 127} or octets[0] >= 224 or not any(octets[1:]):
            return octets
        network = self._networks.setdefault(octets[:3], len(self._networks) + 1)
        return ((10 << 16) + network).to_bytes(3, "big") + octets[3:]

    def _mac(self, octets: bytes) -> bytes:
        if octets[0] & 1 or not any(octets):
            return octets
        return octets[:3] + (next(self._numbers) & 0xFFFFFF).to_bytes(3, "big")

    def _v6(self, octets: bytes) -> bytes:
        address = IPv6Address(octets)
        solicited = octets.startswith(bytes.fromhex("ff0200000000000000000001ff"))  # holds half an address
        if address.is_unspecified or address.is_loopback or (address.is_multicast and not solicited):
            return octets
        head = octets[:13] if solicited else octets[:8] if address.is_link_local else _DOCUMENTATION
        return head + next(self._numbers).to_bytes(16 - len(head), "big")

    def name(self, text: bytes) -> bytes:
        """Return the stand-in of a name; nothing stands for nothing."""
        if not text.strip(b"\0 "):
            return text
        return self._names.setdefault(text, b"masked-%d" % (len(self._names) + 1))

    def names(self, text: bytes) -> bytes:
        """Return a text in which every known name of four octets or more is replaced."""
        for name, mask in self._names.items():
            if len(name) > 3:
                text = text.replace(name, mask)
        return text

    def text(self, text: bytes) -> bytes:
        """Return a text in which every address, as people write it, is replaced."""
        text = _MAC_TEXT.sub(self._in_mac_text, text)
        text = _V4_TEXT.sub(self._in_v4_text, text)
        return _V6_TEXT.sub(self._in_v6_text, text)

    def _in_v4_text(self, found: re.Match[bytes]) -> bytes:
        numbers = list(map(int, found[0].split(b".")))
        if max(numbers) > 255:
            return found[0]
        return b".".join(b"%d" % octet for octet in self.address(bytes(numbers)))

    def _in_v6_text(self, found: re.Match[bytes]) -> bytes:
        try:
            octets = IPv6Address(found[0].decode()).packed
        except ValueError:
            return found[0]
        return str(IPv6Address(self.address(octets))).encode()

    def _in_mac_text(self, found: re.Match[bytes]) -> bytes:
        sign = found[1] or b"."
        parts = found[0].split(sign)
        width = 4 if sign == b"." else 2
        octets = bytes.fromhex(b"".join(part.rjust(width, b"0") for part in parts).decode())
        shown = self.address(octets).hex().encode()
        return sign.join(shown[at : at + width] for at in range(0, 12, width))
