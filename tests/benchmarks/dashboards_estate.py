"""The Estate dashboard of 180 sites and 250 circuits, a tenth of them silent: its slowest query.

A day of minutes in VictoriaMetrics, as remote-write brings them; the dashboard's own range. Each query is
asked `RUNS` times, without the server's cache; the median counts.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from _results import report, say
from fakes.dashboards import FOLDER, load, queries
from fakes.servers import Server, victoria_metrics

SITES, CIRCUITS, MINUTES, RUNS = 180, 250, 1440, 5
SILENT = SITES // 10
STEP_SECONDS = 60
CIRCUIT_SERIES = (
    ("netmon_circuit_state", {}, 1),
    ("netmon_circuit_degraded", {}, 0),
    ("netmon_circuit_fault", {}, 0),
    ("netmon_circuit_fault_info", {"fault": "none"}, 1),
    ("netmon_circuit_coverage_ratio", {}, 1),
    ("netmon_circuit_down_utilisation_ratio", {}, 0.4),
    ("netmon_circuit_up_utilisation_ratio", {}, 0.2),
    ("netmon_circuit_contracted_bytes_per_second", {"direction": "down"}, 12.5e6),
    ("netmon_circuit_contracted_bytes_per_second", {"direction": "up"}, 2.5e6),
    ("netmon_circuit_rtt_seconds", {"statistic": "p50"}, 0.012),
    ("netmon_circuit_rtt_seconds", {"statistic": "p95"}, 0.02),
    ("netmon_circuit_loss_ratio", {}, 0),
    ("netmon_bandwidth_bytes_per_second", {"direction": "down", "method": "http"}, 11.5e6),
    ("netmon_bandwidth_bytes_per_second", {"direction": "up", "method": "http"}, 2.4e6),
)
SITE_SERIES = (
    ("netmon_site_state", {}, 1),
    ("netmon_site_degraded", {}, 0),
    ("netmon_site_fault", {}, 0),
    ("netmon_site_fault_info", {"fault": "none"}, 1),
    ("netmon_site_coverage_ratio", {}, 1),
)


def series(end_ms: int) -> Iterator[str]:
    """Yield each series of the estate as VictoriaMetrics imports it."""
    begin_ms = (end_ms // 60_000 - MINUTES) * 60_000 + 30_000
    for number in range(CIRCUITS):
        site = f"site-{number % SITES:03d}"
        minutes = MINUTES - 180 if number % SITES < SILENT else MINUTES
        times = [begin_ms + minute * 60_000 for minute in range(minutes)]
        labels = {"job": "netmon", "instance": site, "site": site}
        circuit = {"circuit": f"wan{number // SITES + 1}"}
        wanted = [(name, own | circuit, value) for name, own, value in CIRCUIT_SERIES]
        wanted += SITE_SERIES if number < SITES else ()
        for name, own, value in wanted:
            swing = [value * (1 + minute % 7 / 20) if 0 < value < 1 else value for minute in range(minutes)]
            metric = {"__name__": name, **labels, **own}
            yield json.dumps({"metric": metric, "values": swing, "timestamps": times}) + "\n"


def median_ms(server: Server, text: str, end: float, *, at_once: bool, kind: str) -> float:
    """Return how long a query takes."""
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        if kind == "variable":
            selector, _, label = text.removeprefix("label_values(").removesuffix(")").rpartition(", ")
            times = {"start": str(end - 86_400), "end": str(end)}
            server.json(f"/api/v1/label/{label}/values", **{"match[]": selector}, **times)
        elif at_once:
            server.json("/api/v1/query", query=text, time=str(end), nocache="1")
        else:
            times = {"start": str(end - 86_400), "end": str(end), "step": str(STEP_SECONDS)}
            server.json("/api/v1/query_range", query=text, nocache="1", **times)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    end_ms = time.time_ns() // 10**6
    board = load(FOLDER / "json" / "netmon-estate-prometheus.json")
    values = {"site": ".*", "__range": "86400s", "__range_s": "86400", "__rate_interval": "4m"}
    with tempfile.TemporaryDirectory() as folder, victoria_metrics(Path(folder)) as server:
        batch: list[str] = []
        for number, line in enumerate(series(end_ms)):
            batch.append(line)
            if number % 200 == 199:
                server.post("/api/v1/import", "".join(batch).encode())
                batch.clear()
        server.post("/api/v1/import", "".join(batch).encode())
        server.get("/internal/force_flush")
        took = {
            query: median_ms(
                server, query.filled(values), end_ms / 1000, at_once=query.at_once, kind=query.kind
            )
            for query in queries(board)
        }
        silent = server.json(
            "/api/v1/query",
            query=next(q for q in took if q.place == "Sites by verdict/E").filled(values),
            time=str(end_ms / 1000),
        )["data"]["result"][0]["value"][1]
    for query, ms in sorted(took.items(), key=lambda one: one[1], reverse=True):
        say(f"{ms:8.1f} ms  {query}")
    note = f"{len(took)} queries, a day of {SITES} sites and {CIRCUITS} circuits, {silent} sites silent"
    slowest = max(took, key=lambda query: took[query])
    report("dashboards_estate", "query_ms_max", took[slowest], "ms", runs=RUNS, note=f"{note}; {slowest}")
    report("dashboards_estate", "query_ms_sum", sum(took.values()), "ms", runs=RUNS, note=note)


if __name__ == "__main__":
    main()
