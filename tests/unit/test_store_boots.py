import pytest
from fakes.records import stamp

from netmon.model import Stamp
from netmon.store.boots import Boots

WALL_MS = 1_800_000_000_000


def at(boottime_s, wall_s, *, synced=True, boot="boot-1"):
    return Stamp(boot, boottime_s * 10**9, WALL_MS + wall_s * 1000, synced)


def noted(*stamps):
    boots = Boots()
    for one in stamps:
        boots.note(one)
    return boots


def test_the_first_stamp_of_a_boot_is_news_and_the_next_one_is_not():
    boots = Boots()
    assert boots.note(stamp(0)).boot == 1
    assert boots.note(stamp(5)) is None


def test_everything_of_a_boot_gets_its_true_time_when_the_clock_is_synchronised():
    boots = noted(at(10, -500, synced=False))
    assert boots.stamp(1, 10 * 10**9) == at(10, -500, synced=False)
    boots.note(at(70, 60))
    assert boots.stamp(1, 10 * 10**9) == at(10, 0)


def test_a_provisional_offset_follows_the_newest_belief():
    boots = noted(at(10, 0, synced=False), at(20, 900, synced=False))
    assert boots.stamp(1, 10 * 10**9).wall_ms == WALL_MS + 890_000


def test_a_settled_offset_ignores_small_drift_and_an_unsynchronised_clock():
    boots = noted(at(10, 10))
    assert boots.note(Stamp("boot-1", 20 * 10**9, WALL_MS + 20_400, synced=True)) is None
    assert boots.note(at(30, 5000, synced=False)) is None
    assert boots.stamp(1, 30 * 10**9) == at(30, 30)


def test_a_step_of_a_synchronised_clock_begins_a_new_segment_and_leaves_the_past_alone():
    boots = noted(at(10, 10))
    segment = boots.note(at(50, 3650))
    assert (segment.boot, segment.from_ns) == (1, 50 * 10**9)
    assert boots.stamp(1, 49 * 10**9).wall_ms == WALL_MS + 49_000
    assert boots.stamp(1, 51 * 10**9).wall_ms == WALL_MS + 3_651_000


def test_windows_map_wall_time_to_each_boot():
    boots = noted(at(10, 10), at(50, 3650), at(5, 9000, boot="boot-2"))
    windows = list(boots.windows(WALL_MS + 20_000, WALL_MS + 9_001_000))
    spans = [(w.segment.boot, w.start_ns // 10**9, w.end_ns // 10**9) for w in windows]
    assert spans == [(1, 20, 50), (1, 50, 5401), (2, 0, 6)]


def test_a_clock_that_was_never_synchronised_proves_no_age():
    boots = noted(at(10, -999_999, synced=False), at(5, 0, boot="boot-2"))
    assert {window.segment.boot_id for window in boots.trusted_before(WALL_MS)} == {"boot-2"}


def test_a_boot_whose_offset_was_lost_has_no_time():
    with pytest.raises(ValueError, match="boot 7"):
        Boots().stamp(7, 0)
