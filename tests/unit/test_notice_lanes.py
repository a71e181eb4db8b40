"""Lanes over a history in memory and channels that fail as told, in virtual time."""

import asyncio
from dataclasses import replace

import pytest
from fakes import clock as virtual
from fakes.telling import ScriptedChannel, Site, closed, opened

from netmon.delivery.courier import PumpState
from netmon.errors import Parked, Rejected, RetryLater, Unreachable
from netmon.incidents.incident import Severity, Step
from netmon.notices.budget import DAY_MS, Budget
from netmon.notices.channel import Receipt

NOW_MS = 1_800_000_000_000
PAGES = frozenset({Severity.PAGE})


def test_an_incident_is_told_once_and_its_end_once():
    async def story():
        site, channel = Site(), ScriptedChannel()
        site.lane(channel)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(600)
            await site.closes(one)
            await asyncio.sleep(60)
        assert channel.titles == ["DOWN Central Library since 08:00", "OVER Central Library after 15 min"]
        assert [(e.data["outcome"], e.data["key"]) for e in site.records] == [
            ("taken", "netmon/lib/site/-/access")
        ] * 2

    virtual.run(story())


def test_a_new_channel_begins_with_what_comes():
    async def story():
        site, channel = Site(), ScriptedChannel()
        await site.opens("old")
        site.lane(channel)
        async with site.running():
            new = await site.opens("new")
            await asyncio.sleep(10)
        assert channel.ids == [f"{new.id}/1"]

    virtual.run(story())


def test_200_alerts_with_a_budget_of_20_are_20_and_one_summary():
    async def story():
        site, channel = Site(), ScriptedChannel()
        site.lane(channel, budget=20)
        async with site.running():
            told = [await site.opens(f"wan{n}") for n in range(200)]
            await asyncio.sleep(3600)
            for one in told:
                await site.closes(one)
            await asyncio.sleep(3600)
        kinds = [(one.sort.value, one.firing) for one, _ in channel.sent]
        assert kinds[:21] == [("incident", True)] * 20 + [("summary", True)]
        assert kinds[21:] == [("incident", False)] * 20, (
            "an end is told of everything that was told, beyond the budget"
        )
        assert channel.titles[20] == "180 more alerts at Central Library, not sent one by one"
        assert len(channel.sent[20][0].short) <= 160

    virtual.run(story())


def test_a_day_later_the_budget_is_there_again_and_a_clock_set_back_does_not_close_it_for_ever():
    budget = Budget(2)
    assert [budget.take(NOW_MS + n) for n in (0, 20, 30)] == [True, True, False]
    assert [budget.take(NOW_MS + DAY_MS + n) for n in (-1, 0)] == [False, True]
    assert budget.take(NOW_MS)


@pytest.mark.parametrize(
    "failure",
    [Unreachable("refused"), RetryLater("503"), RetryLater("429", 10.0), Parked("TLS")],
    ids=["unreachable", "later", "after ten seconds", "parked"],
)
def test_a_channel_that_fails_delays_messages_and_loses_none(failure):
    async def story():
        site, channel = Site(), ScriptedChannel(down=failure)
        lane = site.lane(channel)
        async with site.running():
            told = [await site.opens(f"wan{n}") for n in range(5)]
            await asyncio.sleep(300)
            assert channel.sent == []
            assert lane.postman.state is not PumpState.OK
            assert lane.lag_seconds > 290
            channel.down = None
            await asyncio.sleep(1000)
        assert channel.ids == [f"{one.id}/1" for one in told]
        assert lane.postman.state is PumpState.OK

    virtual.run(story())


def test_a_server_may_not_ask_for_more_patience_than_15_minutes():
    async def story():
        site, channel = Site(), ScriptedChannel()
        channel.failures.append(RetryLater("429", 1e9))
        site.lane(channel)
        async with site.running():
            await site.opens()
            await asyncio.sleep(905)
        assert len(channel.sent) == 1

    virtual.run(story())


def test_what_is_refused_for_good_holds_nobody_up_and_is_on_record():
    async def story():
        site, channel = Site(), ScriptedChannel()
        channel.failures.append(Rejected("400: no such template"))
        lane = site.lane(channel)
        async with site.running():
            await site.opens("a")
            second = await site.opens("b")
            await asyncio.sleep(10)
        assert channel.ids == [f"{second.id}/1"]
        assert lane.postman.refused_total == 1
        assert [e.data["outcome"] for e in site.records] == ["refused", "taken"]

    virtual.run(story())


