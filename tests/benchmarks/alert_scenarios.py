"""Are incidents right: scripted faults, a healthy week, and what a minute of the engine costs."""

from __future__ import annotations

import sys
import time

from _results import report, say
from fakes.healthy_site import live, told
from fakes.incident_scenes import SCENES, mistakes
from fakes.incident_site import IncidentPlay, perform

from netmon.incidents.engine import Engine

HEALTHY_HOURS = 168
FORTY = ("router", *(f"sw{number}" for number in range(1, 40)))


def main() -> None:
    wrong = 0
    for name, (play, expected) in SCENES.items():
        found = mistakes(perform(play), expected)
        wrong += bool(found)
        say(f"{'wrong' if found else 'right'}: {name} {'; '.join(found)}")
    note = f"{len(SCENES)} scripted faults: incidents, causes, times within a minute, rehearsal the same"
    report("alert_scenarios", "wrong", wrong, "scenarios", note=note, lower=True)
    alerts, cut = told(live(HEALTHY_HOURS), HEALTHY_HOURS)
    seen = (
        "the line that is cut thereafter is told" if cut else "BLIND: nor is the line that is cut thereafter"
    )
    note = f"{HEALTHY_HOURS} h with noise, bandwidth tests, reloads, restarts and clocks that are set; {seen}"
    report("alert_scenarios", "healthy_alerts", len(alerts), "alerts", note=note, lower=True)
    report(
        "alert_scenarios", "engine_ms_per_minute", engine_ms(), "ms", note="40 devices, one dark", lower=True
    )
    sys.exit(bool(wrong or alerts or not cut))


def engine_ms() -> float:
    """Return what one minute costs, its readings included: mean of an hour."""
    stage = perform(IncidentPlay(devices=FORTY, script={600: {"dark_devices": ("sw3",)}}, minutes=60))
    fresh = Engine(lambda _records: None, stage.settings())
    began = time.perf_counter()
    for record in stage.records:
        fresh.accept([record])
    return (time.perf_counter() - began) / 60 * 1000


if __name__ == "__main__":
    main()
