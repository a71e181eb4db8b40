"""What the engine tells of itself."""

from fakes.context import FakeClock

from collectors.snmp.report import DEVICE, ENGINE, REPORT_METRICS, EngineReport
from collectors.snmp.transport import TransportCounters


async def test_whoever_comes_when_it_is_due_tells_and_nobody_else():
    clock = FakeClock()
    report = await EngineReport.open(clock)
    counters = TransportCounters(sent=7, bad_source=2)
    assert not report.due(counters, clock, "depot")
    clock.advance(10)
    (reading,) = report.due(counters, clock, "depot")
    assert not report.due(counters, clock, "depot")
    told = {m.name: column[0] for m, column in zip(reading.shape.metrics, reading.columns, strict=True)}
    assert reading.shape.measurement == ENGINE
    assert told["netmon_snmp_sent_total"] == 7
    assert told["netmon_snmp_bad_source_total"] == 2
    assert told["netmon_snmp_late_total"] == 0


async def test_the_shapes_stay_from_one_report_to_the_next():
    clock = FakeClock()
    report = await EngineReport.open(clock)
    report.note_wrong_types("sw1", 3)
    told = []
    for _ in range(2):
        clock.advance(10)
        told.append(report.due(TransportCounters(), clock, "depot"))
        report.note_wrong_types("sw1", 1)
    assert [reading.shape for reading in told[0]] == [reading.shape for reading in told[1]]
    assert [reading.columns[0][0] for _, reading in told] == [3, 4]
    assert told[0][1].shape.measurement == DEVICE


def test_every_counter_of_the_transport_is_told():
    names = {
        metric.name.removeprefix("netmon_snmp_").removesuffix("_total") for metric in REPORT_METRICS[ENGINE]
    }
    assert names == set(TransportCounters.__dataclass_fields__)
