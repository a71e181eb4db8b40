"""Every exception that netmon raises on purpose.

NetmonError
├── ConfigError        the configuration is wrong: file, path, what, remedy (exit 78)
├── UsageError         the command line is wrong (exit 2)
├── SourceError        one run of one source failed, with its Outcome's name
├── StoreError         the history cannot be opened or written: words for a person
│   ├── StoreBusy      another daemon holds the same state folder
│   └── StoreFull      the disk is full; what could not be written is counted
└── DeliveryError      one attempt of a sink failed
    ├── RetryLater     keep the data, try again (after_seconds: None = the caller's back-off)
    │   └── Unreachable  nobody answered; what the receiver had only in memory may be gone
    ├── Parked         keep the data, a person must act (credentials, missing database)
    ├── TooLarge       the same data in smaller pieces
    └── Rejected       this data will never be accepted; bisect and quarantine
        └── Outdated   a receiver in time's order has newer data, or takes none this old; counted
"""

from __future__ import annotations

from dataclasses import dataclass


class NetmonError(Exception):
    """Base of all errors that netmon raises on purpose; its text is fit to show to a person."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in the configuration: where it is, and what to do about it."""

    file: str
    path: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.file}: {self.path}: {self.problem}{hint}"


class ConfigError(NetmonError):
    """The configuration cannot be used; carries every mistake found, not only the first."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class UsageError(NetmonError):
    """The command line asks for something that does not exist."""


class SourceError(NetmonError):
    """One run of one source failed.

    `outcome` is the value of a `netmon.model.Outcome`, kept as text so that errors stay the lowest layer.
    """

    def __init__(self, outcome: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


class StoreError(NetmonError):
    """The history cannot be opened, read or written."""


class StoreBusy(StoreError):  # noqa: N818 - it names the state, which is what callers ask about
    """Another process holds the same state folder."""


class StoreFull(StoreError):  # noqa: N818 - it names the state, which is what callers ask about
    """The disk below the store is full."""


class DeliveryError(NetmonError):
    """One attempt to deliver to a sink failed."""


class RetryLater(DeliveryError):  # noqa: N818 - it names the verdict on the data
    """Keep the data and try again."""

    def __init__(self, detail: str, after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.after_seconds = after_seconds


class Unreachable(RetryLater):
    """Nobody answered: the receiver may have crashed, and lost what it had acknowledged from memory."""


class Parked(DeliveryError):  # noqa: N818 - it names the verdict on the data
    """Keep the data; nothing will move until a person changes something (credentials, database)."""


class TooLarge(DeliveryError):  # noqa: N818 - it names the verdict on the data
    """The same data may pass in smaller pieces."""


class Rejected(DeliveryError):  # noqa: N818 - it names the verdict on the data
    """At least one line of this data will never be accepted.

    `partial` is true when the server kept the good lines of the request (InfluxDB's partial write).
    """

    def __init__(self, detail: str, *, partial: bool = False) -> None:
        super().__init__(detail)
        self.partial = partial


class Outdated(Rejected):
    """At least one line of this data comes too late for the receiver; the store still has it.

    `too_old`: older than the receiver takes at all, whatever the series. Otherwise its series has
    newer data already, as after a crash between sending and noting so.
    """

    def __init__(self, detail: str, *, too_old: bool) -> None:
        super().__init__(detail)
        self.too_old = too_old
