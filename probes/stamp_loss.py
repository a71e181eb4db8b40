"""Say on which way packets were lost, from the reflector's own numbers. Pure arithmetic.

The reflector numbers its replies: a gap in what came back is a reply that was lost on the way back. A
reflector that counts the different requests it got (Direct Measurement, RFC 8972 §4.5) tells, too, what
was lost on the way there, and how many of its numbers went to duplicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Echo:
    """One reply: number of its request, its own, and how many requests had been counted by then."""

    request: int
    reply: int
    counted: int | None


@dataclass(frozen=True, slots=True)
class Base:
    """Where the reflector stood before a train: its last reply's number, requests counted by then."""

    reply: int = -1
    counted: int = 0


@dataclass(frozen=True, slots=True)
class BothWays:
    """A number of packets for each way; None: not known."""

    forward: int | None
    backward: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a train. Nobody knows on which way the `unknown` requests, or their replies, were lost.

    `base` is where the reflector stands now; None when that is not known, and the next train's first
    reply has to serve.
    """

    lost: BothWays
    unknown: int
    duplicated: BothWays
    reordered: BothWays
    base: Base | None


@dataclass(frozen=True, slots=True)
class _Count:
    forward: int
    backward: int
    unknown: int
    duplicates: int
    base: Base | None


def account(base: Base | None, requests: range, echoes: Sequence[Echo], *, stateful: bool) -> Account:
    """Attribute the losses of a train, whose echoes are given as they came.

    Where the base is not known, or does not fit (the reflector began anew), the first reply serves: what
    was lost before it is unknown. `stateful`: the reflector is known to number its replies by itself.
    """
    repeated = len(echoes) - len({(echo.request, echo.reply) for echo in echoes})
    reordered = BothWays(
        _out_of_order(echo.request for echo in sorted(echoes, key=lambda echo: echo.reply)),
        _out_of_order(echo.reply for echo in echoes),
    )
    counted = _counts(base, requests, echoes) if stateful or numbers_by_itself(echoes) else None
    if counted is not None:
        lost = BothWays(counted.forward, counted.backward)
        duplicated = BothWays(counted.duplicates, repeated)
        return Account(lost, counted.unknown, duplicated, reordered, counted.base)
    unknown = len(requests) - len({echo.request for echo in echoes})
    lost = BothWays(0, 0) if unknown == 0 else BothWays(None, None)
    duplicated = BothWays(0, 0) if repeated == 0 else BothWays(None, None)
    return Account(lost, unknown, duplicated, reordered, None)


def numbers_by_itself(echoes: Iterable[Echo]) -> bool:
    """Tell whether replies prove a stateful reflector; a stateless one repeats the request's number."""
    return any(echo.counted is not None or echo.reply != echo.request for echo in echoes)


def _counts(base: Base | None, requests: range, echoes: Sequence[Echo]) -> _Count | None:
    if not echoes:
        return None
    found = None if base is None else _count(base, requests, echoes)
    if found is not None:
        return found
    first = min(echoes, key=lambda echo: echo.reply)
    before = Base(first.reply - 1, (first.counted or 1) - 1)
    start = min(echo.request for echo in echoes)
    found = _count(before, range(start, requests.stop), echoes)
    if found is None:
        return None
    unknown = found.unknown + start - requests.start
    return _Count(found.forward, found.backward, unknown, found.duplicates, found.base)


def _count(base: Base, requests: range, echoes: Sequence[Echo]) -> _Count | None:
    """Count from a base on; None when the numbers do not fit it."""
    replies, answered = {echo.reply for echo in echoes}, {echo.request for echo in echoes}
    newest = max(echoes, key=lambda echo: echo.reply)
    sent_back = newest.reply - base.reply
    backward = sent_back - len(replies)
    seen_duplicates = len({(echo.request, echo.reply) for echo in echoes}) - len(answered)
    if newest.counted is not None:
        # A reflector that counts copies, too, is believed as far as its copies are not seen.
        arrived = min(newest.counted - base.counted, sent_back - seen_duplicates)
    else:
        # Without a count, a duplicate whose reply was lost looks like one more request that came.
        arrived = sent_back - seen_duplicates
        arrived -= min(max(arrived - len(requests), 0), backward)
    missing, duplicates = len(requests) - arrived, sent_back - arrived
    if min(replies) <= base.reply or backward < 0 or missing < 0:
        return None
    # Whether what was sent after the last answered request came there, only a later reply can tell.
    unknown = min(missing, requests.stop - 1 - max(answered))
    stands = Base(newest.reply, newest.counted or 0) if unknown == 0 else None
    return _Count(missing - unknown, backward, unknown, duplicates, stands)


def _out_of_order(numbers: Iterable[int]) -> int:
    """Return how many came after a higher one (RFC 4737 §3.3); copies of the highest do not count."""
    highest, late = -1, 0
    for number in numbers:
        late += number < highest
        highest = max(highest, number)
    return late
