"""What the pages look like from inside: hostile strings are text, sizes are bounded, nothing blocks."""

import re
from dataclasses import replace

import pytest
from fakes.context import FakeClock
from fakes.pages import device_page_of, main_page, parsed, technician_page
from fakes.site_sample import SITE, SamplePort, device_records, probe_row, reading, run_reading, sample_site

from netmon.model import Event, Fact, Fault, Outcome, SlotState
from netmon.sdk import PROBE_SECONDS, PROBE_SUCCESS
from netmon.templates import Templates, csp_hash
from netmon.verdict.view import WatchedDevice, WatchedProbe
from netmon.web import look, page
from netmon.web.documents import VerdictDocument
from netmon.web.files import TEMPLATES
from netmon.web.pages import headline
from netmon.web.scale import Scale, Scales
from netmon.web.snapshot import take
from netmon.web.trends import Trends
from netmon.web.views import ANSWER_TIME, WHOLE_RUN, probe_documents

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>' \u202eevil {{ 7*7 }}"


def hostile_site():
    """Return a site where every string that comes from the network is an attack."""
    site = sample_site(FakeClock())
    stamp = site.clock.stamp()
    site.latest.accept(device_records("sw1", [SamplePort(HOSTILE, HOSTILE)], stamp, 0))
    site.latest.accept([Fact("system", (SITE, ("device", "sw1")), {"sysDescr": HOSTILE}, stamp)])
    site.latest.accept([Event(HOSTILE, (SITE, ("device", HOSTILE)), HOSTILE, stamp)])
    site.latest.accept(
        [reading("http", (PROBE_SUCCESS, PROBE_SECONDS), [(probe_row("portal", HOSTILE), (0, 0.1))], stamp)]
    )
    site.notes = (HOSTILE,)
    return site


async def test_hostile_strings_are_shown_as_text_on_both_pages():
    site = hostile_site()
    for html in (await main_page(site), technician_page(site)):
        tags = parsed(html)
        assert tags.seen.count("script") <= 1, "our own"
        assert "img" not in tags.seen
        assert not any(name.startswith("on") or name == "style" for name in tags.attributes)
        assert "alert('x')" in tags.text
        assert "{{ 7*7 }}" in tags.text


async def test_the_verdict_comes_first():
    site = sample_site(FakeClock(), line_down=True)
    for html in (await main_page(site), technician_page(site)):
        text = re.sub(
            r"\s+", " ", parsed(html[html.index(b"<main") : html.index(b"</main>") + 7]).text
        ).strip()
        assert text.lower().startswith("down")
        assert text.index("The line is down.") < 10
        assert text.index("call Northern Fibre (reference NF-100234)") < 150


async def test_what_is_not_known_is_a_word_and_stale_rows_say_so():
    site = sample_site(FakeClock())
    site.clock.advance(900)
    text = parsed(await main_page(site)).text
    assert "stale: 15 min old" in text
    assert "not known" in text
    assert "None" not in text


async def test_a_switch_of_48_ports_stays_a_light_page():
    html = await main_page(sample_site(FakeClock(), ports=48))
    assert len(html) < 120_000
    assert html.count(b'class="spark"') > 30


async def test_ports_that_nobody_uses_are_folded_away():
    html = (await main_page(sample_site(FakeClock()))).decode()
    folded = html[html.index('id="unused-3"') :]
    assert "Te1/1/1" in folded
    assert "Te1/1/1" not in html[: html.index('id="unused-3"')]


async def test_an_estate_of_ports_is_bounded_and_the_rest_has_a_link():
    site = sample_site(FakeClock())
    stamp = site.clock.stamp()
    devices = {f"sw{n}": WatchedDevice(f"sw{n}", "switch", 30.0) for n in range(40)}
    site.watch = replace(site.watch, devices={**site.watch.devices, **devices})
    for name in devices:
        site.latest.accept(device_records(name, [SamplePort(f"p{n}") for n in range(48)], stamp, 0))
    html = (await main_page(site)).decode()
    assert html.count("<tr") < 420
    assert "48 more:" in html
    assert "/device?name=sw39#ports" in html
    one = (await device_page_of(site, "sw39")).decode()
    assert ">p47<" in one


async def test_a_site_without_anything_configured_has_a_page():
    site = sample_site(FakeClock())
    site.watch = replace(site.watch, probes={}, devices={}, circuits={})
    site.latest = type(site.latest)()
    assert "Nothing is known yet." in parsed(await main_page(site)).text
    assert "Nothing is known yet." in parsed(technician_page(site)).text


def test_the_technician_page_is_small_whatever_the_site():
    site = sample_site(FakeClock(), line_down=True)
    stamp = site.clock.stamp()
    devices = {f"switch-{n}": WatchedDevice(f"switch-{n}", "switch", 30.0) for n in range(500)}
    probes = {f"p{n}": WatchedProbe(f"p{n}", "icmp", "anchor", 10.0) for n in range(300)}
    site.watch = replace(site.watch, devices=devices, probes={**site.watch.probes, **probes})
    site.latest.accept(
        [
            reading("icmp", (PROBE_SUCCESS, PROBE_SECONDS), [(probe_row(p, "x" * 255), (0, 0.1))], stamp)
            for p in probes
        ]
    )
    html = technician_page(site)
    assert len(html) < 50_000
    assert b"and 272 more" in html


