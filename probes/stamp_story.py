"""Tell a STAMP train packet by packet, for a person."""

from __future__ import annotations

from collections.abc import Iterator

from probes.stamp_metrics import clock_bound_seconds, reflector_kind
from probes.stamp_session import Asked, Found
from probes.timestamping import round_trip

_REFLECTORS = {
    "counting": "it numbers its replies and counts requests: losses have a direction",
    "stateful": "it numbers its replies: losses have a direction",
    "plain": "it repeats our numbers: losses have no direction",
}


def story(found: Found) -> Iterator[str]:
    """Yield the lines."""
    waits = iter(
        () if found.queueing is None else zip(found.queueing.forward, found.queueing.backward, strict=True)
    )
    known = sum(asked.delay is not None for asked in found.asked)
    begun_anew = known - (0 if found.queueing is None else len(found.queueing.forward))
    for number, asked in enumerate(found.asked, 1):
        line = f"  packet {number}: {_trip(asked)}"
        if asked.delay is not None:
            begun_anew -= 1
            if begun_anew < 0:
                forward, backward = next(waits)
                line += f"; queued {_ms(forward)} forward, {_ms(backward)} backward"
        yield line
    if not found.answered:
        return
    account = found.account
    yield f"reflector: {_REFLECTORS[reflector_kind(found)]}; " + (
        "its follow-ups tell when replies left" if found.followed_up else "no follow-ups"
    )
    yield (
        f"lost: {_count(account.lost.forward)} forward, {_count(account.lost.backward)} backward,"
        f" {account.unknown} on a way that nobody knows"
    )
    yield _clocks(found)


def _trip(asked: Asked) -> str:
    if asked.reply is None or asked.arrival is None:
        return "lost"
    trip = round_trip(asked.departure, asked.arrival)
    stamps = "kernel stamps" if trip.kernel else "own clock"
    if asked.delay is None:
        return f"{_ms(trip.seconds)} by {stamps}; no follow-up tells when its reply left"
    inside_seconds = trip.seconds - asked.delay.round_trip_ns / 1e9
    return f"{_ms(trip.seconds)} by {stamps}, {_ms(inside_seconds)} of it inside the reflector"


def _clocks(found: Found) -> str:
    first = next((asked.delay for asked in found.asked if asked.delay is not None), None)
    if first is None or found.queueing is None:
        return "clocks: not comparable"
    bound = clock_bound_seconds(found)
    said = "an error that nobody knows" if bound is None else f"an error of at most {_ms(bound)}"
    drift = found.queueing.known_drift_ratio
    drifting = "" if drift is None else f"; it gains {drift * 1e6:+.2f} ppm"
    return f"clocks: the reflector's seems {first.offset_ns / 1e6:+.3f} ms from ours, with {said}{drifting}"


def _count(number: int | None) -> str:
    return "not known" if number is None else str(number)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"
