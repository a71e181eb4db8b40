"""What the benchmarks of the sinks share: readings, a real receiver, processor time per sample."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from _store_site import samples, site_readings
from fakes.clock import START_WALL_NS, FakeClock
from fakes.delivering import IMPATIENT, until
from fakes.history import MemoryHistory
from fakes.servers import Server, victoria_metrics

from netmon.delivery.pump import Pump
from netmon.delivery.sink import Sink
from netmon.model import Outcome, Reading, Row, Shape, Stamp, counter, gauge

RUNS = 5
HOURS = 1.5

SWITCH_METRICS = tuple(counter(f"ifHCCounter{n}", "C.") for n in range(14))
SWITCH_ROWS = tuple(
    Row((("site", "bench"), ("device", "core"), ("ifName", f"Gi1/0/{n}")), (("ifAlias", f"desk {n}"),))
    for n in range(48)
)


def model_site() -> list[Reading]:
    """Readings of the model site: 200 values each 10 s, 2,000 each minute."""
    shapes: dict[Shape, Shape] = {}
    return [
        replace(reading, shape=shapes.setdefault(reading.shape, _own_probe(reading.shape)))
        for reading in site_readings(HOURS / 24)
    ]


def _own_probe(shape: Shape) -> Shape:
    """A probe of its own per target: rows of one probe come together in one reading."""
    if shape.measurement != "icmp":
        return shape
    key = dict(shape.rows[0].key)
    return replace(shape, rows=(Row(tuple({**key, "probe": key["target"]}.items())),))


def switch() -> list[Reading]:
    """Readings of one switch: 48 ports x 14 counters."""
    shape = Shape("interface", SWITCH_METRICS, SWITCH_ROWS)
    return [
        Reading(
            shape,
            Stamp("boot", n * 30 * 10**9, START_WALL_NS // 1_000_000 + n * 30_000),
            tuple([10**12 + n * 1000 + row for row in range(48)] for _ in SWITCH_METRICS),
            (Outcome.OK,) * 48,
        )
        for n in range(400)
    ]


def narrow() -> list[Reading]:
    """Readings of one value a row, so that every sample is a line of its own."""
    rows = tuple(
        Row((("site", "bench"), ("probe", "anchors"), ("target", f"198.51.100.{n}"), ("circuit", "wan1")))
        for n in range(100)
    )
    shape = Shape("icmp", (gauge("probe_icmp_duration_seconds", "D.", phase="rtt"),), rows)
    return [
        Reading(
            shape,
            Stamp("boot", n * 10**10, START_WALL_NS // 1_000_000 + n * 10_000),
            ([0.012 + (n * row % 1000) / 1e6 for row in range(100)],),
            (Outcome.OK,) * 100,
        )
        for n in range(2000)
    ]


DATA: dict[str, Callable[[], list[Reading]]] = {
    "one value a line": narrow,
    "48 ports x 14 counters": switch,
    "model site": model_site,
}


def count(readings: list[Reading]) -> int:
    return sum(map(samples, readings))


async def send_all(sink: Sink, store: MemoryHistory) -> None:
    """Move a history into a sink, as the daemon does."""
    store.cursors.clear()
    pump = Pump(store, sink, FakeClock(), replace(IMPATIENT, settle=0.0, poll=0.2))
    task = asyncio.create_task(pump.run())
    await until(lambda: max(store.cursors.values(), default=0) == len(store.committed))
    task.cancel()
    await asyncio.wait([task])
    assert pump.courier.retried_total == pump.courier.quarantined_total == 0


def cpu_us_per_sample(make: Callable[[], Sink], readings: list[Reading]) -> float:
    """Return the processor time of this process per sample, all threads: the median of some runs.

    The first run is thrown away: it imports libraries and makes what is kept per shape.
    """
    found, store = [], MemoryHistory(readings)
    for _ in range(RUNS + 1):
        gc.collect()
        began = time.process_time()
        asyncio.run(send_all(make(), store))
        found.append((time.process_time() - began) * 1e6 / count(readings))
    return statistics.median(found[1:])


@contextmanager
def receiver() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, victoria_metrics(Path(folder)) as server:
        yield server


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(bench: str, value: float, peer: str, peer_value: float | None, note: str) -> None:
    """Print one result; less is better."""
    ratio = round(peer_value / value, 1) if peer_value else None
    row = {"bench": bench, "metric": "cpu_us_per_sample", "value": round(value, 3), "unit": "us"}
    row |= {"peer": peer, "peer_value": peer_value and round(peer_value, 2), "ratio": ratio}
    print(json.dumps(row | {"runs": RUNS, "note": note}), flush=True)
