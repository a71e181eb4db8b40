"""Five sites, one month: the same figures from stores, influxd and VictoriaMetrics; how long it takes."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from _results import report, say
from fakes.clock import FakeClock
from fakes.evidence_estate import deliver, differing, figures, keep, site_records
from fakes.servers import influxd, victoria_metrics

from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.evidence.calendar import month
from netmon.evidence.material import Material
from netmon.evidence.sources.influx import InfluxSource
from netmon.evidence.sources.prometheus import PrometheusSource
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.sources.store import FleetSource

SITES, DAYS = 5, month(2026, 3, "Europe/London")
BENCH = "evidence_centre"
DIGITS = {"store": None, "influxd": None, "VictoriaMetrics": 11}
"""What a keeper rounds numbers to; None: nothing."""


def read(name: str, source: Source) -> Mapping[Line, Material]:
    """Read all circuits, and tell how long one takes."""
    began = time.monotonic()
    with closing(source):
        found = {line: source.material(line, DAYS) for line in source.lines(DAYS)}
    seconds = time.monotonic() - began
    report(BENCH, f"a circuit's month from {name}", seconds / len(found), "s", lower=True, runs=len(found))
    return found


def compared(name: str, known: Mapping[Line, Material], found: Mapping[Line, Material]) -> int:
    """Count what differs: circuits, fields of their material, figures."""
    wrong = [str(line) for line in known.keys() ^ found.keys()]
    for line, mine in known.items():
        if line in found:
            wrong += [f"{line}: {one}" for one in differing(mine, found[line], DIGITS[name])]
            wrong += [f"{line}: figures"] * (figures(mine, DAYS) != figures(found[line], DAYS))
    minutes = sum(len(one.strip.codes) for one in known.values())
    say(f"{name}: {len(wrong)} differences in {len(known)} circuits {wrong[:5]}")
    report(BENCH, f"differences of {name}", len(wrong), "", lower=True, note=f"{minutes} minutes")
    return len(wrong)


async def sent(folder: Path, influx: InfluxSettings, remote: RemoteWriteSettings) -> None:
    """Deliver one site's store to both servers."""
    await deliver(folder, InfluxSink(influx))
    await deliver(folder, RemoteWriteSink(remote, FakeClock()))


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for seed in range(SITES):
            records = site_records(f"site-{seed}", (f"line-{seed}",), DAYS, seed)
            asyncio.run(keep(root / "sites" / str(seed), records))
        for one in ("influx", "victoria"):
            (root / one).mkdir()
        with influxd(root / "influx") as first, victoria_metrics(root / "victoria") as second:
            first.post("/query?q=CREATE+DATABASE+netmon", b"")
            influx = InfluxSettings(first.url, database="netmon", timeout_seconds=60)
            remote = RemoteWriteSettings(f"{second.url}/api/v1/write", timeout_seconds=60)
            for folder in sorted((root / "sites").iterdir()):
                asyncio.run(sent(folder, influx, remote))
                say(f"sent {folder.name}")
            second.get("/internal/force_flush")
            known = read("store", FleetSource(root / "sites"))
            wrong = compared("influxd", known, read("influxd", InfluxSource(influx)))
            series = PrometheusSource(RemoteWriteSettings(second.url))
            return wrong + compared("VictoriaMetrics", known, read("VictoriaMetrics", series))


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
