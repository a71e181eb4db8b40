"""The one interface through which the web sees the daemon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol, TypeVar

from netmon.clock import Clock
from netmon.metrics.excerpt import Part
from netmon.metrics.fragment import Cut
from netmon.metrics.text_format import TextFormat
from netmon.store.interface import HistoryReader
from netmon.verdict.rules import Verdict
from netmon.verdict.view import View

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How the history is doing."""

    size_bytes: Annotated[int, "bytes on disk"]
    records: Annotated[int, "records kept"]
    commits_total: Annotated[int, "group commits since the start"]
    dropped_total: Annotated[int, "records given up because the disk did not keep up"]
    damaged_total: Annotated[int, "records that failed their check sum and were set aside"]
    oldest: Annotated[datetime | None, "time of the oldest record"] = None
    problem: Annotated[str, "why it cannot be written or read at the moment; empty: it can"] = ""


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """How one way out of the store is doing."""

    name: Annotated[str, "name of the sink"]
    state: Annotated[str, "one word, such as sending, waiting, parked"]
    queued: Annotated[int | None, "records of the store that it has not sent yet"]
    lag_seconds: Annotated[float | None, "age of the oldest record that it has not sent yet"]
    detail: Annotated[str, "what it waits for; empty when all is well"] = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How netmon itself is doing."""

    version: Annotated[str, "version of netmon"]
    started: Annotated[datetime, "when the daemon started"]
    uptime_seconds: Annotated[float, "seconds since then"]
    clock_synchronised: Annotated[bool | None, "whether the kernel says that the clock is disciplined"]
    loop_lag_seconds: Annotated[float | None, "how late the event loop was, lately"] = None
    config_digest: Annotated[str, "digest of the configuration in use"] = ""
    config_source: Annotated[str, "file of the configuration; empty: none, built-in defaults"] = ""
    last_reload: Annotated[datetime | None, "when the configuration was last reloaded"] = None
    last_reload_ok: Annotated[bool | None, "whether that succeeded"] = None
    last_reload_problem: Annotated[str, "what was wrong with it, in one sentence"] = ""
    store: StoreHealth | None = None
    sinks: tuple[SinkHealth, ...] = ()
    notes: Annotated[tuple[str, ...], "what a person should know or do, with its remedy"] = ()


class WebSite(Protocol):
    """What the daemon gives to its web server."""

    @property
    def clock(self) -> Clock:
        """The daemon's clock."""

    @property
    def view(self) -> View:
        """The latest values, seen with the configuration that is in use."""

    def verdict(self) -> Verdict:
        """Return the verdict on the site, now."""

    async def query(self, question: Callable[[HistoryReader], T]) -> T:
        """Put a question to the history, off the event loop; StoreError when it cannot be read."""

    async def exposition(self, form: TextFormat) -> Sequence[bytes]:
        """Return all series as text, in pieces that are ready made."""

    def parts(self, measurement: str, cut: Cut) -> Sequence[Part]:
        """Return the newest readings of a measurement (empty: of all) that have rows for a cut."""

    async def reload(self) -> None:
        """Read the configuration again; ConfigError leaves the old one running."""

    def ready(self) -> bool:
        """Tell whether the sources run and the history is open."""

    def health(self) -> Health:
        """Return how netmon itself is doing."""
