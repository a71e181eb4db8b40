"""Try channels end to end: a test message, and the receipt where a channel gives one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from netmon.clock import Clock
from netmon.errors import DeliveryError
from netmon.incidents.incident import Severity
from netmon.notices.alphabet import cut, plain
from netmon.notices.channel import Channel, Receipt, Ticket
from netmon.notices.message import Message, Sort
from netmon.notices.wording import Place
from netmon.text import clean

_ASK_SECONDS = 2.0
_SENDING_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """How one channel did."""

    channel: str
    ok: bool
    words: str
    seconds: float


def test_message(place: Place, clock: Clock) -> Message:
    """Return a message that says that it is a test."""
    now_ms = clock.wall_ns() // 1_000_000
    site = clean(place.names.get(place.site) or place.site)
    title = f"TEST of netmon at {site}: nothing is wrong"
    text = f"{title}\n\nThis way of alerting works if you can read this. There is nothing to do."
    key = f"netmon/{place.site}/test"
    short = cut(plain(title), place.short_characters)
    return Message(
        f"test/{place.site}/{now_ms}", key, Sort.TEST, Severity.NOTE, True, title, short, text, now_ms
    )


def trouble_message(place: Place, failed: Sequence[Result], clock: Clock) -> Message:
    """Return what the channels that work tell of those that do not."""
    now_ms = clock.wall_ns() // 1_000_000
    site = clean(place.names.get(place.site) or place.site)
    title = f"netmon at {site}: {', '.join(one.channel for one in failed)} does not deliver"
    lines = [title, "", *(f"{one.channel}: {one.words}" for one in failed)]
    text = "\n".join(clean(line) for line in lines)
    short = cut(plain(title), place.short_characters)
    key = f"netmon/{place.site}/channels"
    return Message(
        f"trouble/{place.site}/{now_ms}", key, Sort.TROUBLE, Severity.TICKET, True, title, short, text, now_ms
    )


async def try_all(
    channels: Sequence[Channel], message: Message, clock: Clock, receipt_seconds: float
) -> list[Result]:
    """Send a message through each of them, side by side; one attempt each."""
    return list(await asyncio.gather(*(_try(one, message, clock, receipt_seconds) for one in channels)))


async def _try(channel: Channel, message: Message, clock: Clock, receipt_seconds: float) -> Result:
    began = clock.monotonic()
    try:
        async with asyncio.timeout(_SENDING_SECONDS):
            tickets = list(await channel.send(message))
        words, ok = await _receipts(channel, tickets, receipt_seconds) if tickets else ("taken", True)
    except TimeoutError:
        words, ok = "no answer in time", False
    except DeliveryError as error:
        words, ok = str(error), False
    return Result(channel.name, ok, words, round(clock.monotonic() - began, 1))


async def _receipts(channel: Channel, tickets: list[Ticket], seconds: float) -> tuple[str, bool]:
    """Wait until each message is known as delivered, or one as failed."""
    try:
        async with asyncio.timeout(seconds):
            while tickets:
                found = await channel.receipt(tickets[0])
                if found is Receipt.FAILED:
                    return "was not delivered", False
                if found is Receipt.DELIVERED:
                    tickets.pop(0)
                else:
                    await asyncio.sleep(_ASK_SECONDS)
    except TimeoutError:
        return f"no receipt in {seconds:g} s", False
    return "delivered", True
