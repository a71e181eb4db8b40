"""How late the loop is, and what that means for the watchdog."""

import asyncio
import logging

from fakes.clock import FakeClock, run

from netmon.app.pulse import Pulse


class Watchdog:
    """Counts signs of life; systemd wants one every 9 s."""

    def __init__(self):
        self.fed = 0

    def watchdog_seconds(self):
        return 9.0

    def watchdog(self):
        self.fed += 1


def beating(story, stuck=lambda: ""):
    """Run a story beside a pulse, in virtual time."""

    async def live():
        clock, watchdog = FakeClock(), Watchdog()
        pulse = Pulse(clock, watchdog, stuck)
        task = asyncio.create_task(pulse.run())
        await asyncio.sleep(0)
        await story(pulse, watchdog, clock)
        task.cancel()
        await asyncio.wait([task])

    run(live())


def test_a_loop_that_was_blocked_shows_in_the_lag_and_in_its_maximum(caplog):
    async def story(pulse, _watchdog, clock):
        await asyncio.sleep(1.2)
        assert pulse.lag_max_seconds < 0.001
        clock.move(3.0)  # the loop did nothing while three seconds went by
        await asyncio.sleep(0.5)
        assert round(pulse.lag_seconds, 2) == 3.0
        await asyncio.sleep(1)
        assert pulse.lag_seconds < 0.001
        assert round(pulse.lag_max_seconds, 2) == 3.0

    beating(story)
    assert [one.getMessage() for one in caplog.records] == ["the event loop was blocked for 3.0 s"]


def test_a_clock_that_is_set_is_no_lag():
    async def story(pulse, _watchdog, clock):
        clock.step(30 * 86_400)
        await asyncio.sleep(2)
        assert pulse.lag_max_seconds < 0.001

    beating(story)


def test_the_watchdog_is_fed_three_times_per_limit_and_not_while_something_is_stuck(caplog):
    hangs = ""

    async def story(_pulse, watchdog, _clock):
        nonlocal hangs
        await asyncio.sleep(9.2)
        fed = watchdog.fed
        assert fed in (3, 4)
        hangs = "the disk thread does not answer"
        await asyncio.sleep(30)
        assert watchdog.fed == fed
        hangs = ""
        await asyncio.sleep(4)
        assert watchdog.fed > fed

    with caplog.at_level(logging.INFO):
        beating(story, lambda: hangs)
    assert [one.getMessage() for one in caplog.records] == [
        "not feeding the watchdog: the disk thread does not answer",
        "feeding the watchdog again",
    ]
