"""The past for the API: in slices, cut at the limit without losing or repeating anything."""

from dataclasses import replace

import pytest
from fakes.context import FakeClock
from fakes.site_sample import earlier, probe_readings, sample_site

from netmon.model import Event
from netmon.web import past
from netmon.web.arguments import Period

START_MS = 1_750_000_000_000


@pytest.fixture
def site():
    site = sample_site(FakeClock())
    now = replace(site.clock.stamp(), wall_ms=START_MS)
    for minute in range(180):
        site.reader.readings += probe_readings(earlier(now, minute * 60), line_down=False)
    site.reader.past_events = [
        Event("note", (("site", "lib-03"),), str(n), earlier(now, n // 3 * 60)) for n in range(300)
    ]
    return site


def wanted(limit=1000, key=(), start_ms=START_MS, name="icmp"):
    return past.Wanted(name, Period(start_ms, START_MS + 3 * 3_600_000), limit, key)


async def everything(site, ask, of):
    """Ask again from where the rest begins, until there is none."""
    found, start_ms = [], START_MS
    while start_ms is not None:
        more, start_ms = await ask(site, of(start_ms))
        found += more
    return found


async def test_a_period_within_the_limit_comes_whole(site):
    found, rest = await past.readings(site, wanted())
    assert (len(found), rest) == (360, None)


@pytest.mark.parametrize("limit", [1, 2, 7, 100, 359])
async def test_asking_again_from_the_rest_gives_everything_once(site, limit):
    found = await everything(site, past.readings, lambda start: wanted(limit, start_ms=start))
    assert found == [one for one in site.reader.readings if one.shape.measurement == "icmp"]


@pytest.mark.parametrize("limit", [1, 5, 100])
async def test_events_of_one_moment_are_never_cut_apart(site, limit):
    found = await everything(site, past.events, lambda start: wanted(limit, start_ms=start, name=""))
    assert [event.text for event in found] == [str(n) for n in range(300)]


async def test_only_rows_with_the_key_count_and_are_shown(site):
    key = (("target", "192.0.2.7"),)
    found, _ = await past.readings(site, wanted(key=key))
    document = past.readings_document("icmp", key, found, None)
    targets = {row.key["target"] for reading in document.readings for row in reading.rows}
    assert targets == {"192.0.2.7"}
    assert document.readings[-1].rows[0].values['probe_icmp_duration_seconds{phase="rtt"}'] == 0.0123


async def test_rollups_begin_at_the_window_in_which_the_period_begins(site):
    site.clock.now_ns = (START_MS + 3 * 3_600_000) * 1_000_000 - site.clock.wall_offset_ns
    found, _ = await past.rollups(site, wanted(start_ms=START_MS + 70_000), 300_000, "probe_success")
    assert min(one.start_ms for one in found) == (START_MS + 70_000) // 300_000 * 300_000
    assert {one.metric.name for one in found} == {"probe_success"}
