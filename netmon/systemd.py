"""Tell systemd how the daemon is doing (sd_notify protocol); silent where there is no systemd."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

from netmon.text import clean

log = logging.getLogger(__name__)


class Notifier:
    """Sends state to `$NOTIFY_SOCKET`. No method raises or waits: a socket that is full costs one message."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = _socket_address(environ.get("NOTIFY_SOCKET", ""))
        self._failed = False
        self._watchdog_seconds = _watchdog_seconds(environ)

    @property
    def listening(self) -> bool:
        """Tell whether a service manager asked to be told."""
        return self._address is not None

    def ready(self, status: str = "") -> None:
        """Say that start-up, or a reload, has ended."""
        self._send("READY=1", *_status(status))

    def reloading(self, monotonic_seconds: float) -> None:
        """Say that a reload begins; systemd wants its CLOCK_MONOTONIC moment with it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_seconds * 1_000_000)}")

    def stopping(self) -> None:
        """Say that the daemon is on its way out."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Show one line in `systemctl status`."""
        self._send(*_status(text))

    def watchdog_seconds(self) -> float | None:
        """Return the time within which systemd wants a sign of life; None when it does not watch us."""
        return self._watchdog_seconds

    def watchdog(self) -> None:
        """Reset the watchdog; to be called only while everything that matters is moving."""
        self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        if self._address is None or not assignments:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as door:
                door.sendto("\n".join(assignments).encode(), self._address)
        except OSError as error:
            if not self._failed:
                log.warning("systemd does not take notifications at %r: %s", self._address, error)
            self._failed = True
        else:
            self._failed = False


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    # The variables may be inherited by a child of the process that they were meant for.
    if environ.get("WATCHDOG_PID") not in (None, "", str(os.getpid())):
        return None
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not (microseconds.isascii() and microseconds.isdigit()):
        return None
    return int(microseconds) / 1_000_000 or None


def _socket_address(name: str) -> str | None:
    """Return what the socket call wants: a path, or a name of Linux's abstract space (written with @)."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _status(text: str) -> tuple[str, ...]:
    # One line: a line break would begin an assignment of its own.
    return (f"STATUS={clean(text)}",) if text else ()
