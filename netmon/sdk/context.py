"""What a source may use of the daemon while it runs. Protocols: the daemon and tests have their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Protocol, Self, TypeVar

from netmon.clock import Clock
from netmon.model import Labels, Reading, Value
from netmon.sdk.settings import Circuit


class Resolver(Protocol):
    """Names to addresses, off the event loop, with the last good answer when the resolver is dead."""

    async def addresses(self, host: str, family: int = 0) -> tuple[str, ...]:
        """Return IPv4 and IPv6 addresses (`family` narrows: 4 or 6), never none.

        SourceError(UNRESOLVED) when the name has no address and never had one.
        """


class LatestValues(Protocol):
    """The newest value of everything that was read; how one source sees what another found."""

    def reading(self, measurement: str, key: Labels) -> Reading | None:
        """Return the newest reading that has a row whose key contains all of `key`."""

    def value(self, measurement: str, key: Labels, metric: str) -> Value:
        """Return the newest value of that row, by metric name; None when it is not known."""


class ByteLedger(Protocol):
    """What tests have cost each circuit this calendar month (UTC), and what they still may."""

    def spend(self, circuit: str, size_bytes: int) -> None:
        """Note bytes that were sent or received on a circuit's account."""

    def left(self, circuit: str) -> int | None:
        """Return bytes left this month; None when the circuit has no cap."""

    def reserve(self, circuit: str, size_bytes: int) -> AbstractAsyncContextManager[None]:
        """Hold bytes while something is going to be spent; what was not is given back at the end.

        They count as spent, durably, before it begins: a process that is killed has had them.
        """


class ExclusiveSlot(Protocol):
    """Held by a source that must be alone on the line, such as a bandwidth test."""

    def hold(self, owner: str) -> AbstractAsyncContextManager[None]:
        """Wait for the slot, hold it, give it back."""

    @property
    def owner(self) -> str:
        """Name of the source that holds the slot; empty when nobody does."""


class LineLoads(Protocol):
    """When tests filled which circuit: what else was measured then is no measure of the line."""

    def loading(self, circuit: str) -> AbstractContextManager[None]:
        """Note that a circuit (empty: whichever the routes choose) is filled, from now to the end."""

    def filled(self, circuit: str, start_ns: int, end_ns: int) -> bool:
        """Tell whether a circuit (empty: any) was being filled between moments of CLOCK_BOOTTIME."""


class Shareable(Protocol):
    """Something one daemon needs once, such as the socket of a protocol.

    It is opened by the first source that asks and closed when the daemon stops.
    """

    @classmethod
    async def open(cls, clock: Clock) -> Self:
        """Make it; called once, on the event loop."""

    async def close(self) -> None:
        """Give back what open() took."""


T = TypeVar("T", bound=Shareable)


class Shared(Protocol):
    """The daemon's shared things, by type."""

    async def get(self, kind: type[T]) -> T:
        """Return the one of this type, opened on first use; its own errors pass through."""


def no_trace(_line: str) -> None:
    """Drop a line of a run's story."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a source may lean on; given to it when it is opened."""

    site: str
    clock: Clock
    resolver: Resolver
    latest: LatestValues
    ledger: ByteLedger
    exclusive: ExclusiveSlot
    shared: Shared
    run_now: Callable[[str], bool]
    """Run the job of that name at once (or again, when it is running); False: there is none.

    The collectors of a device are the job "device/NAME".
    """
    loads: LineLoads
    circuits: Mapping[str, Circuit] = field(default_factory=dict)
    trace: Callable[[str], None] = no_trace
    """Tells the story of a run line by line (`--trace`)."""
    random: Random = field(default_factory=Random)
    timezone: str = "UTC"
    """Name of the site's own time zone."""
    state_folder: Path | None = None
    """Where a source may keep a small file that must outlive the daemon; None: nowhere."""
