"""Names to addresses without blocking anything, also when the resolver is dead."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from netmon.clock import Clock
from netmon.errors import SourceError
from netmon.model import Outcome
from netmon.threads import DaemonThreads

Lookup = Callable[[str], tuple[str, ...]]

_AT_ONCE = 16
_NAMES_KEPT = 512


class NoSuchName(OSError):  # noqa: N818 - it names what the resolver said
    """The resolver answered, and the answer is that there is no such name."""


def system_lookup(host: str) -> tuple[str, ...]:
    """Ask the system's resolver; NoSuchName when it says so, OSError when it says nothing. Blocks."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
            raise NoSuchName(error.errno, error.strerror) from error
        raise
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class _Known:
    addresses: tuple[str, ...]
    until: float


class CachingResolver:
    """getaddrinfo on threads of its own, a short cache, and the last good answer for a day.

    Threads of its own, because a black-holed resolver keeps each call for up to a minute: thirty of
    them would fill the default executor, and everything else that waits for it would wait as long.
    One lookup per name is under way at most, `_AT_ONCE` in all; names beyond `_NAMES_KEPT` are forgotten,
    oldest first.
    """

    def __init__(
        self,
        clock: Clock,
        lookup: Lookup = system_lookup,
        *,
        timeout_seconds: float = 3.0,
        fresh_seconds: float = 60.0,
        stale_seconds: float = 86_400.0,
    ) -> None:
        self._clock, self._lookup = clock, lookup
        self._timeout_seconds, self._fresh_seconds, self._stale_seconds = (
            timeout_seconds,
            fresh_seconds,
            stale_seconds,
        )
        self._threads = DaemonThreads(_AT_ONCE, "resolver")
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._under_way: dict[str, asyncio.Future[tuple[str, ...]]] = {}
        self.stale_answers_total = 0

    async def addresses(self, host: str, family: int = 0) -> tuple[str, ...]:
        """Return addresses, IPv4 first; `family` 4 or 6 narrows. SourceError(UNRESOLVED): there is none."""
        everything = (host,) if _is_address(host) else await self._by_name(host)
        wanted = tuple(
            a for a in everything if not family or ipaddress.ip_address(a.split("%")[0]).version == family
        )
        if not wanted:
            what = f"IPv{family} address" if family else "address"
            raise SourceError(Outcome.UNRESOLVED, f"{host} has no {what}")
        return tuple(sorted(wanted, key=lambda a: ":" in a))

    async def _by_name(self, host: str) -> tuple[str, ...]:
        known, now = self._known.get(host), self._clock.monotonic()
        if known is not None and now < known.until:
            return known.addresses
        try:
            async with asyncio.timeout(self._timeout_seconds):
                found = await asyncio.shield(self._ask(host))
        except NoSuchName as error:
            self._known.pop(host, None)
            raise SourceError(Outcome.UNRESOLVED, f"{host}: {error.strerror}") from error
        except (OSError, TimeoutError, UnicodeError) as error:
            return self._last_good(host, known, now, error)
        self._known[host] = _Known(found, now + self._fresh_seconds)
        self._known.move_to_end(host)
        if len(self._known) > _NAMES_KEPT:
            self._known.popitem(last=False)
        return found

    def _ask(self, host: str) -> asyncio.Future[tuple[str, ...]]:
        under_way = self._under_way.get(host)
        if under_way is None:
            loop = asyncio.get_running_loop()
            under_way = self._under_way[host] = loop.run_in_executor(self._threads, self._lookup, host)
            under_way.add_done_callback(lambda done: self._ended(host, done))
        return under_way

    def _ended(self, host: str, done: asyncio.Future[tuple[str, ...]]) -> None:
        self._under_way.pop(host, None)
        if not done.cancelled():
            done.exception()  # seen, also when nobody waited long enough

    def _last_good(
        self, host: str, known: _Known | None, now: float, error: BaseException
    ) -> tuple[str, ...]:
        if known is None or now > known.until + self._stale_seconds:
            reason = str(error) or f"no answer in {self._timeout_seconds:g} s"
            raise SourceError(Outcome.UNRESOLVED, f"{host}: {reason}") from error
        self.stale_answers_total += 1
        return known.addresses


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return True
