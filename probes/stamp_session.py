"""A STAMP session: its numbers run on from train to train, so that the reflector's can be compared."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from netmon import sdk
from probes.error_queue import NetworkError
from probes.stamp_delay import Delay, DelayWindow, Queueing
from probes.stamp_loss import Account, Base, Echo, account, numbers_by_itself
from probes.stamp_packet import Reply, decode_reply, encode_request
from probes.stamp_socket import SenderSocket
from probes.stamp_time import ErrorEstimate, HostTime, decode_time, encode_error, encode_time
from probes.stamped_socket import Address, Datagram
from probes.timestamping import Ancillary, Arrival, Departure, round_trip

# A new session long before 32 bits end: 248 days at a hundred packets a second.
_LAST_SEQUENCE = 1 << 31
_MOST_CLOSING, _PATIENCE_SECONDS, _PATIENCE_TRIPS = 16, 0.05, 2


@dataclass(slots=True, eq=False)
class Asked:
    """One request, and the first reply to it."""

    sequence: int
    packet: bytes
    departure: Departure
    settled: asyncio.Future[None]
    reply: Reply | None = None
    arrival: Arrival | None = None
    hop_limit: int | None = None
    delay: Delay | None = None
    """What both ways took; None when it is not known."""

    def settle(self) -> None:
        """Say that nothing more is awaited."""
        if not self.settled.done():
            self.settled.set_result(None)


@dataclass(frozen=True, slots=True)
class Found:
    """What one train found. `queueing` is None when no delay is known."""

    asked: tuple[Asked, ...]
    account: Account
    queueing: Queueing | None
    own_error: ErrorEstimate
    error: NetworkError | None
    stateful: bool
    counting: bool
    followed_up: bool

    @property
    def answered(self) -> list[Asked]:
        """Return the requests that were answered."""
        return [asked for asked in self.asked if asked.reply is not None]

    @property
    def kernel(self) -> bool:
        """Tell whether the kernel stamped both of our ends of every trip."""
        return all(
            asked.arrival is not None and round_trip(asked.departure, asked.arrival).kernel
            for asked in self.answered
        )


class Session:
    """One reflector, as one sender sees it over its life."""

    def __init__(self, to: Address, host: HostTime) -> None:
        self.to = to
        self.host = host
        self.identifier = secrets.randbelow((1 << 16) - 1) + 1
        self.next_sequence = 0
        self.base: Base | None = Base()
        self.stateful = False
        self.delays = DelayWindow()

    @property
    def spent(self) -> bool:
        """Tell whether the numbers come to their end."""
        return self.next_sequence >= _LAST_SEQUENCE


@dataclass(slots=True, eq=False)
class Train:
    """The requests of one run, from the first one sent to the account of what became of them."""

    session: Session
    socket: SenderSocket
    clock: sdk.Clock
    ancillary: Sequence[Ancillary] = ()
    error: NetworkError | None = None
    _asked: dict[int, Asked] = field(default_factory=dict)
    _echoes: list[Echo] = field(default_factory=list)
    _follow_ups: dict[int, int] = field(default_factory=dict)
    _own_error: ErrorEstimate = field(init=False)
    _error_word: int = field(init=False)
    _base: Base | None = field(init=False)

    def __post_init__(self) -> None:
        self._own_error = self.session.host.error()
        self._error_word = encode_error(self._own_error)
        # A train that does not come to its end leaves nothing to count from.
        self._base, self.session.base = self.session.base, None

    async def depart(self, gaps_seconds: Sequence[float]) -> None:
        """Send a request after each of these pauses."""
        for gap_seconds in gaps_seconds:
            await asyncio.sleep(gap_seconds)
            self.send()

    def send(self) -> Asked:
        """Send the next request."""
        session = self.session
        sequence = session.next_sequence
        stamp = encode_time(session.host.utc_ns(self.clock.wall_ns()))
        packet = encode_request(sequence, stamp, self._error_word, session.identifier)
        departure = self.socket.send(packet, session.to, self, self.ancillary)
        session.next_sequence += 1
        asked = Asked(sequence, packet, departure, asyncio.get_running_loop().create_future())
        self._asked[sequence] = asked
        return asked

    @property
    def complete(self) -> bool:
        """Tell whether every request is answered."""
        return all(asked.reply is not None for asked in self._asked.values())

    @property
    def silent(self) -> bool:
        """Tell whether none is."""
        return not self._echoes

    async def wait(self, asked: Sequence[Asked], seconds: float) -> None:
        """Wait until these are settled, or the time is up; read what waits in the kernel then."""
        await asyncio.wait([one.settled for one in asked], timeout=seconds)
        self.socket.drain()

    async def wait_for_all(self, seconds: float) -> None:
        """Wait until all are settled, or the time is up."""
        await self.wait(tuple(self._asked.values()), seconds)

    async def ask_again(self, seconds: float) -> None:
        """Ask on while something is missing, until the newest request is answered or the time is up.

        Only a later reply tells on which way the ones before were lost.
        """
        until = self.clock.monotonic() + seconds
        patience_seconds = _PATIENCE_SECONDS + _PATIENCE_TRIPS * self._slowest_seconds()
        for _ in range(_MOST_CLOSING):
            left_seconds = until - self.clock.monotonic()
            if self.complete or self.silent or left_seconds <= 0:
                return
            asked = self.send()
            await self.wait([asked], min(left_seconds, patience_seconds))
            if asked.reply is not None:
                return

    def _slowest_seconds(self) -> float:
        trips = (
            round_trip(asked.departure, asked.arrival).seconds
            for asked in self._asked.values()
            if asked.arrival is not None
        )
        return max(trips, default=0.0)

    def replied(self, datagram: Datagram) -> None:
        """Take a reply."""
        reply = decode_reply(datagram.data)
        asked = None if reply is None else self._asked.get(reply.request_sequence)
        if reply is None or asked is None:
            return
        self._echoes.append(Echo(reply.request_sequence, reply.sequence, reply.counted))
        if reply.follow_up is not None:
            self._follow_ups[reply.follow_up.sequence] = reply.follow_up.timestamp
        if asked.reply is None:
            asked.reply, asked.arrival = reply, datagram.arrival
            asked.hop_limit = datagram.hop_limit
            asked.settle()

    def refused(self, error: NetworkError) -> None:
        """Take an ICMP error: whoever waits, waits no longer."""
        self.error = error
        for asked in self._asked.values():
            asked.settle()

    def close(self) -> None:
        """Stop listening."""
        for asked in self._asked.values():
            self.socket.forget(asked.packet, self.session.to)

    def end(self) -> Found:
        """Draw up the account; the session goes on from here."""
        session = self.session
        session.stateful = session.stateful or numbers_by_itself(self._echoes)
        requests = range(session.next_sequence - len(self._asked), session.next_sequence)
        settled = account(self._base, requests, self._echoes, stateful=session.stateful)
        session.base = settled.base
        for asked in self._asked.values():
            asked.delay = self._delay(asked)
        delays = [asked.delay for asked in self._asked.values() if asked.delay is not None]
        return Found(
            tuple(self._asked.values()),
            settled,
            session.delays.add(delays),
            self._own_error,
            self.error,
            session.stateful,
            any(echo.counted is not None for echo in self._echoes),
            bool(self._follow_ups),
        )

    def _delay(self, asked: Asked) -> Delay | None:
        """Return both ways' delays; None when the reflector's stamps do not fit between our own.

        A follow-up says when the kernel sent a reply. One that follows up is not taken by its word for the
        rest: what it writes into the reply itself is 30 us too early.
        """
        reply = asked.reply
        if reply is None or asked.arrival is None:
            return None
        left = self._follow_ups.get(reply.sequence) if self._follow_ups else reply.sent
        if left is None:
            return None
        departure, ptp = asked.departure, reply.error.ptp
        sent_ns = departure.wall_ns if departure.kernel_ns is None else departure.kernel_ns
        sent_ns = self.session.host.utc_ns(sent_ns)
        both_ns = round(round_trip(departure, asked.arrival).seconds * 1e9)
        received_ns = decode_time(reply.received, sent_ns, ptp=ptp)
        left_ns = decode_time(left, sent_ns, ptp=ptp)
        if not 0 <= left_ns - received_ns <= both_ns:
            return None
        return Delay(departure.boottime_ns, received_ns - sent_ns, sent_ns + both_ns - left_ns)
