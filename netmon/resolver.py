"""Names to addresses without blocking anything, also when the resolver is dead."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from netmon.clock import Clock
from netmon.errors import SourceError
from netmon.model import Outcome

Lookup = Callable[[str], tuple[str, ...]]


def system_lookup(host: str) -> tuple[str, ...]:
    """Ask the system's resolver; OSError when it has no answer. Blocks."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class _Known:
    addresses: tuple[str, ...]
    until: float


class CachingResolver:
    """getaddrinfo on threads of its own, a short cache, and the last good answer for a day.

    Threads of its own, because a black-holed resolver keeps each call for up to a minute: thirty of
    them would fill the default executor, and everything else that waits for it would wait as long.
    The number of lookups under way is bounded by one per name.
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
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolver")
        self._known: dict[str, _Known] = {}
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

    def close(self) -> None:
        """Let go of the threads; a lookup that hangs is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _by_name(self, host: str) -> tuple[str, ...]:
        known, now = self._known.get(host), self._clock.monotonic()
        if known is not None and now < known.until:
            return known.addresses
        try:
            async with asyncio.timeout(self._timeout_seconds):
                found = await asyncio.shield(self._ask(host))
        except (OSError, TimeoutError, UnicodeError) as error:
            return self._last_good(host, known, now, error)
        self._known[host] = _Known(found, now + self._fresh_seconds)
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
