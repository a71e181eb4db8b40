"""The socket's reader: drains it in small batches, asks the gate, keeps events until they are read."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from collectors.traps.counts import Counts, Reason
from collectors.traps.gate import Gate
from collectors.traps.hearing import Hearing, Letter, Told
from collectors.traps.polls import ConfirmingPolls
from collectors.traps.refusal import KeysWanted
from collectors.traps.socket_door import dropped
from netmon import sdk

log = logging.getLogger(__name__)

_MOST_OCTETS: Final = 8192
"""Longest datagram; a longer one is cut, and therefore garbled."""
_BATCH: Final = 256
_PAUSE_SECONDS: Final = 0.01
"""After a full batch. So at most 25,600 datagrams a second are looked at; the kernel drops the rest."""
_MOST_EVENTS: Final = 1000
_MOST_POSTPONED: Final = 16
_GATHER_SECONDS: Final = 0.1
"""How long the first event waits for others, so that a burst is one run of the source."""

Address = tuple[str, int] | tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class _Postponed:
    wanted: KeysWanted
    letter: Letter
    address: Address
    stamp: sdk.Stamp


class Receiver:
    """Reads from `open` to `close`; `wake` is called when there is something to take."""

    def __init__(
        self, gate: Gate, hearing: Hearing, polls: ConfirmingPolls, clock: sdk.Clock, counts: Counts
    ) -> None:
        self._gate, self._hearing, self._polls = gate, hearing, polls
        self._clock, self._counts = clock, counts
        self._sock: socket.socket | None = None
        self._dropped = 0
        self._wake: Callable[[], object] = bool
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._events: list[sdk.Event] = []
        self._postponed: list[_Postponed] = []

    def open(self, sock: socket.socket, wake: Callable[[], object]) -> None:
        """Begin to read; the socket is closed with this object."""
        self._sock, self._wake = sock, wake
        self._dropped = dropped(sock)
        asyncio.get_running_loop().add_reader(sock, self._readable)

    def close(self) -> None:
        """Stop reading; what was not taken is lost."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._polls.close()
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None

    @property
    def waiting(self) -> bool:
        """Tell whether there is something to take."""
        return bool(self._events)

    def take(self) -> Sequence[sdk.Event]:
        """Return the events that came since the last call."""
        if self._sock is not None:
            total = dropped(self._sock)
            self._counts.dropped[Reason.KERNEL] += (total - self._dropped) & 0xFFFF_FFFF
            self._dropped = total
        events, self._events = self._events, []
        return events

    def postponed(self) -> Sequence[KeysWanted]:
        """Return which keys are wanted before `resume()`."""
        return [one.wanted for one in self._postponed]

    def resume(self) -> None:
        """Hear again what waited for keys; what still wants some is given up."""
        waited, self._postponed = self._postponed, []
        for one in waited:
            try:
                self._answer(self._hearing.hear(one.letter, one.stamp, self._counts), one.address)
            except KeysWanted:
                self._counts.dropped[Reason.QUEUE] += 1

    def _readable(self) -> None:
        """Take one batch. The loop calls again as long as there is more, or after a pause in a flood."""
        sock, now = self._sock, self._clock.monotonic()
        if sock is None:
            return
        for _ in range(_BATCH):
            try:
                datagram, address = sock.recvfrom(_MOST_OCTETS)
            except BlockingIOError:
                return
            except OSError as error:  # such as an answer of ours that was refused
                log.debug("traps: %s", error)
                continue
            self._counts.received += 1
            host = address[0].removeprefix("::ffff:")
            reason = self._gate.refuse(host, now)
            if reason is None:
                self._hear(Letter(datagram, host, self._gate.device(host), now), address)
            else:
                self._counts.dropped[reason] += 1
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        self._timers["pause"] = loop.call_later(_PAUSE_SECONDS, loop.add_reader, sock, self._readable)

    def _hear(self, letter: Letter, address: Address) -> None:
        stamp = self._clock.stamp()
        try:
            told = self._hearing.hear(letter, stamp, self._counts)
        except KeysWanted as wanted:
            if len(self._postponed) < _MOST_POSTPONED:
                self._postponed.append(_Postponed(wanted, letter, address, stamp))
                self._gather()
            else:
                self._counts.dropped[Reason.QUEUE] += 1
            return
        self._answer(told, address)

    def _answer(self, told: Told, address: Address) -> None:
        if told.reply and self._sock is not None:
            try:
                self._sock.sendto(told.reply, address)
            except OSError as error:  # the sender asks again
                log.debug("traps: no answer to %s: %s", address[0], error)
        room = _MOST_EVENTS - len(self._events)
        self._events.extend(told.events[:room])
        self._counts.dropped[Reason.QUEUE] += max(0, len(told.events) - room)
        if told.events:
            self._gather()
        if told.poll:
            self._polls.want(told.poll, everything=told.everything)

    def _gather(self) -> None:
        if "gather" not in self._timers:
            self._timers["gather"] = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._gathered)

    def _gathered(self) -> None:
        self._timers.pop("gather", None)
        self._wake()
