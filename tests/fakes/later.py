"""What a demonstration cannot bring about in half a minute, as a daemon tells it: tests, incidents, notes.

The incident is a real one, as the engine tells its beginning.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from netmon import plugins
from netmon.delivery.line import LineEncoder
from netmon.delivery.remote_write_lines import EVENT_METRIC
from netmon.incidents.incident import ACCESS, Incident, Level, Step, Thing, incident_id
from netmon.incidents.record import step_event
from netmon.incidents.told import readings_of
from netmon.incidents.words import line
from netmon.model import Event, Fault, Kind, Labels, Metric, Outcome, Reading, Row, Shape, Stamp
from netmon.model.derived import (
    BANDWIDTH_TEST,
    BANDWIDTH_TEST_METRICS,
    OUTSIDE_MINUTE,
    OUTSIDE_MINUTE_METRICS,
)
from netmon.series import series_labels

CIRCUIT: Labels = (("site", "demo-library"), ("circuit", "wan1"))
CALLS: Labels = (("site", "demo-library"), ("probe", "calls"), ("target", "192.0.2.1"))
TEXTS = {
    "netmon_bandwidth_verdict_info": "clean",
    "netmon_bandwidth_limited_by_info": "circuit",
    "netmon_bandwidth_bufferbloat_info": "B",
}
VALUES = {"netmon_bandwidth_bytes_per_second": 11_500_000.0, "netmon_bandwidth_rtt_seconds": 0.031}
EVENTS = (
    ("note", (("site", "demo-library"),), "the supplier upgraded the line"),
    ("bandwidth_test", CIRCUIT, "92 Mbit/s towards the site, clean"),
    ("path_change", (("site", "demo-library"), ("probe", "way"), ("target", "127.0.0.1")), "another way"),
)


def readings(stamp: Stamp) -> list[Reading]:
    """Return a bandwidth test, an open incident, the view from outside, a minute of trains."""
    declared = plugins.source_type("icmp").metrics
    test = (*CIRCUIT, ("probe", "speed"), ("target", "127.0.0.1"), ("method", "http"), ("layer", "IP"))
    rows = [(*test, ("direction", direction)) for direction in ("down", "up")]
    return [
        _reading(BANDWIDTH_TEST, BANDWIDTH_TEST_METRICS, rows, stamp),
        _reading(OUTSIDE_MINUTE, OUTSIDE_MINUTE_METRICS, [(("site", "demo-library"),)], stamp),
        *readings_of([incident(stamp)], stamp),
        *(_reading(name, declared[name], [CALLS], stamp) for name in ("train_minute", "smokeping")),
    ]


def incident(stamp: Stamp) -> Incident:
    """Return an open incident of the circuit."""
    thing = Thing("demo-library", Level.CIRCUIT, "wan1", ACCESS, "Demo Telecom")
    return Incident(incident_id(thing, stamp), thing, stamp, 1, fault=Fault.LINE, told=True)


def events(stamp: Stamp) -> list[Event]:
    """Return the incident's beginning, and what else there are events of."""
    one = incident(stamp)
    rest = (Event(kind, key, text, stamp, {}) for kind, key, text in EVENTS)
    return [step_event(one, Step.OPENED, line(one, Step.OPENED), stamp), *rest]


def _reading(measurement: str, metrics: tuple[Metric, ...], keys: list[Labels], stamp: Stamp) -> Reading:
    texts = tuple((metric.name, TEXTS[metric.name]) for metric in metrics if metric.kind is Kind.INFO)
    shape = Shape(measurement, metrics, tuple(Row(key, texts=texts) for key in keys))
    columns = tuple([_value(metric, stamp)] * len(keys) for metric in metrics)
    return Reading(shape, stamp, columns, (Outcome.OK,) * len(keys))


def _value(metric: Metric, stamp: Stamp) -> float:
    if "timestamp" in metric.name:
        return stamp.wall_ms / 1000
    return VALUES.get(metric.name, 1)


def lines(stamp: Stamp) -> list[bytes]:
    """Return all of it as InfluxDB gets it."""
    encoder = LineEncoder()
    return [one for record in (*readings(stamp), *events(stamp)) for one in encoder.encode(record)]


def exposed(stamp: Stamp) -> str:
    """Return all of it as series, events as remote-write tells them."""
    found = [
        (metric.name, series_labels(row, metric), _value(metric, stamp))
        for reading in readings(stamp)
        for metric in reading.shape.metrics
        for row in reading.shape.rows
    ]
    found += [(EVENT_METRIC, (*one.key, ("kind", one.kind)), stamp.wall_ms / 1000) for one in events(stamp)]
    return "".join(_sample(name, labels, value) for name, labels, value in found if labels is not None)


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{text}"' for label, text in labels)
    return f"{name}{{{inside}}} {value!r}\n"


def now() -> Stamp:
    """Return this moment."""
    return Stamp("boot", time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns() // 10**6, synced=True)


@contextmanager
def serving(text: str) -> Iterator[str]:
    """Serve a text on a loopback port; yield the address to scrape."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)
