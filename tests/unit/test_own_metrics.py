"""netmon's own metrics, as a scrape sees them."""

import pytest
from fakes.clock import FakeClock
from fakes.history import MemoryHistory
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from netmon.delivery.health import DELIVERY_METRICS, pump_samples
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.pump import Pump
from netmon.hub import Hub
from netmon.metrics.daemon import DAEMON_METRICS, build_samples, exposition_samples, hub_samples, job_samples
from netmon.metrics.own import OwnMetrics, negotiate
from netmon.metrics.series_budget import SeriesBudget
from netmon.metrics.text_format import TextFormat
from netmon.model import counter, gauge, info
from netmon.schedule.ticker import Job, JobState


def scrape(own):
    families = text_string_to_metric_families(own.render().decode())
    return {sample.name: (sample.labels, sample.value) for family in families for sample in family.samples}


def test_a_watched_part_is_asked_at_every_scrape():
    own, seen = OwnMetrics(), [1.5]
    own.watch(lambda: [(gauge("netmon_x_seconds", "X."), (("sink", 'a"b'),), seen[0])])
    assert scrape(own)["netmon_x_seconds"] == ({"sink": 'a"b'}, 1.5)
    seen[0] = 2.5
    assert scrape(own)["netmon_x_seconds"] == ({"sink": 'a"b'}, 2.5)


def test_parts_that_share_a_name_share_a_family():
    own, metric = OwnMetrics(), counter("netmon_x_total", "X.")
    for name in ("a", "b"):
        own.watch(lambda name=name: [(metric, (("sink", name),), 1)])
    assert own.render().count(b"# TYPE netmon_x_total counter") == 1
    assert b"_created" not in own.render()


def test_a_counter_without_its_suffix_is_a_defect():
    own = OwnMetrics()
    own.watch(lambda: [(counter("netmon_x", "X."), (), 1)])
    with pytest.raises(ValueError, match="_total"):
        own.render()


def test_two_registries_share_nothing():
    first, second = OwnMetrics(), OwnMetrics()
    first.watch(lambda: build_samples("1.2.3"))
    assert scrape(first)["netmon_build_info"][0]["version"] == "1.2.3"
    assert "netmon_build_info" not in scrape(second)
    assert "process_resident_memory_bytes" in scrape(second)


def test_the_daemon_and_its_sinks_tell_all_that_they_declare():
    hub, own = Hub(), OwnMetrics()
    hub.failures_total["Broken"] += 1
    job = JobState(Job("wan", 10, lambda: None), runs_total=3, overruns_total=1, running=True)
    pump = Pump(MemoryHistory(), InfluxSink(InfluxSettings("http://127.0.0.1:9")), FakeClock())
    exposed = list(exposition_samples(SeriesBudget()))
    own.watch(lambda: [*hub_samples(hub), *job_samples([job]), *pump_samples([pump]), *exposed])
    found = scrape(own)
    told_by_the_app = {"netmon_build_info"} | {
        m.name for m in DAEMON_METRICS if "reload" in m.name or "_lag" in m.name or "_clock" in m.name
    }
    assert {m.name for m in (*DAEMON_METRICS, *DELIVERY_METRICS)} - told_by_the_app <= set(found)
    assert found["netmon_job_overruns_total"] == ({}, 1)
    assert found["netmon_sink_lag_seconds"] == ({"sink": "influxdb"}, 0)


def test_declared_names_are_unlike():
    declared = (*DAEMON_METRICS, *DELIVERY_METRICS, info("netmon_up_info", "x"))
    assert len({metric.name for metric in declared}) == len(declared)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", TextFormat.PLAIN),
        ("*/*", TextFormat.PLAIN),
        ("text/plain;version=0.0.4", TextFormat.PLAIN),
        ("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5", TextFormat.PLAIN),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", TextFormat.OPEN),
        ("application/openmetrics-text", TextFormat.OPEN),
        ("application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4", TextFormat.PLAIN),
    ],
)
def test_the_format_is_the_one_that_is_asked_for(accept, form):
    assert negotiate(accept) is form


def test_netmons_own_numbers_are_open_metrics_too():
    own = OwnMetrics()
    own.watch(lambda: job_samples([]))
    text = own.render(TextFormat.OPEN).decode()
    families = {family.name: family.type for family in open_families(text)}
    assert families["netmon_job_runs"] == "counter"
    assert text.endswith("# EOF\n")
