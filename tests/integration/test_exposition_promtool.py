"""Everything that one scrape can show, before the tool that Prometheus' own authors check with."""

import subprocess

import pytest
from fakes.clock import FakeClock
from fakes.servers import require

from netmon import plugins
from netmon.delivery.health import DELIVERY_METRICS
from netmon.metrics.daemon import DAEMON_METRICS
from netmon.metrics.exposition import Exposition
from netmon.metrics.own import OwnMetrics
from netmon.model import Kind, Outcome, Reading, Row, Shape
from netmon.model.derived import RUN, RUN_METRICS
from netmon.notices.health import NOTICE_METRICS
from netmon.store.health import STORE_METRICS

pytestmark = pytest.mark.servers

# MIB objects keep their names, because dashboards and rules all over the world ask for them by these.
# Nothing is added here but names of MIB objects.
FROZEN = frozenset(
    """
    dot3StatsAlignmentErrors dot3StatsCarrierSenseErrors dot3StatsDuplexStatus dot3StatsExcessiveCollisions
    dot3StatsFCSErrors dot3StatsFrameTooLongs dot3StatsInternalMacReceiveErrors
    dot3StatsInternalMacTransmitErrors dot3StatsLateCollisions dot3StatsSymbolErrors
    entSensorPrecision entSensorValue hrProcessorLoad hrStorageAllocationUnits hrStorageSize hrStorageUsed
    ifAdminStatus ifConnectorPresent ifCounterDiscontinuityTime ifHCInBroadcastPkts ifHCInMulticastPkts
    ifHCInOctets ifHCInUcastPkts ifHCOutBroadcastPkts ifHCOutMulticastPkts ifHCOutOctets ifHCOutUcastPkts
    ifHighSpeed ifInBroadcastPkts ifInDiscards ifInErrors ifInMulticastPkts ifInNUcastPkts ifInOctets
    ifInUcastPkts ifInUnknownProtos ifIndex ifLastChange ifLinkUpDownTrapEnable ifMtu ifNumber ifOperStatus
    ifOutBroadcastPkts ifOutDiscards ifOutErrors ifOutMulticastPkts ifOutNUcastPkts ifOutOctets ifOutQLen
    ifOutUcastPkts ifPhysAddress ifPromiscuousMode ifSpeed ifType_info sysDescr sysName sysUpTime
    """.split()  # noqa: SIM905 - forty quoted names would be harder to read
)


def declared():
    found = {RUN: RUN_METRICS}
    for name in plugins.names(plugins.SOURCES):
        found |= plugins.source_type(name).metrics
    return found


def full_scrape():
    clock, own = FakeClock(), OwnMetrics()
    exposition = Exposition(clock)
    for measurement, metrics in declared().items():
        texts = tuple((metric.name, "text") for metric in metrics if metric.kind is Kind.INFO)
        shape = Shape(
            measurement, tuple(metrics), (Row((("site", "lib"), ("device", measurement)), texts=texts),)
        )
        exposition.accept([Reading(shape, clock.stamp(), tuple([1] for _ in metrics), (Outcome.OK,))])
    own.watch(
        lambda: (
            (metric, (), 1.0)
            for metric in (*DAEMON_METRICS, *DELIVERY_METRICS, *NOTICE_METRICS, *STORE_METRICS)
        )
    )
    return b"".join(exposition.render()) + own.render()


def complaints(text):
    done = subprocess.run(
        [require("promtool"), "check", "metrics"], input=text, capture_output=True, check=False, timeout=30
    )
    return [line.split(" ", 1) for line in done.stderr.decode().splitlines()]


def test_only_names_of_mib_objects_break_a_naming_rule():
    assert [(name, rule) for name, rule in complaints(full_scrape()) if name not in FROZEN] == []


def test_promtool_would_find_a_bad_name():
    name = b"netmon_bad_milliseconds"
    text = b"# HELP %s X.\n# TYPE %s gauge\n%s 1\n" % (name, name, name)
    assert complaints(text) != []


def test_the_text_is_one_that_promtool_can_read():
    broken = complaints(full_scrape() + b"netmon_x{ 1\n")
    assert broken[0][0] == "error"
    assert all(name != "error" for name, _ in complaints(full_scrape()))
