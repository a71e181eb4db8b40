"""Parsing of /proc and /sys: right on what kernels write, unknown on everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import host_text as text

PARSERS = (
    text.whole, text.boot_time_seconds, text.memory_bytes, text.load_averages, text.interface_counters,
    text.celsius, text.throttling, text.up, text.speed_bytes_per_second, text.full_duplex,
    lambda raw: text.cpu_seconds(raw, 100),
)  # fmt: skip


@given(
    st.one_of(
        st.none(), st.text(), st.from_regex(r"(cpu|btime|eth0:|MemTotal:|0x)[ \d\-xkB.]*\n?", fullmatch=True)
    )
)
def test_no_text_makes_a_parser_raise(raw):
    for parse in PARSERS:
        parse(raw)


def test_processor_time_is_in_seconds_and_guest_time_is_not_counted_twice():
    seconds = text.cpu_seconds("cpu  100 0 200 300 0 0 0 0 50 50\ncpu0 1 2 3\n", 100)
    assert seconds["user"] == 1.0
    assert sum(seconds.values()) == 6.0


def test_modes_that_an_old_kernel_lacks_are_not_zero():
    assert set(text.cpu_seconds("cpu  100 0 200 300", 100)) == {"user", "nice", "system", "idle"}


def test_hidden_files_leave_everything_unknown():
    assert text.cpu_seconds(None, 100) == {}
    assert text.memory_bytes(None) == {}
    assert text.interface_counters(None) == {}
    assert text.throttling(None) == {}
    assert text.load_averages(None) == (None, None, None)
    assert text.boot_time_seconds(None) is None


def test_an_interface_row_that_is_cut_short_is_left_out():
    assert text.interface_counters("eth0: 1 2 3\neth1: " + " ".join("5" * 16)).keys() == {"eth1"}


def test_counters_at_the_top_of_64_bits_stay_exact():
    row = f"eth0: {2**64 - 1} " + " ".join("0" * 15)
    assert text.interface_counters(row)["eth0"]["receive_bytes"] == 2**64 - 1


def test_a_hostile_interface_name_is_made_harmless():
    assert list(text.interface_counters("e\x1b[31m: " + " ".join("0" * 16))) == ["e\ufffd[31m"]


@pytest.mark.parametrize(
    ("millidegrees", "degrees"),
    [("48312\n", 48.312), ("-5000", -5.0), ("-274000", None), ("65261850", None), ("", None), ("n/a", None)],
)
def test_only_a_plausible_temperature_is_one(millidegrees, degrees):
    assert text.celsius(millidegrees) == degrees


def test_throttling_tells_now_and_since_boot_apart():
    found = text.throttling("50005\n")
    assert found["under_voltage", "now"] == 1
    assert found["frequency_capped", "now"] == 0
    assert found["throttled", "since_boot"] == 1
    assert found["soft_temperature_limit", "since_boot"] == 0
    assert text.throttling("throttled=0x50005") == found


@pytest.mark.parametrize(
    ("written", "state"), [("up\n", 1), ("lowerlayerdown", 0), ("unknown", None), (None, None)]
)
def test_an_unknown_operstate_is_never_down(written, state):
    assert text.up(written) is state


@pytest.mark.parametrize(("written", "speed"), [("1000", 125_000_000), ("-1", None), ("0", None), ("", None)])
def test_a_link_without_speed_has_none(written, speed):
    assert text.speed_bytes_per_second(written) == speed
