"""Brings batches to one sink: waits, halves, searches and sets aside until each line has its place."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from random import Random
from typing import TypeVar

from netmon.clock import Clock
from netmon.delivery.pacing import BatchSize, Patience
from netmon.delivery.sink import Sink
from netmon.errors import Outdated, Parked, Rejected, RetryLater, TooLarge, Unreachable
from netmon.store.interface import Entry, Position

log = logging.getLogger(__name__)

T = TypeVar("T")

_SEARCHES = 30
"""Extra requests per batch to find the lines of a partial write; then only its reason is kept."""
_ASKABLE_MS = 1_800_000
"""Longest time that one question about age covers. Prometheus refuses what is an hour older than its newest
sample: within less than that, the question itself cannot move the limit."""

_ORDINARY_BYTES = 1024
"""A receiver that finds a line of less too large finds every line so: nothing is wrong with this one."""
_GIVEN_UP_IN_A_ROW = 10
"""More records that cannot be encoded are a defect of ours, and none of theirs."""

Line = tuple[Entry, bytes]
"""A line and the record it belongs to; a bare tuple, as there is one for every line sent."""
SetAside = Callable[[str, Position, str, str], Awaitable[None]]
"""Keeps a line that the sink will never take: sink, position, line, reason."""


class PumpState(StrEnum):
    """How delivery to a sink is doing."""

    OK = "ok"
    RETRYING = "retrying"
    PARKED = "parked"
    HELD = "held"


class Courier:
    """Delivers to one sink. `sent_total`, `quarantined_total` and `outdated_total` count lines.

    `retried_total` counts attempts. `on_silence` is told whenever nobody answers.
    """

    def __init__(
        self, sink: Sink, clock: Clock, set_aside: SetAside, patience: Patience, random: Random
    ) -> None:
        self.state = PumpState.OK
        self.trouble = ""
        """What the sink, or the server behind it, said when it did not take data; empty when it does."""
        self.sent_total = self.retried_total = self.quarantined_total = 0
        self.outdated_total: Counter[str] = Counter(too_old=0, out_of_order=0)
        self.on_silence: Callable[[], None] = lambda: None
        self.size = BatchSize(sink.batch_lines)
        self._sink, self._clock, self._set_aside = sink, clock, set_aside
        self._patience, self._random = patience, random
        self._failures = self._given_up = 0
        self._passes = _ORDINARY_BYTES
        """A line of so many bytes can pass."""

    async def deliver(self, batch: Sequence[Line]) -> None:
        """Bring every line to the sink or into quarantine; comes back only then."""
        pieces, searches = [batch], 0
        while pieces:
            piece = pieces.pop()
            if len(piece) > self.size.lines:
                pieces += [piece[self.size.lines :], piece[: self.size.lines]]
                continue
            try:
                await self._send(piece)
            except (RetryLater, Parked) as error:
                pieces.append(piece)
                await self.hold(error)
            except Outdated as error:
                self._turn(PumpState.OK, "")
                pieces += await self._sift(piece, error)
            except (TooLarge, Rejected) as error:
                if isinstance(error, TooLarge) and len(piece) == 1 and len(piece[0][1]) <= self._passes:
                    self.size.no_limit()
                    pieces.append(piece)
                    await self.hold(Parked(f"not even one line of {len(piece[0][1])} bytes passes: {error}"))
                    continue
                self._turn(PumpState.OK, "")
                searches += 1
                enough = isinstance(error, Rejected) and error.partial and searches > _SEARCHES
                pieces += await self._set_apart(piece, error, enough=enough)

    async def give_up(self, entry: Entry, error: Exception) -> None:
        """Set aside a record that the sink's format cannot hold, so that it stops no other.

        Raises the error again when nothing else has come for a while.
        """
        if self._given_up >= _GIVEN_UP_IN_A_ROW:
            raise error
        self._given_up += 1
        await self._keep_aside(entry.position, "", f"cannot be encoded: {error!r}")

    async def insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the sink for as long as it does not answer."""
        while True:
            try:
                answer = await ask()
            except (RetryLater, Parked) as error:
                await self.hold(error)
            else:
                return answer

    async def hold(self, error: RetryLater | Parked) -> None:
        """Wait as long as the failure asks for."""
        state = PumpState.PARKED if isinstance(error, Parked) else PumpState.RETRYING
        self._turn(state, str(error))
        if isinstance(error, Unreachable):
            self.on_silence()
        pause = self._patience.pause_seconds(error, self._failures, self._random)
        self._failures += 1
        self.retried_total += 1
        self.size.shrink()
        await asyncio.sleep(pause)

    async def _send(self, piece: Sequence[Line]) -> None:
        if not piece:
            return
        began = self._clock.monotonic()
        await self._sink.send([text for _, text in piece])
        self.size.took(self._clock.monotonic() - began)
        self.sent_total += len(piece)
        self._given_up = 0
        self._passes = max(self._passes, *(len(text) for _, text in piece))
        self._turn(PumpState.OK, "")

    async def _set_apart(
        self, piece: Sequence[Line], error: TooLarge | Rejected, *, enough: bool
    ) -> list[Sequence[Line]]:
        """Return the halves to try next; none when the culprit is in quarantine."""
        if isinstance(error, TooLarge):
            self.size.too_large(len(piece))
        if len(piece) > 1 and not enough:
            return _halves(piece)
        entry, line = piece[-1]
        text = line.decode(errors="replace") if len(piece) == 1 else ""
        kept = "" if len(piece) == 1 else f"one or more of {len(piece)} lines, the others were kept: "
        await self._keep_aside(entry.position, text, f"{kept}{error}")
        return []

    async def _keep_aside(self, position: Position, text: str, reason: str) -> None:
        await self._set_aside(self._sink.name, position, text, reason)
        if not self.quarantined_total:
            log.error("%s will never take a line (%s); the store keeps it aside", self._sink.name, reason)
        self.quarantined_total += 1

    async def _sift(self, piece: Sequence[Line], error: Outdated) -> list[Sequence[Line]]:
        """Return what may still be taken of a piece in which something comes too late; count the rest."""
        if len(piece) > 1 and not await self._all_late(piece, error):
            return _halves(piece)
        reason = "too_old" if error.too_old else "out_of_order"
        if not self.outdated_total[reason]:
            log.error("%s refuses data that come late (%s); the store keeps them", self._sink.name, error)
        self.outdated_total[reason] += len(piece)
        return []

    async def _all_late(self, piece: Sequence[Line], error: Outdated) -> bool:
        """Tell whether a refused piece is late as a whole, without asking line by line.

        Age is the same for all series: one question about the newest moment answers it. Order is each
        series' own; but a record's lines went together, in their order, so the last one speaks for them.
        """
        if error.too_old:
            moments_ms = [entry.record.stamp.wall_ms for entry, _ in piece]
            newest_ms = max(moments_ms)
            if newest_ms - min(moments_ms) > _ASKABLE_MS:
                return False
            return await self.insist(lambda: self._sink.too_old(newest_ms))
        if piece[0][0] is not piece[-1][0]:
            return False
        try:
            await self.insist(lambda: self._send(piece[-1:]))
        except Outdated:
            return True
        except Rejected:
            return False
        return False

    def _turn(self, state: PumpState, words: str) -> None:
        """Note a state; say so once when it is another one, or another reason to be parked."""
        changed = state is not self.state
        if changed:
            self._failures = 0
        if state is PumpState.OK:
            self._failures = 0
            if changed:
                log.info("%s takes data again", self._sink.name)
        elif changed or (state is PumpState.PARKED and words != self.trouble):
            level = logging.ERROR if state is PumpState.PARKED else logging.WARNING
            log.log(level, "%s: %s (%s); nothing is lost", self._sink.name, state, words)
        self.state, self.trouble = state, words


def _halves(piece: Sequence[Line]) -> list[Sequence[Line]]:
    """Return two parts, the later one first; cut between records where there are several."""
    half = len(piece) // 2
    cuts = [at for at in range(1, len(piece)) if piece[at][0] is not piece[at - 1][0]]
    half = min(cuts, key=lambda at: abs(at - half), default=half)
    return [piece[half:], piece[:half]]
