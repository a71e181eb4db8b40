"""Polls that a notification asks for: at once, but not more than one per device and second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from collectors.traps.counts import Counts

_APART_SECONDS: Final = 1.0


class ConfirmingPolls:
    """Asks for the device's job. What comes too soon after a poll is asked for when its second is over.

    So the last of a burst is always followed by a poll that sees what it left behind.
    """

    def __init__(
        self, run_now: Callable[[str], bool], renew: Callable[[str], object], counts: Counts
    ) -> None:
        """Make it; `renew` is told of a device of which everything is to be read, not only what is due."""
        self._run_now, self._renew, self._counts = run_now, renew, counts
        self._last: dict[str, float] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def want(self, device: str, *, everything: bool = False) -> None:
        """See to it that the device is polled after this moment: what is due of it, or everything."""
        if everything:
            self._renew(device)
        if device in self._waiting:
            return
        loop = asyncio.get_running_loop()
        wait = self._last.get(device, float("-inf")) + _APART_SECONDS - loop.time()
        if wait <= 0:
            self._ask(device)
        else:
            self._waiting[device] = loop.call_later(wait, self._ask, device)

    def close(self) -> None:
        """Forget what was still to be asked for."""
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def _ask(self, device: str) -> None:
        self._waiting.pop(device, None)
        self._last[device] = asyncio.get_running_loop().time()
        if self._run_now(f"device/{device}"):
            self._counts.polls += 1
