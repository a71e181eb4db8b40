"""Several addressees of one message: who has it already is left alone when it is tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netmon.errors import DeliveryError, Parked, Rejected, RetryLater, Unreachable
from netmon.notices.channel import Ticket


class Addressees:
    """Remembers one message at a time; blocks while it sends, so it belongs to a channel's thread."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._message = ""
        self._done: dict[str, Ticket] = {}
        self._refused: dict[str, Rejected] = {}

    def bring(self, message: str, send: Callable[[str], Ticket]) -> list[Ticket]:
        """Send to all who do not have it; raise what stands in the way of the rest.

        One address that is refused for good does not keep the others from hearing of it.
        """
        if message != self._message:
            self._message, self._done, self._refused = message, {}, {}
        trouble: DeliveryError | None = None
        for name in self._names:
            if name in self._done or name in self._refused:
                continue
            try:
                self._done[name] = send(name)
            except Rejected as error:
                self._refused[name] = error
            except (RetryLater, Parked) as error:
                trouble = trouble or error
                if isinstance(error, Unreachable):
                    break
        if trouble is not None:
            raise trouble
        if not self._done:
            raise next(iter(self._refused.values()))
        return [ticket for ticket in self._done.values() if ticket]

    @property
    def refused(self) -> int:
        """How many addressees of the newest message were refused for good."""
        return len(self._refused)
