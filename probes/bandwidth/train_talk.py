"""What both ends of a session of trains say to each other, as JSON in a WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from netmon import sdk
from probes.bandwidth.train_wire import HEADER_BYTES, UDP_IP_BYTES, Arrivals, Order

TRAINS_PATH, TRAINS_PROTOCOL = "/netmon/v1/trains", "netmon.trains.v1"
FAR_SECONDS = 5.0
"""How long either end waits for the other's next word."""
MOST_PACKETS = 20_000
LARGEST_ARRIVALS_BYTES = 1 << 21
"""What the stamps of the longest train take: three columns of integers with eleven digits."""
# So large that 44 of them are one datagram of UDP_SEGMENT and fit every Ethernet.
_LARGEST_BYTES, _FASTEST, _LONGEST_SECONDS = 1480, 1e11, 15.0


_LARGEST_INTEGER = 1 << 62


def order_of(said: Mapping[str, sdk.Json]) -> Order | None:
    """Return the train that is asked for; None for one that nobody should send."""
    train, packets = said.get("train"), said.get("packets")
    size, rate = said.get("packet_bytes"), said.get("bits_per_second")
    if not (isinstance(train, int) and isinstance(packets, int) and isinstance(size, int)):
        return None
    if not isinstance(rate, int | float) or not 0 <= rate <= _FASTEST:
        return None
    smallest = HEADER_BYTES + UDP_IP_BYTES[6]
    fits = 0 < train < 1 << 32 and 0 < packets <= MOST_PACKETS and smallest <= size <= _LARGEST_BYTES
    ends = not rate or packets * size * 8 <= rate * _LONGEST_SECONDS
    return Order(train, packets, size, rate) if fits and ends else None


def said_of(order: Order) -> dict[str, sdk.Json]:
    """Return an order in words of the grammar."""
    return asdict(order)


def encode_arrivals(arrivals: Arrivals) -> dict[str, sdk.Json]:
    """Return what came, times relative to the first so that they stay short."""
    sent = arrivals.sent_ns[0] if arrivals.sent_ns else 0
    came = arrivals.stamps_ns[0] if arrivals.stamps_ns else 0
    return {
        "numbers": list(arrivals.numbers),
        "sent_ns": [one - sent for one in arrivals.sent_ns],
        "stamps_ns": [one - came for one in arrivals.stamps_ns],
    }


def decode_arrivals(said: Mapping[str, sdk.Json]) -> Arrivals | None:
    """Return what came; None when it is not what encode_arrivals() makes."""
    columns = [_integers(said.get(name)) for name in ("numbers", "sent_ns", "stamps_ns")]
    numbers, sent, stamps = columns
    if numbers is None or sent is None or stamps is None or not len(numbers) == len(sent) == len(stamps):
        return None
    return Arrivals(numbers, sent, stamps)


def _integers(value: sdk.Json) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > 2 * MOST_PACKETS:
        return None
    found = tuple(
        one
        for one in value
        if isinstance(one, int) and not isinstance(one, bool) and -_LARGEST_INTEGER < one < _LARGEST_INTEGER
    )
    return found if len(found) == len(value) else None
