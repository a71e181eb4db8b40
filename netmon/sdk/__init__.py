"""Everything that a probe or a collector may import from netmon."""

from pydantic import SecretStr

from netmon.clock import Clock, SystemClock
from netmon.errors import NetmonError, SourceError, UsageError
from netmon.kernel_clock import KernelClock, kernel_clock
from netmon.model import (
    Event,
    Fact,
    Fault,
    Json,
    Kind,
    Labels,
    Metric,
    Number,
    Outcome,
    Reading,
    Record,
    Retention,
    Row,
    Shape,
    Stamp,
    Value,
    counter,
    gauge,
    info,
    integer,
    state,
)
from netmon.model.derived import BANDWIDTH_TEST, BANDWIDTH_TEST_METRICS
from netmon.rates import Count, increase, rate
from netmon.sdk.command import Command, Standalone
from netmon.sdk.context import (
    ByteLedger,
    Context,
    ExclusiveSlot,
    LatestValues,
    Resolver,
    Shareable,
    Shared,
    no_trace,
)
from netmon.sdk.probe import PROBE_SECONDS, PROBE_SUCCESS, Probe, Sample
from netmon.sdk.settings import (
    Assignment,
    Circuit,
    Credential,
    Device,
    NoSettings,
    Settings,
    SnmpVersion,
)
from netmon.sdk.source import Source
from netmon.text import clean
from netmon.threads import DaemonThreads
from netmon.units import BitsPerSecond, Bytes, Seconds, duration_seconds, rate_bits_per_second, size_bytes

__all__ = [
    "BANDWIDTH_TEST",
    "BANDWIDTH_TEST_METRICS",
    "PROBE_SECONDS",
    "PROBE_SUCCESS",
    "Assignment",
    "BitsPerSecond",
    "ByteLedger",
    "Bytes",
    "Circuit",
    "Clock",
    "Command",
    "Context",
    "Count",
    "Credential",
    "DaemonThreads",
    "Device",
    "Event",
    "ExclusiveSlot",
    "Fact",
    "Fault",
    "Json",
    "KernelClock",
    "Kind",
    "Labels",
    "LatestValues",
    "Metric",
    "NetmonError",
    "NoSettings",
    "Number",
    "Outcome",
    "Probe",
    "Reading",
    "Record",
    "Resolver",
    "Retention",
    "Row",
    "Sample",
    "Seconds",
    "SecretStr",
    "Settings",
    "Shape",
    "Shareable",
    "Shared",
    "SnmpVersion",
    "Source",
    "SourceError",
    "Stamp",
    "Standalone",
    "SystemClock",
    "UsageError",
    "Value",
    "clean",
    "counter",
    "duration_seconds",
    "gauge",
    "increase",
    "info",
    "integer",
    "kernel_clock",
    "no_trace",
    "rate",
    "rate_bits_per_second",
    "size_bytes",
    "state",
]
