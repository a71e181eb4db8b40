"""Round trips beside a load, and the depth of buffers, against the referee's queue."""

from __future__ import annotations

import asyncio

from _capacity_lab import served_path
from _results import report
from fakes.capacity import probed
from fakes.referee import BACKWARD, FAR, FORWARD, ICMP, UDP

from netmon import sdk
from probes.stamp_delay import quantile

BENCH = "loaded_latency"
DELAY_NS = 10_000_000
LOADS = (("down", 20, 100), ("down", 100, 50), ("up", 20, 100), ("up", 10, 500))
DEPTHS = ((10, 50), (20, 200), (50, 100), (100, 30), (100, 100))


def event_of(records):
    (event,) = [one for one in records if isinstance(one, sdk.Event)]
    return event.data


def queue_error(path, folder, kind: str, direction: str, rate: int, buffer_ms: int) -> None:
    """Compare percentiles of the probe's packets with what the referee made them wait."""
    free, full = "delay=10ms,rate=200mbit,buf=100ms", f"delay=10ms,rate={rate}mbit,buf={buffer_ms}ms"
    ways = (free, full) if direction == "down" else (full, free)
    with path.emulating(*ways, "--log-max", "1500000") as truth:
        records = asyncio.run(
            probed(
                path.near, FAR, folder, method="http", latency=kind, directions=direction, duration="6s",
                max_bytes="1GB",
            )
        )[0]  # fmt: skip
    data = event_of(records)
    packets = [p for p in truth.packets(UDP if kind == "stamp" else ICMP) if p.delivered]
    way = BACKWARD if direction == "down" else FORWARD
    began = data["curve"]["began_ns"]
    begin, end = began + data["seconds"] * 5e8, began + data["seconds"] * 1e9
    waits = sorted(
        (p.sent_ns - p.arrived_ns - DELAY_NS) / 1e9
        for p in packets
        if p.direction == way and begin <= p.arrived_ns < end
    )
    for name, share in (("p50_seconds", 0.5), ("p95_seconds", 0.95)):
        told = data["loaded_latency"][name] - data["idle_latency"]["min_seconds"]
        true = quantile(waits, share)
        report(
            BENCH, "error_ms", (told - true) * 1e3, "ms", goal=1,
            note=f"{kind} {direction}, {rate} Mbit/s, {buffer_ms} ms, {name[:3]}: true {true * 1e3:.1f} ms",
        )  # fmt: skip


def depth_error(path, folder, rate: int, buffer_ms: int) -> None:
    """Compare the depth that a burst finds with the buffer that there is."""
    words = f"delay=10ms,rate={rate}mbit,buf={buffer_ms}ms"
    with path.emulating(words, words):
        records = asyncio.run(
            probed(path.near, FAR, folder, method="trains", buffer=True, directions="down", max_bytes="30MB")
        )[0]
    data = event_of(records)
    found = data["buffer_seconds"]
    error = None if found is None else 100 * (found * 1e3 / buffer_ms - 1)
    note = f"{rate} Mbit/s, {buffer_ms} ms, {data['spent_bytes'] / 1e6:.2f} MB with the trains"
    report(BENCH, "depth_error_percent", error, "%", note=note, goal=3)


def main() -> None:
    with served_path() as (path, folder):
        for direction, rate, buffer_ms in LOADS:
            for kind in ("stamp", "icmp"):
                queue_error(path, folder, kind, direction, rate, buffer_ms)
        for rate, buffer_ms in DEPTHS:
            depth_error(path, folder, rate, buffer_ms)


if __name__ == "__main__":
    main()
