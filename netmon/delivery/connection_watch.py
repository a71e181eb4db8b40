"""Whether a connection ended as if the receiver had crashed: no answer says that data were forgotten."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Mapping

_LASTING_SECONDS = 20.0
"""A server may hang up on who was silent for longer; before that, only a crash does without a word."""
KEPT_SECONDS = 30.0
"""How long a client keeps an idle connection open itself: longer than it is watched."""
_KEEP_ALIVE = re.compile(r"timeout\s*=\s*(\d{1,6})")

Address = tuple[int, int, int, str, tuple[object, ...]]
"""Family, kind, protocol, canonical name, address: as getaddrinfo has it."""


class ConnectionWatch:
    """Makes a client's sockets and looks at them. One connection at a time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sockets: list[socket.socket] = []
        self._made = self._made_before = 0
        self._lasting_seconds = self._lasts_until = 0.0
        self._lasting_before = False

    def socket(self, address: Address) -> socket.socket:
        """Make a socket for the client."""
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        # Of several that were tried at once, all but one were closed again.
        self._sockets = [one for one in self._sockets if one.fileno() >= 0] + [made]
        self._made += 1
        return made

    def asking(self) -> None:
        """Note that a request begins."""
        self._made_before, self._lasting_before = self._made, self._lasting

    def answered(self, headers: Mapping[str, str]) -> None:
        """Note an answer: it may say how long the connection will last."""
        said = _KEEP_ALIVE.search(headers.get("Keep-Alive", ""))
        self._lasting_seconds = min(_LASTING_SECONDS, float(said[1]) - 1 if said else _LASTING_SECONDS)
        if headers.get("Connection", "").lower() == "close":
            self._lasting_seconds = self._lasts_until = 0.0

    def took(self) -> None:
        """Note that the last answer acknowledged data."""
        self._lasts_until = self._monotonic() + self._lasting_seconds

    @property
    def hung_up(self) -> bool:
        """Tell whether the connection has ended since data were taken, although it should have lasted."""
        return self._lasting and bool(self._sockets) and all(one.fileno() < 0 for one in self._sockets)

    @property
    def began_anew(self) -> bool:
        """Tell whether the last request went over a new connection although the old should have lasted."""
        return self._lasting_before and self._made > self._made_before

    @property
    def _lasting(self) -> bool:
        return self._monotonic() < self._lasts_until