def test_people_hear_of_what_is_new_to_them_and_programs_of_each_step():
    async def story():
        site = Site()
        people, program = ScriptedChannel("people"), ScriptedChannel("program", every_step=True)
        site.lane(people)
        site.lane(program)
        async with site.running():
            one = await site.opens(severity=Severity.TICKET)
            for number, severity in ((2, Severity.TICKET), (3, Severity.PAGE), (4, Severity.PAGE)):
                step = replace(one, number=number, severity=severity)
                await site.tell(opened(step, site.clock.stamp(), Step.CHANGED))
            await site.tell(opened(replace(one, number=5, flapping=True), site.clock.stamp(), Step.FLAPPING))
            await asyncio.sleep(10)
        assert people.ids == [f"{one.id}/{n}" for n in (1, 3, 5)]
        assert program.ids == [f"{one.id}/{n}" for n in (1, 2, 3, 4, 5)]

    virtual.run(story())


def test_a_channel_for_pages_hears_of_a_ticket_once_it_is_a_page():
    async def story():
        site, channel = Site(), ScriptedChannel()
        site.lane(channel, severities=PAGES)
        async with site.running():
            one = await site.opens(severity=Severity.TICKET)
            await site.closes(await site.opens("other", severity=Severity.TICKET))
            await site.tell(
                opened(
                    page := replace(one, number=2, severity=Severity.PAGE), site.clock.stamp(), Step.CHANGED
                )
            )
            await site.tell(closed(page, site.clock.stamp()))
            await asyncio.sleep(10)
        assert channel.ids == [f"{one.id}/2", f"{one.id}/3"]

    virtual.run(story())


def test_a_second_channel_tells_what_the_first_did_not_confirm_in_time():
    async def story():
        site, first = Site(), ScriptedChannel("first", down=Unreachable("dead"))
        second = ScriptedChannel("second")
        lane = site.lane(first)
        site.lane(second, severities=frozenset(), stands_in_for=lane)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(290)
            assert second.sent == []
            await asyncio.sleep(20)
            assert second.ids == [f"{one.id}/1"]
            first.down = None
            await asyncio.sleep(120)
            await site.closes(one)
            await asyncio.sleep(30)
        assert first.ids == [f"{one.id}/1", f"{one.id}/2"]
        assert second.ids == [f"{one.id}/1", f"{one.id}/2"], "who heard of it hears of its end"

    virtual.run(story())


def test_a_second_channel_keeps_silent_while_the_first_confirms():
    async def story():
        site, first, second = Site(), ScriptedChannel("first"), ScriptedChannel("second")
        lane = site.lane(first)
        site.lane(second, stands_in_for=lane)
        async with site.running():
            await site.closes(await site.opens())
            await asyncio.sleep(3600)
        assert (len(first.sent), len(second.sent)) == (2, 0)

    virtual.run(story())


def test_nothing_is_told_twice_by_a_channel_that_takes_it_in_its_own_right():
    async def story():
        site, second = Site(), ScriptedChannel("second")
        lane = site.lane(ScriptedChannel("first", down=Unreachable("dead")))
        site.lane(second)
        site.lane(second, stands_in_for=lane)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(3600)
        assert second.ids == [f"{one.id}/1"]

    virtual.run(story())


def stand_in(site, first, second):
    lane = site.lane(first)
    site.lane(second, severities=frozenset(), stands_in_for=lane)
    return lane


def test_a_message_without_a_receipt_is_told_by_the_second_channel_and_alarms():
    async def story():
        site, first, second = Site(), ScriptedChannel("first", tickets=True), ScriptedChannel("second")
        lane = stand_in(site, first, second)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(280)
            assert second.sent == []
            await asyncio.sleep(60)
            assert second.ids == [f"{one.id}/1"]
            assert lane.receipts.missing_total == 1
            first.receipts[f"{one.id}/1"] = Receipt.DELIVERED
            await asyncio.sleep(600)
        assert lane.state.pending == []
        outcomes = [e.data["outcome"] for e in site.records if dict(e.key)["channel"] == "first"]
        assert outcomes == ["taken", "missing", "delivered"]

    virtual.run(story())


def test_a_message_that_could_not_be_delivered_goes_to_the_second_channel_at_once():
    async def story():
        site, first, second = Site(), ScriptedChannel("first", tickets=True), ScriptedChannel("second")
        stand_in(site, first, second)
        async with site.running():
            one = await site.opens()
            first.receipts[f"{one.id}/1"] = Receipt.FAILED
            await asyncio.sleep(30)
            assert second.ids == [f"{one.id}/1"]

    virtual.run(story())