def test_the_technician_page_needs_nothing_else():
    html = technician_page(sample_site(FakeClock())).decode()
    assert not re.search(r"(src|href)=\"(?!data:,)", html)
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    assert csp_hash(style) == csp_hash(Templates(TEMPLATES).render("technician.css").decode())


def test_the_technician_page_says_since_when():
    text = parsed(technician_page(sample_site(FakeClock(), line_down=True))).text
    assert "25 min ago" in text
    assert "no answer since netmon started" in text
    assert "supplier Northern Fibre, reference NF-100234" in text
    assert "10.3.0.9" in text


async def test_what_refuses_is_neither_well_nor_silent():
    site = sample_site(FakeClock())
    stamp = site.clock.stamp()
    row = (probe_row("portal", "https://portal.example/"), (0, 0.001))
    refused = [reading("http", (PROBE_SUCCESS, PROBE_SECONDS), [row], stamp, (Outcome.REFUSED,))]
    site.latest.accept([*refused, run_reading("interfaces", "ap9/interfaces", "ap9", Outcome.REFUSED, stamp)])
    for html in (await main_page(site), technician_page(site)):
        assert re.findall(r'class="(?:word|pill) (\w+)"><?(?:bdi>)?refuses', html.decode()) == ["warn"] * 2


async def test_a_long_address_may_break_after_its_slashes_only():
    html = (await main_page(sample_site(FakeClock()))).decode()
    assert "<bdi>https://portal.example/<wbr></bdi>" in html


@pytest.mark.parametrize(
    ("every_seconds", "history_seconds", "window_ms"),
    [
        (2, 60, 10_000),
        (15, 60, 30_000),
        (10, 60, 20_000),
        (2, 3000, 60_000),
        (30, 60, 60_000),
        (30, 86_400, 300_000),
        (300, 60, 300_000),
    ],
)
def test_a_young_history_is_not_a_dot_at_the_edge_of_six_hours(every_seconds, history_seconds, window_ms):
    assert Scale.fit([every_seconds], history_seconds * 1000).window_ms == window_ms


def test_a_slow_source_does_not_blur_the_charts_of_the_others():
    site = sample_site(FakeClock())
    probes = {"host": WatchedProbe("host", "host", "", 300.0)}
    devices = {"rt1": WatchedDevice("rt1", "router", 5.0)}
    site.watch = replace(site.watch, probes=probes, devices=devices)
    scales = Scales.fit(take(site.view, site.verdict(), site.clock.boottime_ns()), 120_000)
    assert (scales.devices.window_ms, scales.own.window_ms) == (10_000, 300_000)


async def test_charts_do_not_show_the_time_before_the_history_began():
    site = sample_site(FakeClock())
    snapshot = take(site.view, site.verdict(), site.clock.boottime_ns())
    scales = Scales(*[Scale.fit([150.0], 20 * 300_000)] * 3)
    assert scales.probes.period == "1 h 45 min"
    past = look.Look(Trends(site.query), snapshot, site.clock.wall_ns() // 1_000_000, scales)
    series = await past.timings()
    assert {len(values) for values in series["icmp"].values()} == {21}


@pytest.mark.parametrize(
    ("kind", "probe", "share", "drawn"),
    [("http", "portal", 0.4, False), ("http", "portal", 0.6, True), ("icmp", "gateway", 0.4, True)],
)
def test_the_time_that_failures_took_is_not_drawn_as_an_answer_time(kind, probe, share, drawn):
    site = sample_site(FakeClock())
    one = next(one for one in probe_documents(take(site.view, site.verdict(), 0)) if one.probe == probe)
    name, labels = ANSWER_TIME.get(kind, WHOLE_RUN)
    key = tuple(one.key.items())
    series = {(key, name, labels): [2.0, 2.0], (key, "probe_success", ()): [share, share]}
    assert bool(page._answers(one, series, "2 min").lines[0]) is drawn


@pytest.mark.parametrize(
    ("state", "fault", "shown"),
    [
        (SlotState.UP, Fault.NONE, ("good", "Up")),
        (SlotState.UP, Fault.LAN, ("warn", "Up, with a fault")),
        (SlotState.DOWN, Fault.LINE, ("bad", "Down")),
        (SlotState.UNKNOWN, Fault.LAN, ("warn", "Not known")),
        (SlotState.UNKNOWN, Fault.UNKNOWN, ("dim", "Not known")),
    ],
)
def test_the_verdict_has_a_word_beside_its_colour(state, fault, shown):
    assert headline(VerdictDocument(state, fault, "", "", (), None)) == shown
