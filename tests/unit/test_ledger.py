"""Bytes per circuit and month."""

import pytest
from fakes.clock import FakeClock
from fakes.history import MemoryHistory

from netmon.errors import StoreError
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


async def test_what_is_reserved_is_spent_until_it_is_given_back():
    history, ledger = MemoryHistory(), MonthlyLedger(FakeClock(), CAPS)
    await ledger.load(history)
    async with ledger.reserve("lte", 300_000_000):
        assert ledger.spent("lte") == 300_000_000
        assert ledger.left("lte") == 1_000_000_000  # of which the holder may spend
        ledger.spend("lte", 100_000_000)
        assert ledger.left("lte") == 900_000_000
    assert ledger.spent("lte") == 100_000_000


async def test_a_process_killed_in_a_test_has_spent_all_that_the_test_might_have_cost():
    history, clock = MemoryHistory(), FakeClock()
    before = MonthlyLedger(clock, CAPS)
    await before.load(history)
    held = before.reserve("lte", 300_000_000)
    await held.__aenter__()
    before.spend("lte", 5)

    after = MonthlyLedger(clock, CAPS)
    await after.load(history)
    assert after.left("lte") == 700_000_000
    await held.__aexit__(None, None, None)


async def test_a_reservation_belongs_to_the_month_in_which_it_was_made():
    clock = FakeClock()
    ledger = MonthlyLedger(clock, CAPS)
    async with ledger.reserve("lte", 300):
        ledger.spend("lte", 100)
        clock.step(MONTH_SECONDS)
        ledger.spend("lte", 100)
    assert ledger.spent("lte") == 0
    clock.step(-MONTH_SECONDS)
    assert ledger.spent("lte") == 200


async def test_what_goes_beyond_the_reservation_is_spent_as_well():
    ledger = MonthlyLedger(FakeClock(), CAPS)
    async with ledger.reserve("lte", 300):
        ledger.spend("lte", 500)
    assert ledger.spent("lte") == 500


class FullDisk(MemoryHistory):
    async def write_state(self, *_state):
        raise StoreError("the disk is full")


async def test_without_a_durable_reservation_nothing_begins():
    ledger = MonthlyLedger(FakeClock(), CAPS)
    await ledger.load(FullDisk())
    with pytest.raises(StoreError):
        async with ledger.reserve("lte", 300):
            pytest.fail("it began")
    assert ledger.spent("lte") == 0