def test_a_refused_message_goes_to_the_second_channel_at_once():
    async def story():
        site, first, second = Site(), ScriptedChannel("first"), ScriptedChannel("second")
        first.failures.append(Rejected("no"))
        stand_in(site, first, second)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(30)
            assert second.ids == [f"{one.id}/1"]

    virtual.run(story())


def test_what_goes_on_is_told_again_and_what_ended_for_five_minutes():
    async def story():
        site, channel = Site(), ScriptedChannel(refresh_seconds=60.0)
        site.lane(channel)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(600)
            assert {len(found) for found in channel.refreshed} == {1}
            assert len(channel.refreshed) in (10, 11)
            await site.closes(one)
            await asyncio.sleep(1200)
        ended = [found for found in channel.refreshed if not found[0].firing]
        assert len(ended) in (5, 6)
        assert channel.sent == [], "states are told as a whole"

    virtual.run(story())


def test_after_a_kill_anywhere_nothing_is_lost_and_only_what_was_under_way_is_sent_again():
    async def story():
        site = Site()
        taken, again = [], 0
        for n in range(60):
            channel = ScriptedChannel(tickets=False)
            site.lane(channel, budget=10_000)
            async with site.running():
                await site.opens(f"wan{n}")
                # killed between two steps of the loop, another one each time
                for _ in range(n % 7):
                    await asyncio.sleep(0)
            taken += channel.ids
            again += sum(known for _, known in channel.sent)
        last = ScriptedChannel()
        site.lane(last, budget=10_000)
        async with site.running():
            await asyncio.sleep(10)
        taken += last.ids
        again += sum(known for _, known in last.sent)
        assert len(set(taken)) == 60
        assert len(taken) - 60 <= again, "what comes twice says that it may have come before"

    virtual.run(story())


async def taken_on(site, one):
    """Let somebody take an incident on, as the engine writes it down."""
    step = replace(one, number=one.number + 1, acknowledged_by="Ada")
    await site.tell(opened(step, site.clock.stamp(), Step.ACKNOWLEDGED))
    return step


def test_what_somebody_has_taken_on_is_not_told_by_the_second_channel():
    async def story():
        site, first = Site(), ScriptedChannel("first", down=Unreachable("dead"))
        second = ScriptedChannel("second")
        stand_in(site, first, second)
        async with site.running():
            other = await site.opens("other")
            one = await site.opens()
            await asyncio.sleep(60)
            one = await taken_on(site, one)
            await asyncio.sleep(300)
            assert second.ids == [f"{other.id}/1"], "only what nobody has taken on"
            one = replace(one, number=3, severity=Severity.PAGE, worst=one.worst)
            await site.tell(opened(one, site.clock.stamp(), Step.FLAPPING))
            await asyncio.sleep(600)
            assert len(second.sent) == 1, "nor what becomes of it"
            first.down = None
            await asyncio.sleep(120)
            await site.closes(one)
            await asyncio.sleep(600)
        assert first.ids == [f"{other.id}/1", f"{one.id}/1", f"{one.id}/3", f"{one.id}/4"]
        assert second.ids == [f"{other.id}/1"], "who never heard of it does not hear of its end"

    virtual.run(story())


def test_an_acknowledgement_counts_after_a_restart_too():
    async def story():
        site, first = Site(), ScriptedChannel("first", down=Unreachable("dead"))
        second = ScriptedChannel("second")
        stand_in(site, first, second)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(60)
            await taken_on(site, one)
        stand_in(site, first, second)
        async with site.running():
            await asyncio.sleep(900)
        assert second.sent == []

    virtual.run(story())


@pytest.mark.parametrize("restart", [False, True])
def test_a_second_channel_that_is_away_gives_up_what_was_taken_on_and_still_tells_its_end(restart):
    async def story():
        site, first = Site(), ScriptedChannel("first", down=Unreachable("dead"))
        second = ScriptedChannel("second", down=RetryLater("no answer: it may have arrived"))
        stand_in(site, first, second)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(400)
            assert second.attempts > 0
            if not restart:
                one = await taken_on(site, one)
                await asyncio.sleep(120)
        if restart:
            one = await taken_on(site, one)
        stand_in(site, first, second)
        async with site.running():
            await asyncio.sleep(10)
            second.down = None
            await asyncio.sleep(300)
            assert second.sent == []
            await site.closes(one)
            await asyncio.sleep(60)
        assert second.ids == [f"{one.id}/3"]

    virtual.run(story())
