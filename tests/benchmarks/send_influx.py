"""Encode and send to InfluxDB: processor time per sample, beside influxdb-client's own batching writer.

Both write the same lines to the same VictoriaMetrics, because the library's writer cannot speak to
InfluxDB 1.6; ours is measured against a real influxd too.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import urllib.request
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path

from _sending import DATA, RUNS, count, cpu_us_per_sample, receiver, report, say
from fakes.servers import influxd

from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.model import Reading

PEER = f"influxdb-client {version('influxdb-client')} WriteApi, batching"


def peer(url: str, readings: list[Reading]) -> float:
    """Return the library's processor time per sample; the time until everything is sent counts."""
    from influxdb_client import InfluxDBClient, Point, WriteOptions, WritePrecision

    began = time.process_time()
    client = InfluxDBClient(url, token="t", org="o")
    with client, client.write_api(WriteOptions(batch_size=5000, flush_interval=60_000)) as api:
        for reading in readings:
            metrics = reading.shape.metrics
            for at, row in enumerate(reading.shape.rows):
                fields = [
                    (metric.name, column[at]) for metric, column in zip(metrics, reading.columns, strict=True)
                ]
                point = Point(reading.shape.measurement).time(reading.stamp.wall_ms, WritePrecision.MS)
                for label, text in (*row.key, *metrics[0].labels):
                    point.tag(label, text)
                for name, value in fields:
                    point.field(name, value)
                api.write("bench", record=point)
    return (time.process_time() - began) * 1e6 / count(readings)


def sink(url: str) -> InfluxSink:
    return InfluxSink(InfluxSettings(url, database="bench"))


def against_influxd(readings: list[Reading]) -> float:
    with tempfile.TemporaryDirectory() as folder, influxd(Path(folder)) as server:
        statement = f"{server.url}/query?q=CREATE+DATABASE+bench"
        urllib.request.urlopen(urllib.request.Request(statement, method="POST", data=b"")).close()
        return cpu_us_per_sample(partial(sink, server.url), readings)


def main() -> None:
    warnings.simplefilter("ignore")
    for name, make in DATA.items():
        readings = make()
        with receiver() as server:
            ours = cpu_us_per_sample(partial(sink, server.url), readings)
            few = readings[: max(1, len(readings) // 4)]
            theirs = statistics.median(peer(server.url, few) for _ in range(RUNS))
        real = against_influxd(readings)
        say(f"{name}: {ours:.2f} us per sample, influxd {real:.2f}, {PEER} {theirs:.2f}")
        report("send_influx", ours, PEER, theirs, f"{name}; against influxd {real:.2f} us")


if __name__ == "__main__":
    main()
