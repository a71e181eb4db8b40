"""Two weeks without a receiver, in compressed time: they fit the disk's share, and all of it arrives, once.

A tenth of the model site; real receivers: influxd by line protocol, VictoriaMetrics by remote-write.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import _store_site as site
from _results import report, say
from fakes.delivering import delivering, until
from fakes.servers import Server, influxd, victoria_metrics

from netmon.clock import SystemClock
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.influx_setup import create
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.sink import Sink
from netmon.store.history import SqliteHistory, open_history

DAYS = float(os.environ.get("DAYS", "14"))
PINGS, TABLES = 4, 5
KEEP_BYTES = 700_000 * DAYS + 12_000_000
"""Sealed days, a day in the log, and what has to stay free: the write-ahead log, an hour, the next day."""
EVER = 2**40


def taken_bytes(folder: Path) -> int:
    """Return what the history's files take, but the ballast, which is there to be given up."""
    return sum(path.stat().st_size for path in (*folder.glob("history.db*"), *folder.glob("sealed/*/*")))


async def outage(history: SqliteHistory, folder: Path, cursors: list[str]) -> tuple[int, int]:
    """Fill the history as two weeks would; return samples, and the most that its files took in bytes."""
    for cursor in cursors:
        await history.cursor(cursor)
    samples = largest = 0
    group, hour = [], 0
    for reading in site.site_readings(DAYS, PINGS, TABLES):
        group.append(reading)
        samples += site.samples(reading)
        if len(group) == 500:
            history.accept(group)
            await history.commit()
            group = []
            largest = max(largest, taken_bytes(folder))
        now = reading.stamp.boottime_ns // (3600 * 10**9)
        if now != hour:
            hour = now
            await history.expire(EVER, int(KEEP_BYTES), EVER)
            largest = max(largest, taken_bytes(folder))
    history.accept(group)
    await history.commit()
    return samples, largest


async def deliver(history: SqliteHistory, sink: Sink) -> float:
    """Send everything; return the seconds that it took."""
    began = time.monotonic()
    async with delivering(history, sink, SystemClock(), timeout_seconds=600, catch_up_lines=1e7) as pump:
        pump.committed(history.newest)
        await until(lambda: history._cursors.get(sink.cursor) == history.newest)
        assert (pump.dropped_total, pump.courier.quarantined_total) == (0, 0)
    return time.monotonic() - began


def in_influx(server: Server) -> int:
    found = 0
    for measurement in ("icmp", "interface"):
        q = f"SELECT count(*) FROM {measurement}"
        (result,) = server.json("/query", db="netmon", q=q)["results"]
        found += sum(result["series"][0]["values"][0][1:])
    return found


def in_victoria(server: Server) -> int:
    """Count samples, but those that mark the end of a series, as exported: twice is two."""
    server.get("/internal/force_flush")
    _, body = server.get("/api/v1/export", **{"match[]": '{job="netmon",__name__!="netmon_delivery_probe"}'})
    return sum(value is not None for line in body.splitlines() for value in json.loads(line)["values"])


async def story(folder: Path, influx: Server, victoria: Server) -> int:
    settings = InfluxSettings(influx.url, version="1", database="netmon")
    async with InfluxSession(settings) as session:
        await create(session, settings, 0)
    clock = SystemClock()
    receivers = {
        "influxd": (InfluxSink(settings), lambda: in_influx(influx)),
        "victoria-metrics": (
            RemoteWriteSink(RemoteWriteSettings(f"{victoria.url}/api/v1/write", site="bench"), clock),
            lambda: in_victoria(victoria),
        ),
    }
    history = open_history(folder, clock)
    samples, largest = await outage(history, folder, [sink.cursor for sink, _ in receivers.values()])
    note = f"{DAYS:g} days, {samples} samples"
    say(f"{note} in {largest / 1e6:.1f} MB of {KEEP_BYTES / 1e6:.1f}")
    cap_mb = KEEP_BYTES / 1e6
    report("delivery_outage", "disk_mb", largest / 1e6, "MB", peer="own cap", peer_value=cap_mb, lower=True)
    bad = history.dropped_unsent_total
    for name, (sink, count) in receivers.items():
        seconds = await deliver(history, sink)
        missing = samples - await asyncio.to_thread(count)
        bad += abs(missing)
        report("delivery_outage", "missing", missing, "samples", note=f"{name}: {note}, below 0: twice")
        report("delivery_outage", "replay_seconds", seconds, "s", note=f"{name}: {note}")
    await history.close()
    return bad


def main() -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        work = Path(name)
        for part in ("influx", "victoria", "state"):
            (work / part).mkdir()
        influx = stack.enter_context(influxd(work / "influx"))
        victoria = stack.enter_context(victoria_metrics(work / "victoria"))
        sys.exit(asyncio.run(story(work / "state", influx, victoria)) > 0)


if __name__ == "__main__":
    main()
