"""An incident as others meet it: one that goes on, and the same one when it is over."""

from dataclasses import replace

from netmon.incidents.incident import (
    ACCESS,
    Badness,
    Certainty,
    Incident,
    Level,
    Severity,
    Thing,
    incident_id,
)
from netmon.model import Fault, Stamp

START, NOW = (
    Stamp("boot-1", 60_000_000_000, 1_800_000_000_000),
    Stamp("boot-1", 240_000_000_000, 1_800_000_180_000),
)
SITE = Thing("lib", Level.SITE, "", ACCESS, "Acme")
OPEN = Incident(
    incident_id(SITE, START), SITE, START, 1, None, 120.0, 2, Badness.DOWN, Severity.PAGE, Fault.LINE,
    Certainty.PROBABLE, "The line is down.", ("WAN port router wan1 is down",), ("no outside view",),
    ("AC-1",), told=True, notify=("on-call",),
)  # fmt: skip
OVER = replace(OPEN, number=4, ended=NOW, duration_seconds=180.0)
