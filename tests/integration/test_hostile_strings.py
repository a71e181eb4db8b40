"""Whatever a device says is harmless in everything that netmon makes of it: from the wire to each way out."""

import asyncio
import csv
import io
import json
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from itertools import cycle
from math import isfinite
from pathlib import Path

import pytest
from fakes import hostile
from fakes.clock import FakeClock
from fakes.line_protocol import read_line
from fakes.pages import device_page_of, main_page, parsed, snapshot_of, technician_page
from fakes.site_sample import SampleSite
from fakes.snmp_agent import bench, snmp_context
from fakes.traps import LINK_DOWN, identifier, receiving, text, v1, v2c
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import netmon.web
from collectors.rules.library import OWN_FOLDER, Library
from collectors.snmp.command import collectors
from netmon import sdk
from netmon.delivery.line import LineEncoder
from netmon.delivery.long_form import cells, write_csv, write_json_lines
from netmon.latest import Latest
from netmon.metrics.exposition import Exposition
from netmon.model import Event, Fact, Kind, Reading
from netmon.text import clean
from netmon.verdict.view import Watch, WatchedDevice
from netmon.web.device_detail import device_detail
from netmon.web.device_readings import rows_of
from netmon.web.document_json import encode
from netmon.web.interfaces import interface_documents
from netmon.web.topology import topology
from netmon.web.views import event_document, fact_documents

EVERYTHING = "system,interfaces,inventory,neighbours,sensors,resources,vlans,addresses"
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEMPLATES = "".join(
    path.read_text() for path in (Path(netmon.web.__file__).parent / "templates").glob("*.html")
)
ELEMENTS = frozenset(re.findall(r"<([a-z][a-z0-9]*)", TEMPLATES))
ATTRIBUTES = frozenset(re.findall(r"[\s\"]([a-z:-]+)=\"", TEMPLATES.lower())) | {"hidden", "defer", "open"}


@cache
def library():
    """Return the vendor files, which take longer to load than all else here."""
    found = Library((OWN_FOLDER,))
    found.scan()
    return found


async def polled(draw, polls=2):
    """Return all that collectors make of a switch that says something else with each poll."""
    records = []
    async with bench() as rig, snmp_context() as context:
        context.shared._things[Library] = library()
        sources = list(collectors(EVERYTHING, rig.device, 5.0))
        for source in sources:
            await source.open(context)
        for poll in range(polls):
            draw()  # so that the next text is never the one of the poll before
            fresh = hostile.hostile_switch(draw)
            rig.switch.uptime = 100_000 - 90_000 * poll
            rig.switch.ports, rig.switch.changes = fresh.ports, fresh.changes
            rig.switch.table_last_change += 1
            for source in sources:
                with suppress(sdk.SourceError):  # ports that change their names may cost a poll
                    records += await source.read()
        for source in sources:
            await source.close()
    return records


def what_a_switch_says(texts):
    said = cycle(texts)
    return asyncio.run(polled(lambda: next(said)))


