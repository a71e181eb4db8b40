"""Losses, counted by the ping probe and by the referee of an emulated path: not one more, not one less."""

import asyncio

import pytest
from fakes.context import make_context
from fakes.loss_trial import TRIALS, trial
from fakes.referee import FAR, ICMP, emulated_path, round_trips

from netmon import sdk
from probes.icmp import IcmpProbe
from probes.icmp_socket import EchoSockets
from probes.train import LOSS


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    with emulated_path(tmp_path_factory.mktemp("path")) as path:
        yield path


@pytest.mark.parametrize("name", TRIALS)
def test_the_probe_loses_what_the_referee_says_was_lost(path, name):
    ours, theirs = trial(path, name, packets=20)
    assert (ours.sent, theirs.sent) == (2000, 2000)
    assert ours.lost == theirs.lost
    assert ours.further == theirs.further
    assert (sum(ours.lost.values()) > 0) == ("none" not in name)
    assert (ours.further > 0) == ("duplicates" in name)


def test_a_reply_that_comes_after_the_timeout_is_lost_and_nobody_else_gets_it(path):
    async def probe():
        context = make_context()
        settings = IcmpProbe.settings_type(packets=5, spacing="5ms")
        probe = IcmpProbe(sdk.Assignment("under test", (FAR,), 0.05, 0.1), settings)
        await probe.open(context)
        readings = [(await probe.read())[0] for _ in range(4)]
        late = (await context.shared.get(EchoSockets)).of(4).late_total
        await context.shared.close()
        return [reading.cell(0, LOSS) for reading in readings], late

    with path.emulating("delay=150ms", "delay=1ms") as truth, path.near.entered():
        lost, late_total = asyncio.run(probe())
    assert lost == [1.0] * 4
    assert late_total >= 10
    trips = [trip for trips in round_trips(truth.packets(ICMP)).values() for trip in trips]
    assert len(trips) == 20
    assert sum(trip is not None for trip in trips) >= 15
