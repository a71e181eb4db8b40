"""Requests that come back: one of them, a train of them, and the end of waiting for many."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from probes.error_queue import NetworkError
from probes.stamped_socket import Datagram
from probes.timestamping import Ancillary, Departure, RoundTrip, round_trip


class Countdown:
    """Ends when the last of many is settled."""

    def __init__(self) -> None:
        self._left = 0
        self._ended: asyncio.Future[None] | None = None

    def add(self) -> None:
        """Wait for one more."""
        self._left += 1

    def done(self) -> None:
        """Wait for one less."""
        self._left -= 1
        if not self._left and self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    async def wait(self, timeout_seconds: float) -> None:
        """Return when nothing is awaited any more, or the time is up."""
        if self._left:
            self._ended = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._ended], timeout=timeout_seconds)


@dataclass(slots=True, eq=False)
class Echo:
    """One request: what was sent, what came back for it, and how late it left (s), by its schedule."""

    address: str
    payload: bytes
    open: Countdown
    departure: Departure | None = None
    reply: Datagram | None = None
    error: NetworkError | None = None
    duplicates: int = 0
    late_seconds: float = 0.0

    @property
    def round_trip(self) -> RoundTrip | None:
        """Return the time to the first reply; None when none came."""
        if self.departure is None or self.reply is None:
            return None
        return round_trip(self.departure, self.reply.arrival)


@dataclass(frozen=True, slots=True)
class Train:
    """A few requests: pauses before all but the first, payload, DSCP, and how long the last may take.

    `leave_by` are the control messages that tie each to a circuit.
    """

    gaps_seconds: tuple[float, ...]
    payload_bytes: int
    dscp: int
    wait_seconds: float
    leave_by: tuple[Ancillary, ...] = ()
