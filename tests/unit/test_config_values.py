from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.config.values import Endpoint, endpoint, within
from netmon.config.wording import nearest, path_text
from netmon.hours import parse_hours


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 161),
        ("192.0.2.1:1161", "192.0.2.1", 1161),
        ("core.example.org:161", "core.example.org", 161),
        ("2001:db8::1", "2001:db8::1", 161),
        ("[2001:db8::1]", "2001:db8::1", 161),
        ("[2001:db8::1]:1161", "2001:db8::1", 1161),
        ("fe80::1%eth0", "fe80::1%eth0", 161),
    ],
)
def test_an_endpoint_is_a_host_and_perhaps_a_port(text, host, port):
    assert endpoint(text, 161) == Endpoint(host, port)


@pytest.mark.parametrize(
    "text",
    ["", ":161", "a b", "host:", "host:x", "host:65536", "host:-1", "[192.0.2.1]", "[::1", "999.1.1.1", "-a"],
)
def test_what_is_no_endpoint_is_refused(text):
    with pytest.raises(ValueError, match=r"port|address|brackets"):
        endpoint(text, 161)


@given(st.ip_addresses().map(str), st.integers(1, 65535))
def test_an_endpoint_reads_what_it_writes(host, port):
    written = str(Endpoint(host, port))
    assert endpoint(written) == Endpoint(host, port)


@given(st.text())
def test_any_text_is_an_endpoint_or_a_value_error(text):
    try:
        endpoint(text, 161)
    except ValueError:
        return


@pytest.mark.parametrize(
    ("lines", "moment", "covered"),
    [
        (["Mon-Fri 08:00-18:00"], "2026-03-02T08:00", True),  # a Monday
        (["Mon-Fri 08:00-18:00"], "2026-03-02T18:00", False),
        (["Mon-Fri 08:00-18:00"], "2026-03-07T12:00", False),
        (["Sat,Sun 10:00-16:00"], "2026-03-08T15:59", True),
        (["Fri-Mon 00:00-24:00"], "2026-03-08T23:59", True),
        (["22:00-06:00"], "2026-03-04T05:59", True),
        (["22:00-06:00"], "2026-03-04T06:00", False),
        (["Fri 22:00-06:00"], "2026-03-07T03:00", True),  # Friday's night ends on Saturday
        (["Fri 22:00-06:00"], "2026-03-06T03:00", False),
        ([], "2026-03-04T12:00", False),
    ],
)
def test_hours_cover_the_moments_they_name(lines, moment, covered):
    assert parse_hours(lines).covers(datetime.fromisoformat(moment)) is covered


@pytest.mark.parametrize(
    "lines",
    ["Mon 08:00-18:00", [8], ["always"], ["Mon 25:00-26:00"], ["Mon 08:60-09:00"], ["08:00-08:00"],
     ["Mo-Fr 08:00-18:00"], ["Mon- 08:00-18:00"], ["24:00-06:00"]],
)  # fmt: skip
def test_hours_that_are_wrong_say_how_to_write_them(lines):
    with pytest.raises(ValueError, match=r"such as|00:00-24:00|time of day"):
        parse_hours(lines)


@given(st.lists(st.text(max_size=30), max_size=3))
def test_any_texts_are_hours_or_a_value_error(lines):
    try:
        parse_hours(lines)
    except ValueError:
        return


def test_an_interval_outside_its_bounds_is_told_both():
    with pytest.raises(ValueError, match="must be 1s to 1d"):
        within("1s", "1d")(0.5)


def test_the_nearest_name_is_suggested_and_else_all_of_them():
    assert nearest("icpm", ["icmp", "http"]) == 'did you mean "icmp"?'
    assert nearest("x", ["icmp", "http"]) == "there are: icmp, http"
    assert nearest("x", []) == "there are none"


def test_places_in_lists_are_counted_from_one():
    assert path_text(("targets", 0)) == "targets[1]"
    assert path_text(("wan", "device")) == "wan.device"
