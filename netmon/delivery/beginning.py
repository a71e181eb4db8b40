"""Where a pump begins: what the store remembers, unless the sink knows better, and of this very history."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

from netmon.delivery.courier import Courier
from netmon.delivery.sink import Sink
from netmon.store.interface import History, Position

_IDENTITY = "identity"


async def identify(history: History, newest: Position) -> None:
    """Give a history that has just begun a name, so that nobody takes another one for it.

    One that was begun without stays without: its sinks are recognised by their positions alone.
    """
    if newest == 0 and await history.read_state(_IDENTITY) is None:
        await history.write_state(_IDENTITY, str(uuid4()))


async def beginning(history: History, sink: Sink, courier: Courier) -> Position:
    """Return where to go on, and tell the store when the sink is further; asks for as long as it takes."""
    start = await history.cursor(sink.cursor)
    own = await courier.insist(partial(sink.resume, start))
    identity = await history.read_state(_IDENTITY)
    ours = identity is None or await courier.insist(partial(sink.recognises, identity))
    if not ours or (own > start and not await history.after(own - 1, 1)):
        own = await courier.insist(partial(sink.begin_again, start))
    if own > start:
        await history.advance(sink.cursor, own)
    return own
