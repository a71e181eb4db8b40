"""A context for one run from the command line, without the daemon around it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar, cast

from netmon import sdk

T = TypeVar("T", bound=sdk.Shareable)

_LOOKUP_SECONDS = 5.0
_VERSIONS = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


class SystemResolver:
    """Names by the system's resolver, each asked once, on a thread, within a deadline."""

    async def addresses(self, host: str, family: int = 0) -> tuple[str, ...]:
        """Return its addresses, in the system's order of preference."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                found = await loop.getaddrinfo(host, None, family=_VERSIONS[family], type=socket.SOCK_STREAM)
        except TimeoutError as error:
            detail = f"{host}: no answer in {_LOOKUP_SECONDS:g} s"
            raise sdk.SourceError(sdk.Outcome.UNRESOLVED, detail) from error
        except (OSError, UnicodeError) as error:
            raise sdk.SourceError(sdk.Outcome.UNRESOLVED, f"{host}: {error}") from error
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class NothingRead:
    """No other source runs, so there is no latest value."""

    def reading(self, _measurement: str, _key: sdk.Labels) -> sdk.Reading | None:
        """Return None."""
        return None

    def value(self, _measurement: str, _key: sdk.Labels, _metric: str) -> sdk.Value:
        """Return None."""
        return None


class NoCap:
    """A person who runs a probe by hand answers for its bytes."""

    def spend(self, circuit: str, size_bytes: int) -> None:
        """Note nothing."""

    def left(self, _circuit: str) -> int | None:
        """Return None: no cap."""
        return None


class Alone:
    """Nobody else could hold the slot."""

    owner = ""

    def hold(self, _owner: str) -> AbstractAsyncContextManager[None]:
        """Hold it at once."""
        return contextlib.nullcontext()


class OwnThings:
    """What this run opened, by type."""

    def __init__(self, clock: sdk.Clock) -> None:
        self._clock = clock
        self._opened: dict[type[sdk.Shareable], sdk.Shareable] = {}
        self._opening = asyncio.Lock()

    async def get(self, kind: type[T]) -> T:
        """Return the one of this type, opened on first use."""
        async with self._opening:
            if kind not in self._opened:
                self._opened[kind] = await kind.open(self._clock)
        return cast("T", self._opened[kind])

    async def close(self) -> None:
        """Close all."""
        while self._opened:
            await self._opened.popitem()[1].close()


@asynccontextmanager
async def standalone_context(trace: Callable[[str], None] = sdk.no_trace) -> AsyncIterator[sdk.Context]:
    """Give a context with the machine's clock and resolver; close what was opened through it."""
    clock = sdk.SystemClock()
    shared = OwnThings(clock)
    try:
        yield sdk.Context(
            site="",
            clock=clock,
            resolver=SystemResolver(),
            latest=NothingRead(),
            ledger=NoCap(),
            exclusive=Alone(),
            shared=shared,
            run_now=lambda _name: False,
            trace=trace,
        )
    finally:
        await shared.close()
