"""A clock alarm that a test rings: readable until it is acknowledged, as the kernel's own is."""

import socket


class HandAlarm:
    """`ring()` says that the clock was set."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self.acknowledged = 0

    def ring(self) -> None:
        self._far.send(b"!")

    def fileno(self) -> int:
        return self._near.fileno()

    def acknowledge(self) -> None:
        self._near.recv(8)
        self.acknowledged += 1

    def close(self) -> None:
        self._near.close()
        self._far.close()
