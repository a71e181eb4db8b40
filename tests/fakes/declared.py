"""Every metric that this project declares, by measurement; netmon's own have none."""

from __future__ import annotations

from netmon import plugins
from netmon.delivery.health import DELIVERY_METRICS
from netmon.metrics.daemon import DAEMON_METRICS
from netmon.model import Metric, derived
from netmon.notices.health import NOTICE_METRICS
from netmon.store.health import STORE_METRICS

OURS = (
    "bandwidth", "dns", "egress", "host", "http", "icmp", "interfaces", "lan", "ntp", "path", "power",
    "resources", "sensors", "system", "tcp", "tls", "traps", "udp", "wireless",
)  # fmt: skip
"""Sources of this project: others may be installed on the machine."""


def declared() -> dict[str, tuple[Metric, ...]]:
    """Return all metrics: of sources, derived, and of netmon itself (under an empty measurement)."""
    found: dict[str, tuple[Metric, ...]] = {}
    for name in OURS:
        found |= plugins.source_type(name).metrics
    found |= {
        derived.RUN: derived.RUN_METRICS,
        derived.CIRCUIT_MINUTE: derived.CIRCUIT_MINUTE_METRICS,
        derived.SITE_MINUTE: derived.SITE_MINUTE_METRICS,
        derived.OUTSIDE_MINUTE: derived.OUTSIDE_MINUTE_METRICS,
        derived.BANDWIDTH_TEST: derived.BANDWIDTH_TEST_METRICS,
        derived.INCIDENT: derived.INCIDENT_METRICS,
    }
    return found | {"": (*DAEMON_METRICS, *STORE_METRICS, *DELIVERY_METRICS, *NOTICE_METRICS)}
