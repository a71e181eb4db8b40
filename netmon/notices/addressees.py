"""Several addressees of one message: who has it already is left alone when it is tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from netmon.errors import DeliveryError, Parked, Rejected, RetryLater, Unreachable
from netmon.notices.channel import Ticket

_REMEMBERED = 16
"""Messages: two lanes and a test may use one channel in turns."""


@dataclass(slots=True)
class _Round:
    """What became of one message."""

    done: dict[str, Ticket] = field(default_factory=dict)
    refused: dict[str, Rejected] = field(default_factory=dict)


class Addressees:
    """Remembers the newest messages; blocks while it sends, so it belongs to a channel's thread."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._rounds: dict[str, _Round] = {}

    def bring(self, message: str, send: Callable[[str], Ticket]) -> list[Ticket]:
        """Send to all who do not have it; raise what stands in the way of the rest.

        One address that is refused for good does not keep the others from hearing of it.
        """
        found = self._round(message)
        trouble: DeliveryError | None = None
        for name in self._names:
            if name in found.done or name in found.refused:
                continue
            try:
                found.done[name] = send(name)
            except Rejected as error:
                found.refused[name] = error
            except (RetryLater, Parked) as error:
                trouble = trouble or error
                if isinstance(error, Unreachable):
                    break
        if trouble is not None:
            raise trouble
        if not found.done:
            raise next(iter(found.refused.values()))
        return [ticket for ticket in found.done.values() if ticket]

    def _round(self, message: str) -> _Round:
        found = self._rounds.pop(message, None) or _Round()
        self._rounds[message] = found
        if len(self._rounds) > _REMEMBERED:
            del self._rounds[next(iter(self._rounds))]
        return found
