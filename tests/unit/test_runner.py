"""One run of one source, whatever happens in it."""

import asyncio
import logging

import pytest
from fakes import clock as fake_time
from fakes.context import make_context
from fakes.records import SECONDS, reading, shape

from netmon import sdk
from netmon.hub import Hub
from netmon.model.derived import RUN, RUN_LAST_SUCCESS, RUN_UP
from netmon.runner import Runner, best_outcomes


class Kept:
    def __init__(self):
        self.records = []

    def accept(self, records):
        self.records += records

    def run_reading(self):
        return [r for r in self.records if r.shape.measurement == RUN][-1]


class Scripted(sdk.Source[sdk.NoSettings]):
    """Does what the test says."""

    metrics = {"tcp": (SECONDS,)}  # noqa: RUF012 - a class variable of the base
    settings_type = sdk.NoSettings

    def __init__(self, *acts, targets=("a", "b"), timeout_seconds=1.0):
        super().__init__(sdk.Assignment("web", targets, 10, timeout_seconds), sdk.NoSettings())
        self.acts = list(acts)
        self.opened = 0

    async def open(self, context):
        self.opened += 1
        await super().open(context)

    async def read(self):
        act = self.acts.pop(0)
        if isinstance(act, BaseException):
            raise act
        return await act() if callable(act) else act


def run(*acts, times=1, **kwargs):
    kept = Kept()
    source = Scripted(*acts, **kwargs)
    runner = Runner("tcp", source, Hub([kept]))

    async def go():
        context = make_context(clock=fake_time.FakeClock())
        for _ in range(times):
            await runner.run(context)

    fake_time.run(go())
    return kept, source


def ups(kept):
    row = kept.run_reading()
    return [row.cell(at, RUN_UP) for at in range(len(row.shape.rows))]


def test_a_good_run_publishes_its_readings_and_says_up_for_each_target():
    kept, source = run([reading(shape(rows="ab"), 0, [0.1, 0.2])])
    assert [r.shape.measurement for r in kept.records] == ["tcp", RUN]
    assert ups(kept) == [1, 1]
    assert source.opened == 1


def test_one_target_of_two_may_fail_alone():
    bad = sdk.Reading(
        shape(rows="ab"),
        reading(shape(), 0, [1.0]).stamp,
        ([0.1, None],),
        (sdk.Outcome.OK, sdk.Outcome.TIMEOUT),
    )
    kept, _ = run([bad])
    assert ups(kept) == [1, 0]


def test_a_source_error_is_the_outcome_of_every_target_and_the_time_of_success_stays_unknown():
    kept, _ = run(sdk.SourceError("refused", "port 1"))
    row = kept.run_reading()
    assert ups(kept) == [0, 0]
    assert row.outcomes == (sdk.Outcome.REFUSED, sdk.Outcome.REFUSED)
    assert row.cell(0, RUN_LAST_SUCCESS) is None


def test_a_source_that_never_ends_is_cut_at_its_deadline():
    async def never():
        await asyncio.get_running_loop().create_future()

    kept, _ = run(never, timeout_seconds=1.0)
    assert kept.run_reading().outcomes[0] is sdk.Outcome.TIMEOUT


def test_a_defect_in_a_plugin_is_logged_once_with_its_traceback_and_called_broken(caplog):
    kept, _ = run(ZeroDivisionError("oops"))
    assert kept.run_reading().outcomes[0] is sdk.Outcome.BROKEN
    assert "ZeroDivisionError" in caplog.text


def test_a_target_that_stays_down_is_one_line_in_the_log(caplog):
    caplog.set_level(logging.INFO)
    failures = [sdk.SourceError("timeout", "no answer")] * 3
    run(*failures, [reading(shape(rows="ab"), 0, [0.1, 0.2])], times=4, targets=("a",))
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]


def test_cancelling_a_run_leaves_as_cancellation():
    async def go():
        async def never():
            await asyncio.get_running_loop().create_future()

        task = asyncio.create_task(Runner("tcp", Scripted(never), Hub()).run(make_context()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(go())


def test_a_broken_subscriber_starves_nobody(caplog):
    class Broken:
        def accept(self, _records):
            raise RuntimeError("no")

    kept = Kept()
    hub = Hub([Broken(), kept])
    hub.publish([reading(shape(), 0, [1.0])])
    hub.publish([reading(shape(), 1, [1.0])])
    assert len(kept.records) == 2
    assert hub.failures_total == {"Broken": 2}
    assert caplog.text.count("Traceback") == 1


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        pytest.param(sdk.SourceError("no such word", "x"), sdk.Outcome.BROKEN, id="an outcome nobody knows"),
        pytest.param(sdk.UsageError("the file is gone"), sdk.Outcome.UNSUPPORTED, id="an error with words"),
        pytest.param(None, sdk.Outcome.BROKEN, id="nothing instead of records"),
        pytest.param(TimeoutError(), sdk.Outcome.TIMEOUT, id="a time-out"),
    ],
)
def test_no_mistake_of_a_plugin_leaves_the_fence(act, outcome):
    kept, _ = run(act)
    assert kept.run_reading().outcomes[0] is outcome


def test_a_source_that_stays_broken_fills_no_log(caplog):
    run(*[ZeroDivisionError("oops")] * 50, times=50)
    assert caplog.text.count("Traceback") == 1


@pytest.mark.parametrize(
    ("outcomes", "best"),
    [
        pytest.param(["timeout", "rejected"], "rejected", id="an answer goes before a silence"),
        pytest.param(["partial", "ok"], "ok", id="ok goes before all"),
        pytest.param(["refused", "partial"], "partial", id="part of an answer goes before none"),
    ],
)
def test_the_best_row_speaks_for_its_target(outcomes, best):
    rows = tuple(sdk.Row((("device", "a"), ("ifName", str(n)))) for n in range(len(outcomes)))
    reading_ = sdk.Reading(
        sdk.Shape("interface", (SECONDS,), rows),
        reading(shape(), 0, [1.0]).stamp,
        ([None] * len(rows),),
        tuple(map(sdk.Outcome, outcomes)),
    )
    assert best_outcomes([reading_], ("a",)) == {"a": sdk.Outcome(best)}


def test_a_target_that_was_left_out_is_partial_and_a_source_of_events_alone_is_ok():
    assert best_outcomes([reading(shape(rows="a"), 0, [1.0])], ("a", "b"))["b"] is sdk.Outcome.PARTIAL
    assert best_outcomes([], ("a",)) == {"a": sdk.Outcome.OK}
