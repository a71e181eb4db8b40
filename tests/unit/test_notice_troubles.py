"""What went wrong in telling once, and must not again: receivers that are away, clocks that step, twins."""

import asyncio
from dataclasses import replace

import pytest
from fakes import clock as virtual
from fakes.telling import ScriptedChannel, Site, closed

from netmon.errors import RetryLater, Unreachable
from netmon.incidents.incident import Severity
from netmon.notices.addressees import Addressees
from netmon.notices.message import Sort


class Away(ScriptedChannel):
    """A receiver of states that cannot be reached for a while."""

    async def refresh(self, standing):
        if self.down is not None:
            raise self.down
        await super().refresh(standing)


def test_an_end_during_a_receivers_long_absence_is_told_when_it_is_back():
    async def story():
        site, channel = Site(), Away(refresh_seconds=60.0)
        site.lane(channel)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(30)
            channel.down = Unreachable("dead")
            await site.closes(one)
            await asyncio.sleep(3600)
            channel.down, channel.refreshed = None, []
            await asyncio.sleep(120)
        assert [found.firing for found in channel.refreshed[0]] == [False]

    virtual.run(story())


def test_an_end_during_a_receivers_absence_survives_a_kill():
    async def story():
        site, channel = Site(), Away(refresh_seconds=60.0)
        site.lane(channel)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(90)
            # what needs no telling makes the lane save its place before long
            for _ in range(2):
                await site.tell(closed(replace(one, told=False), site.clock.stamp()))
                await asyncio.sleep(7)
            channel.down = Unreachable("dead")
            await site.closes(one)
            await asyncio.sleep(600)
        back = Away(refresh_seconds=60.0)
        site.lane(back)
        async with site.running():
            await asyncio.sleep(60)
        assert [found.firing for found in back.refreshed[0]] == [False]

    virtual.run(story())


@pytest.mark.parametrize("step_seconds", [-2, -86_400, 100 * 86_400])
def test_a_clock_that_steps_does_not_make_a_missing_receipt_a_confirmation(step_seconds):
    async def story():
        site, first, second = Site(), ScriptedChannel("first", tickets=True), ScriptedChannel("second")
        lane = site.lane(first)
        site.lane(second, severities=frozenset(), stands_in_for=lane)
        async with site.running():
            one = await site.opens()
            await asyncio.sleep(1)
            site.clock.step(step_seconds)
            await asyncio.sleep(900)
        assert second.ids == [f"{one.id}/1"]
        assert lane.receipts.missing_total == 1

    virtual.run(story())


def test_receipts_that_nobody_answers_for_hold_no_message_up():
    class Mute(ScriptedChannel):
        async def receipt(self, _ticket):
            await asyncio.sleep(10)
            raise Unreachable("no answer")

    async def story():
        site, channel = Site(), Mute(tickets=True)
        site.lane(channel)
        async with site.running():
            for n in range(40):
                await site.opens(f"wan{n}")
            await asyncio.sleep(60)
            urgent = await site.opens("urgent")
            await asyncio.sleep(30)
        assert f"{urgent.id}/1" in channel.ids

    virtual.run(story())


def test_who_has_a_message_is_left_alone_while_another_message_goes_to_the_same_people():
    got = []

    def send(message):
        def to(name):
            if name == "slow":
                raise RetryLater("450 greylisted")
            got.append((name, message))
            return ""

        return to

    both = Addressees(["fast", "slow"])
    for _ in range(3):
        for message in ("a", "b"):
            with pytest.raises(RetryLater):
                both.bring(message, send(message))
    assert got == [("fast", "a"), ("fast", "b")]


def test_a_page_beyond_the_budget_is_named_in_a_summary_within_minutes():
    async def story():
        site, channel = Site(), ScriptedChannel()
        site.lane(channel, budget=1)
        async with site.running():
            for n in range(10):
                await site.opens(f"wan{n}", severity=Severity.TICKET)
            await asyncio.sleep(400)
            for n in range(10, 20):
                await site.opens(f"wan{n}", severity=Severity.TICKET)
            await site.opens("vital")
            await asyncio.sleep(400)
        first, second = [one for one, _ in channel.sent if one.sort is Sort.SUMMARY]
        assert "vital" not in first.text
        assert "vital" in second.short

    virtual.run(story())
