"""Bytes per circuit and month."""

from fakes.clock import FakeClock
from fakes.history import MemoryHistory

from netmon.ledger import MonthlyLedger

CAPS = {"lte": 1_000_000_000}
MONTH_SECONDS = 31 * 86_400


def test_what_was_spent_is_taken_from_what_is_left_and_no_cap_is_no_limit():
    ledger = MonthlyLedger(FakeClock(), CAPS)
    ledger.spend("lte", 300)
    ledger.spend("fibre", 10**12)
    assert ledger.left("lte") == 999_999_700
    assert ledger.left("fibre") is None
    ledger.spend("lte", 10**12)
    assert ledger.left("lte") == 0


def test_a_new_month_begins_at_zero():
    clock = FakeClock()
    ledger = MonthlyLedger(clock, CAPS)
    ledger.spend("lte", 300)
    clock.step(MONTH_SECONDS)
    assert ledger.spent("lte") == 0


async def test_a_boot_in_the_past_loses_nothing_of_the_true_month():
    history, clock = MemoryHistory(), FakeClock()
    before = MonthlyLedger(clock, CAPS)
    before.spend("lte", 900_000_000)
    await before.save(history)

    clock.step(-MONTH_SECONDS)  # no clock battery
    after = MonthlyLedger(clock, CAPS)
    await after.load(history)
    after.spend("lte", 5)
    await after.save(history)
    clock.step(MONTH_SECONDS)  # NTP has spoken
    await after.save(history)
    assert after.left("lte") == 100_000_000


async def test_counts_that_did_not_change_are_not_written_again():
    history, ledger = MemoryHistory(), MonthlyLedger(FakeClock(), CAPS)
    ledger.spend("lte", 5)
    await ledger.save(history)
    history.states.clear()
    await ledger.save(history)
    assert history.states == {}
