"""Who may test, one at a time, and how much: the desk that every test passes."""

from __future__ import annotations

import asyncio
import hmac
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from netmon import sdk
from probes.bandwidth.server.own_side import OwnSide
from probes.stamp_gate import Network
from probes.tcp_info import TcpFlow

_HOUR_SECONDS, _DAY_SECONDS = 3600.0, 86_400.0
_MOST_SOURCES = 4096
_TOGETHER_SECONDS = 60.0
# A stream that ends and asks for more belongs to the same test.
_BETWEEN_STREAMS_SECONDS = 1.0


class Turned(StrEnum):
    """Why a test was turned away."""

    STRANGER = "this address may not test here"
    UNKNOWN = "the token is missing or wrong"
    BUSY = "another test is running"
    OFTEN = "this address has had its tests of this hour"
    VOLUME = "the bytes of this day are spent"


class TurnedAway(Exception):  # noqa: N818 - it is an answer, not a defect
    """A test that does not begin."""

    def __init__(self, why: Turned) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes of one test; tests of an hour by one address; bytes of a day by all.

    `bits_per_second` is the most that a transfer may have (0: all there is); trains are short, and may more.
    """

    seconds: float = 15.0
    test_bytes: int = 4_000_000_000
    tests_per_hour: int = 60
    day_bytes: int = 200_000_000_000
    bits_per_second: int = 0


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: address, the random name of its run (empty: it gives none), and its token."""

    address: str
    name: str
    token: str = field(repr=False)


@dataclass(slots=True, eq=False)
class Visit:
    """One test that is running; `streams` hang up its connections now, `flows` are what all carried."""

    client: Client
    began: float
    idle_since: float
    streams: list[Callable[[], None]] = field(default_factory=list)
    spent_bytes: int = 0
    charged_bytes: int = 0
    side: OwnSide | None = None
    flows: dict[int, TcpFlow] = field(default_factory=dict)

    def note(self, flow: TcpFlow | None, stream: int) -> None:
        """Keep the newest state of a connection."""
        if flow is not None:
            self.flows[stream] = flow


@dataclass(slots=True)
class Desk:
    """Keeps the one place there is. Connections of one client, close to each other, are one test."""

    allowed: Sequence[Network]
    token: str
    limits: Limits
    clock: sdk.Clock
    tests_total: int = 0
    turned_total: dict[Turned, int] = field(default_factory=lambda: defaultdict(int))
    spent_bytes_total: int = 0
    _visit: Visit | None = None
    _began: dict[str, deque[float]] = field(default_factory=dict)
    _spent: deque[tuple[float, int]] = field(default_factory=deque)

    @contextmanager
    def test(self, client: Client, hang_up: Callable[[], None], *, alone: bool = False) -> Iterator[Visit]:
        """Hold a place for one connection; TurnedAway when there is none for it.

        `alone` begins another test: what runs for the same client is over, though its end was lost.
        """
        self.check(client)
        if alone:
            self.end(client)
        visit = self._enter(client)
        visit.streams.append(hang_up)
        try:
            yield visit
        finally:
            visit.streams.remove(hang_up)
            visit.idle_since = self.clock.monotonic()
            self._spend(visit)

    def end(self, client: Client) -> Visit | None:
        """End a client's test, hang up what is left of it, and return it; None when it has none."""
        visit = self._visit
        if visit is None or not self._same(visit.client, client):
            return None
        self._visit = None
        for hang_up in tuple(visit.streams):
            hang_up()
        return visit

    async def pace(self, visit: Visit) -> None:
        """Wait until a test may have more, where there is a most that it may have."""
        if not self.limits.bits_per_second:
            return
        due = visit.began + visit.spent_bytes * 8 / self.limits.bits_per_second
        await asyncio.sleep(max(due - self.clock.monotonic(), 0.0))

    def check(self, client: Client) -> None:
        """Raise TurnedAway for who may not ask at all."""
        found = ip_address(client.address.partition("%")[0])
        if not any(found.version == network.version and found in network for network in self.allowed):
            raise self._away(Turned.STRANGER)
        if self.token and not hmac.compare_digest(
            client.token.encode("utf-8", "surrogatepass"), self.token.encode()
        ):
            raise self._away(Turned.UNKNOWN)

    def _enter(self, client: Client) -> Visit:
        now, visit = self.clock.monotonic(), self._visit
        if visit is not None and self._same(visit.client, client):
            if visit.streams or now - visit.idle_since < _BETWEEN_STREAMS_SECONDS:
                return visit
        elif visit is not None and visit.streams:
            raise self._away(Turned.BUSY)
        while self._spent and self._spent[0][0] < now - _DAY_SECONDS:
            self._spent.popleft()
        if sum(spent for _, spent in self._spent) >= self.limits.day_bytes:
            raise self._away(Turned.VOLUME)
        self._count(client.address, now)
        self.tests_total += 1
        self._visit = visit = Visit(client, now, now)
        return visit

    def _same(self, one: Client, other: Client) -> bool:
        return (one.address, one.name) == (other.address, other.name)

    def _spend(self, visit: Visit) -> None:
        grown_bytes = visit.spent_bytes - visit.charged_bytes
        visit.charged_bytes = visit.spent_bytes
        self.spent_bytes_total += grown_bytes
        since, before_bytes = self._spent[-1] if self._spent else (-_DAY_SECONDS, 0)
        if visit.idle_since - since < _TOGETHER_SECONDS:  # or a day of short streams would be a long list
            self._spent[-1] = since, before_bytes + grown_bytes
        else:
            self._spent.append((visit.idle_since, grown_bytes))

    def _count(self, address: str, now: float) -> None:
        """Note that an address begins a test; TurnedAway when it has had too many."""
        for other in [other for other, times in self._began.items() if times[-1] < now - _HOUR_SECONDS]:
            del self._began[other]
        times = self._began.get(address)
        if times is None:
            if len(self._began) >= _MOST_SOURCES:
                raise self._away(Turned.OFTEN)
            times = self._began[address] = deque(maxlen=self.limits.tests_per_hour)
        if len(times) == self.limits.tests_per_hour and times[0] > now - _HOUR_SECONDS:
            raise self._away(Turned.OFTEN)
        times.append(now)

    def _away(self, why: Turned) -> TurnedAway:
        self.turned_total[why] += 1
        return TurnedAway(why)
