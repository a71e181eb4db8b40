"""A context for sources under test: simple fakes that do what their protocols promise, in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from random import Random

from netmon import sdk


@dataclass
class FakeClock:
    """A clock that stands still until a test moves it."""

    now_ns: int = 1_000_000_000_000
    wall_offset_ns: int = 1_750_000_000_000_000_000
    synced: bool = True
    boot_id: str = "test-boot"

    def monotonic(self) -> float:
        return self.now_ns / 1e9

    def boottime_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns + self.wall_offset_ns

    def synchronised(self) -> bool:
        return self.synced

    def stamp(self) -> sdk.Stamp:
        return sdk.Stamp(self.boot_id, self.now_ns, self.wall_ns() // 1_000_000, self.synced)

    def advance(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


@dataclass
class FakeResolver:
    """Knows the names it was given; an address is its own answer, `localhost` is 127.0.0.1."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def addresses(self, host: str, family: int = 0) -> tuple[str, ...]:
        self.asked.append(host)
        known = {"localhost": ("127.0.0.1",), **self.names}
        found = known.get(host) or self._literal(host)
        wanted = tuple(a for a in found if family in (0, ip_address(a).version))
        if not wanted:
            raise sdk.SourceError(sdk.Outcome.UNRESOLVED, f"{host} has no address")
        return wanted

    @staticmethod
    def _literal(host: str) -> tuple[str, ...]:
        try:
            return (str(ip_address(host)),)
        except ValueError:
            return ()


@dataclass
class FakeLatest:
    """The readings it was given, newest first."""

    readings: list[sdk.Reading] = field(default_factory=list)

    def reading(self, measurement: str, key: sdk.Labels) -> sdk.Reading | None:
        found = self._find(measurement, key)
        return found[0] if found else None

    def value(self, measurement: str, key: sdk.Labels, metric: str) -> sdk.Value:
        found = self._find(measurement, key)
        if found is None:
            return None
        reading, row = found
        columns = zip(reading.shape.metrics, reading.columns, strict=True)
        return next((column[row] for declared, column in columns if declared.name == metric), None)

    def _find(self, measurement: str, key: sdk.Labels) -> tuple[sdk.Reading, int] | None:
        for reading in self.readings:
            if reading.shape.measurement == measurement:
                for at, row in enumerate(reading.shape.rows):
                    if set(key) <= set(row.key):
                        return reading, at
        return None


@dataclass
class FakeLedger:
    """Counts what was spent; `caps` says what a circuit may spend."""

    caps: Mapping[str, int] = field(default_factory=dict)
    spent: Counter[str] = field(default_factory=Counter)
    reserved: list[tuple[str, int]] = field(default_factory=list)

    def spend(self, circuit: str, size_bytes: int) -> None:
        self.spent[circuit] += size_bytes

    def left(self, circuit: str) -> int | None:
        cap = self.caps.get(circuit)
        return None if cap is None else cap - self.spent[circuit]

    @asynccontextmanager
    async def reserve(self, circuit: str, size_bytes: int) -> AsyncIterator[None]:
        self.reserved.append((circuit, size_bytes))
        yield


@dataclass
class FakeLoads:
    """Remembers whose line was filled; `busy` says what `filled()` answers."""

    busy: bool = False
    loaded: list[str] = field(default_factory=list)

    @contextmanager
    def loading(self, circuit: str) -> Iterator[None]:
        self.loaded.append(circuit)
        yield

    def filled(self, _circuit: str, _start_ns: int, _end_ns: int) -> bool:
        return self.busy


class FakeExclusive:
    """A slot that one holder has at a time."""

    def __init__(self) -> None:
        self.owner = ""
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def hold(self, owner: str) -> AsyncIterator[None]:
        async with self._lock:
            self.owner = owner
            try:
                yield
            finally:
                self.owner = ""


class FakeShared:
    """Opens each shared thing once; `close()` closes them all."""

    def __init__(self, clock: sdk.Clock) -> None:
        self._clock = clock
        self._things: dict[type, sdk.Shareable] = {}
        self._lock = asyncio.Lock()

    async def get(self, kind):
        async with self._lock:
            if kind not in self._things:
                self._things[kind] = await kind.open(self._clock)
            return self._things[kind]

    async def close(self) -> None:
        while self._things:
            await self._things.popitem()[1].close()


def make_context(**overrides) -> sdk.Context:
    """Return a context of fakes with the machine's clock; any field of sdk.Context may be given.

    Tests that open shared things close them with `await context.shared.close()`.
    """
    clock = overrides.get("clock") or sdk.SystemClock()
    context = sdk.Context(
        site="test-site",
        clock=clock,
        resolver=FakeResolver(),
        latest=FakeLatest(),
        ledger=FakeLedger(),
        exclusive=FakeExclusive(),
        shared=FakeShared(clock),
        run_now=lambda _name: False,
        loads=FakeLoads(),
        random=Random(1),
    )
    return replace(context, **overrides)