def strings(value):
    """Yield every text in a value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield name
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)


def texts_of(record):
    if isinstance(record, Reading):
        for row in record.shape.rows:
            yield from strings((row.key, row.info, row.texts))
    elif isinstance(record, Fact):
        yield from strings((record.key, record.values))
    else:
        yield from strings((record.key, record.data))


def assert_clean(records):
    for record in records:
        for one in texts_of(record):
            assert clean(one) == one, record
        if isinstance(record, Event):
            assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in record.text)


def assert_lines(records):
    """Every line is one point of what was measured, under its own name, and nothing besides."""
    for record in records:
        lines = [read_line(line) for line in LineEncoder().encode(record)]
        if isinstance(record, Event):
            fields = ["text", "data"] if record.data else ["text"]
            assert [(line.measurement, list(line.fields)) for line in lines] == [("event", fields)]
        elif isinstance(record, Reading):
            names = {metric.name for metric in record.shape.metrics}
            keys = {tuple(sorted((n, _loosely(t)) for n, t in row.key if t)) for row in record.shape.rows}
            for line in lines:
                constant = {name for metric in record.shape.metrics for name, _ in metric.labels}
                tags = {(n, _loosely(t)) for n, t in line.tags.items() if n not in constant | {"clock"}}
                assert line.measurement == record.shape.measurement
                assert tuple(sorted(tags)) in keys
                assert set(line.fields) <= names


def _loosely(text):
    """A backslash before a separator cannot be told from its wide twin."""
    return text.replace("\uff3c", "\\")


def assert_exposition(records):
    exposition = Exposition(FakeClock())
    latest = Latest()
    readings = [record for record in records if isinstance(record, Reading)]
    for reading in readings:
        exposition.accept([reading])
        latest.accept([reading])
    families = text_string_to_metric_families(b"".join(exposition.render()).decode("utf-8", "strict"))
    samples = [sample for family in families for sample in family.samples]
    series = {(sample.name, *sorted(sample.labels.items())) for sample in samples}
    assert len(series) == len(samples)
    newest = {reading.shape.measurement: reading for reading in readings}
    expected = 0
    for reading in newest.values():
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            for row, value in zip(reading.shape.rows, column, strict=True):
                told = metric.kind is not Kind.INFO or metric.name in dict(row.texts)
                expected += told and value is not None and isfinite(value)
    assert len(samples) == expected
    known = {one for reading in readings for one in texts_of(reading)}
    declared = {text for r in readings for m in r.shape.metrics for pair in m.labels for text in pair}
    for sample in samples:
        assert set(sample.labels.values()) <= known | declared


def site_that_saw(records):
    clock = FakeClock()
    site = SampleSite(
        clock=clock, watch=Watch("lib", "Library", devices={"sw1": WatchedDevice("sw1", "switch", 30.0)})
    )
    site.latest.accept(records)
    newest = max(record.stamp.boottime_ns for record in records)
    clock.move((newest - clock.boottime_ns()) / 1e9 if newest > clock.boottime_ns() else 0.0)
    return site


async def assert_pages(site):
    for html in (await main_page(site), await device_page_of(site, "sw1"), technician_page(site)):
        page = parsed(html)
        assert set(page.seen) <= ELEMENTS
        assert set(page.attributes) <= ATTRIBUTES
        assert page.seen.count("script") <= 1, "our own"
        assert not any(name.startswith("on") for name in page.attributes)
        for target in re.findall(r'(?:href|src)="([^"]*)"', html.decode("utf-8", "strict")):
            assert re.match(r"/(?!/)|#|data:,", target)
        assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in html.decode())
        assert "46090521" not in page.text, "a template was run"


def assert_json(site, records):
    snapshot = snapshot_of(site)
    facts = [record for record in records if isinstance(record, Fact)]
    for document in (
        device_detail(snapshot, "sw1", rows_of(site.view, "sw1")),
        topology(snapshot),
        interface_documents(snapshot),
        tuple(event_document(record) for record in records if isinstance(record, Event)),
    ):
        assert json.loads(encode(document).decode("utf-8", "strict")) is not None
    told = json.loads(encode(fact_documents(facts)))
    assert [one["values"] for one in told] == [json.loads(json.dumps(fact.values)) for fact in facts]


def assert_exports(records):
    wanted = sum(len(list(cells(record))) for record in records)
    table, lines = io.StringIO(newline=""), io.StringIO()
    write_csv(records, ("site", "device", "ifName", "sensor"), table)
    table.seek(0)
    rows = list(csv.reader(table, strict=True))
    assert len(rows) == wanted + 1
    for row in rows:
        assert len(row) == len(rows[0])
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "-")) or re.fullmatch(r"-?[\d.e+-]+", cell)
    write_json_lines(records, lines)
    assert [json.loads(line)["metric"] for line in lines.getvalue().splitlines()] == [
        cell.metric for record in records for cell in cells(record)
    ]


def assert_harmless(records):
    assert_clean(records)
    assert_lines(records)
    assert_exposition(records)
    assert_exports(records)
    site = site_that_saw(records)
    assert_json(site, records)
    asyncio.run(assert_pages(site))


@few
@given(st.lists(hostile.TEXTS, min_size=7, max_size=23))
@example([b"", b"", b"x", b"x", b"", b"x", b"x"])
def test_whatever_a_switch_says_is_harmless_everywhere(texts):
    assert_harmless(what_a_switch_says(texts))


@pytest.mark.parametrize("attack", hostile.ATTACKS, ids=repr)
def test_an_attack_in_every_place_at_once_is_harmless_everywhere(attack):
    records = what_a_switch_says([attack, attack + b" again", attack * 2])
    measurements = {record.shape.measurement for record in records if isinstance(record, Reading)}
    assert {"interface", "system", "sensor_temperature", "sensor_state", "storage"} <= measurements
    kinds = {record.kind for record in records if not isinstance(record, Reading)}
    assert {"system", "inventory", "neighbours", "unregistered_neighbours", "vlans", "reboot"} <= kinds
    assert "neighbours_changed" in kinds
    assert_harmless(records)


def test_a_name_of_sixty_thousand_octets_is_cut_at_the_boundary():
    async def read():
        async with bench() as rig, snmp_context() as context:
            rig.agent._max_size = 65_000
            rig.switch.ports = rig.switch.ports[:1]
            rig.switch.ports[0].alias = b"<b>" + b"\xe6\xbc\xa2" * 20_000
            (source,) = collectors("interfaces", rig.device, 5.0)
            await source.open(context)
            records = [record async for record in _each(source)]
            await source.close()
            return records

    async def _each(source):
        for record in await source.read():
            yield record

    records = asyncio.run(read())
    (row,) = next(
        r.shape.rows for r in records if isinstance(r, Reading) and r.shape.measurement == "interface"
    )
    assert len(dict(row.info).get("ifAlias", "")) <= 255
    assert_harmless(records)


@few
@given(st.lists(hostile.TEXTS, min_size=4, max_size=4))
def test_whatever_a_trap_carries_is_harmless_everywhere(texts):
    bound = [
        (f"1.3.6.1.2.1.31.1.1.1.{n}.1", text(octets[:400]))
        for n, octets in zip((1, 18, 3, 2), texts, strict=True)
    ]
    unknown = ("1.3.6.1.4.1.99999.1", text(texts[0][:400]))

    async def heard():
        async with receiving() as traps:
            named = ("1.3.6.1.4.1.5.1", identifier("1.3.6.1"))
            traps.send(v2c(LINK_DOWN, *bound, unknown), v1(6, 7, *bound))
            traps.send(v2c("1.3.6.1.4.1.99999.0.3", unknown, named))
            await traps.until(lambda: len(traps.events) >= 3)
            return [*traps.events]

    events = asyncio.run(heard())
    assert {event.kind for event in events} == {"trap"}
    assert_clean(events)
    assert_lines(events)
    assert_exports(events)
    site = site_that_saw(events)
    assert_json(site, events)
    asyncio.run(assert_pages(site))
