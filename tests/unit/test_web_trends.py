"""The last hours for charts: read once, kept up with little, and silent trouble is survived."""

import asyncio

import pytest
from fakes.context import FakeClock
from fakes.site_sample import sample_site

from netmon.web.trends import TrendQuery, Trends

QUERY = TrendQuery("interface", (("device", "rt1"),), ("ifHCInOctets",), 300_000)
WAN = ((("site", "lib-03"), ("device", "rt1"), ("ifName", "Gi0/0")), "ifHCInOctets", ())


@pytest.fixture
def site():
    return sample_site(FakeClock())


def now_ms(site):
    return site.clock.wall_ns() // 1_000_000


async def test_six_hours_are_read_in_slices_and_a_gap_stays_unknown(site):
    series = await Trends(site.query).series(QUERY, now_ms(site))
    values = series[WAN]
    assert len(values) == 72
    assert values[-1] is not None
    assert values[-27] is None, "netmon did not run between 2 and 2.5 hours ago"
    assert len(site.reader.asked) == 6


async def test_a_second_look_reads_only_the_newest_windows(site):
    trends = Trends(site.query)
    before = await trends.series(QUERY, now_ms(site))
    site.reader.asked.clear()
    site.clock.advance(300)
    after = await trends.series(QUERY, now_ms(site))
    assert len(site.reader.asked) == 1
    assert site.reader.asked[0].end_ms - site.reader.asked[0].start_ms <= 6 * 300_000
    assert after[WAN][:68] == before[WAN][1:69]


async def test_a_look_a_second_later_reads_nothing(site):
    trends = Trends(site.query)
    await trends.series(QUERY, now_ms(site))
    site.reader.asked.clear()
    await trends.series(QUERY, now_ms(site) + 1000)
    assert site.reader.asked == []


async def test_a_history_that_fails_leaves_what_was_known(site, caplog):
    trends = Trends(site.query)
    before = await trends.series(QUERY, now_ms(site))
    site.reader.failing = True
    for _ in range(3):
        site.clock.advance(10)
        assert (await trends.series(QUERY, now_ms(site)))[WAN][:-1] == before[WAN][:-1]
    assert len([r for r in caplog.records if "charts are not complete" in r.message]) == 1


async def test_a_history_that_hangs_costs_the_deadline_and_no_more():
    async def never(_question):
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        assert await Trends(never, timeout_seconds=0.01).series(QUERY, 10**12) == {}


async def test_a_clock_that_was_set_back_makes_everything_be_read_again(site):
    trends = Trends(site.query)
    await trends.series(QUERY, now_ms(site))
    site.reader.asked.clear()
    await trends.series(QUERY, now_ms(site) - 86_400_000)
    assert len(site.reader.asked) == 6


async def test_what_nobody_looks_at_is_forgotten(site):
    trends = Trends(site.query)
    for number in range(200):
        await trends.series(TrendQuery("interface", (("device", f"d{number}"),), (), 300_000), now_ms(site))
    assert len(trends._kept) <= 64
