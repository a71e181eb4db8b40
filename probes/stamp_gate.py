"""Whom a reflector answers, how often, and how many sessions it remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address

from probes.stamp_packet import FollowUp
from probes.timestamping import Departure

Network = IPv4Network | IPv6Network

# RFC 8762 §4: state may go after 15 minutes without a packet (REFWAIT of RFC 5357 §3.1).
_IDLE_SECONDS = 900.0
# Where there is no room, those that skipped a minute make some.
_SHORT_OF_ROOM_SECONDS = 60.0
_SEEN_REQUESTS = 1024


class Refusal(StrEnum):
    """Why a packet got no answer."""

    MALFORMED = "malformed"
    """Shorter than a reply would be, or larger than a packet."""
    STRANGER = "stranger"
    """Its sender is not on the list."""
    REFLECTED = "reflected"
    """It is a reply: two reflectors would go on for ever."""
    SERVICE = "service"
    """It comes from a port that servers have: somebody wants us to disturb one."""
    RATE = "rate"
    """Its sender asks more often than it may."""
    FULL = "full"
    """There are too many sessions."""
    OVERLOAD = "overload"
    """All senders together ask more often than they may."""
    UNSENT = "unsent"
    """This host's network did not take the reply."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Packets per second of one address and of all together, sessions of one address and in all."""

    source_per_second: float = 200.0
    total_per_second: float = 2000.0
    sessions_per_source: int = 256
    sessions: int = 4096


class Allowance:
    """A token bucket that holds what may come in one second."""

    def __init__(self, per_second: float, now: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._at = now

    def take(self, now: float) -> bool:
        """Take one; False when there is none."""
        self._left = min(self._per_second, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(slots=True, eq=False)
class Session:
    """What the reflector remembers of one sender and session: counts, and when its last reply left."""

    last_seen: float
    replies: int = 0
    counted: int = 0
    last_reply: Departure | None = None
    follow_up: FollowUp | None = None
    _highest: int = -1
    _seen: int = 0

    def count(self, sequence: int) -> None:
        """Count a request, unless it is a copy of one of the last 1024.

        RFC 8972 §4.5 leaves to us what is "in profile": what came for the first time.
        """
        ahead = sequence - self._highest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, _SEEN_REQUESTS) | 1) & ((1 << _SEEN_REQUESTS) - 1)
            self._highest = sequence
            self.counted += 1
        elif -ahead >= _SEEN_REQUESTS:
            self.counted += 1
        elif not self._seen >> -ahead & 1:
            self._seen |= 1 << -ahead
            self.counted += 1


@dataclass(slots=True, eq=False)
class _Source:
    allowance: Allowance
    sessions: int = 0


@dataclass(slots=True)
class Gate:
    """Finds the session of a packet that may be answered; everything is bounded by `limits`."""

    allowed: Sequence[Network]
    limits: Limits
    _sessions: dict[tuple[str, int, int], Session] = field(default_factory=dict)
    _sources: dict[str, _Source] = field(default_factory=dict)

    def session(self, address: str, port: int, identifier: int, now: float) -> Session | Refusal:
        """Return the session, a new one if need be, or why not."""
        source = self._sources.get(address)
        if source is None and not self._is_allowed(address):
            return Refusal.STRANGER
        if source is not None and not source.allowance.take(now):
            return Refusal.RATE
        key = (address, port, identifier)
        found = self._sessions.pop(key, None) or self._begin(address, now)
        if isinstance(found, Session):
            # The table stays in the order of last use.
            self._sessions[key] = found
            found.last_seen = now
        return found

    @property
    def sessions(self) -> int:
        """Return how many sessions are remembered."""
        return len(self._sessions)

    def _begin(self, address: str, now: float) -> Session | Refusal:
        self._forget_idle(now, _IDLE_SECONDS)
        if self._is_full(address):
            self._forget_idle(now, _SHORT_OF_ROOM_SECONDS)
            if self._is_full(address):
                return Refusal.FULL
        source = self._sources.get(address)
        if source is None:
            source = self._sources[address] = _Source(Allowance(self.limits.source_per_second, now))
            source.allowance.take(now)
        source.sessions += 1
        return Session(now)

    def _is_full(self, address: str) -> bool:
        source = self._sources.get(address)
        mine = 0 if source is None else source.sessions
        return len(self._sessions) >= self.limits.sessions or mine >= self.limits.sessions_per_source

    def _forget_idle(self, now: float, idle_seconds: float) -> None:
        """Forget the oldest, as far as they have been silent for so long."""
        while self._sessions:
            key = next(iter(self._sessions))
            if now - self._sessions[key].last_seen < idle_seconds:
                return
            del self._sessions[key]
            source = self._sources[key[0]]
            source.sessions -= 1
            if source.sessions == 0:
                del self._sources[key[0]]

    def _is_allowed(self, address: str) -> bool:
        found = ip_address(address.partition("%")[0])
        return any(found.version == network.version and found in network for network in self.allowed)
