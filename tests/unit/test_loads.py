"""When tests filled which circuit, and what is made of samples beside them."""

import pytest
from fakes.clock import FakeClock
from fakes.context import FakeLoads, make_context

from netmon import sdk
from netmon.model import Outcome
from netmon.shared import Loads
from netmon.verdict.sample import Sample, TargetKey
from netmon.verdict.tally import tally
from netmon.verdict.view import WatchedProbe

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("circuit", "start", "end", "filled"),
    [
        ("wan1", 0, 9, False),
        ("wan1", 5, 10, True),
        ("wan1", 12, 13, True),
        ("wan1", 20.5, 25, True),  # the queue is not empty at once
        ("wan1", 21.5, 25, False),
        ("wan2", 12, 13, False),
        ("", 12, 13, True),
    ],
)
def test_a_load_is_remembered_with_its_circuit(circuit, start, end, filled):
    clock = FakeClock()
    loads, base = Loads(clock), clock.boottime_ns()
    clock.move(10)
    with loads.loading("wan1"):
        clock.move(10)
    assert loads.filled(circuit, base + round(start * SECOND), base + round(end * SECOND)) is filled


def test_a_load_that_has_not_ended_counts_and_one_of_no_circuit_may_fill_any():
    clock = FakeClock()
    loads = Loads(clock)
    with loads.loading(""):
        clock.move(1)
        assert loads.filled("wan1", clock.boottime_ns(), clock.boottime_ns() + 1)


class Quick(sdk.Probe[sdk.NoSettings]):
    measurement = "quick"
    own_metrics = ()
    settings_type = sdk.NoSettings

    async def measure(self, _target):
        return sdk.Sample()


@pytest.mark.parametrize("busy", [False, True])
async def test_a_sample_says_that_a_test_was_under_way(busy):
    probe = Quick(sdk.Assignment("quick", ("a", "b"), 10.0, 5.0), sdk.NoSettings())
    await probe.open(make_context(loads=FakeLoads(busy=busy)))
    (reading,) = await probe.read()
    assert [reading.cell(at, sdk.PROBE_UNDER_TEST) for at in (0, 1)] == [int(busy)] * 2


def test_beside_a_test_answers_count_and_times_and_losses_do_not():
    probe = WatchedProbe("ping", "icmp", "anchor", 10.0)
    calm = Sample("wan1", Outcome.OK, 10, 10, (0.010,))
    disturbed = Sample("wan1", Outcome.PARTIAL, 10, 2, (0.300,), under_test=True)
    found = tally(TargetKey("ping", "a"), probe, 2, [calm, disturbed])
    assert (found.sent, found.received, found.trips_seconds, found.runs) == (10, 10, [0.010], 2)
    alone = tally(TargetKey("ping", "a"), probe, 2, [disturbed])
    assert alone.good
    assert alone.loss_ratio is None
