"""Whom a reflector answers: bounded in every number."""

from ipaddress import ip_network

import pytest

from netmon import sdk
from probes.stamp_command import allow_list
from probes.stamp_gate import Allowance, Gate, Limits, Refusal, Session
from probes.target import Endpoint

ALLOWED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def gate(**limits):
    return Gate(ALLOWED, Limits(**limits))


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::1", "fd00::1%eth0"])
def test_who_is_on_the_list_gets_a_session(address):
    assert isinstance(gate().session(address, 5000, 1, 0.0), Session)


@pytest.mark.parametrize("address", ["11.0.0.1", "2001:db8::1", "127.0.0.1"])
def test_who_is_not_gets_none_and_leaves_no_trace(address):
    closed = gate()
    assert closed.session(address, 5000, 1, 0.0) is Refusal.STRANGER
    assert closed.sessions == 0


def test_a_session_is_an_address_a_port_and_an_identifier():
    one = gate()
    first = one.session("10.0.0.1", 5000, 1, 0.0)
    assert one.session("10.0.0.1", 5000, 1, 1.0) is first
    others = [one.session("10.0.0.1", 5000, 2, 1.0), one.session("10.0.0.1", 5001, 1, 1.0)]
    assert all(isinstance(other, Session) and other is not first for other in others)


def test_an_address_may_ask_so_often_and_the_others_do_not_suffer():
    one = gate(source_per_second=5)
    answers = [one.session("10.0.0.1", 5000, 1, 0.0) for _ in range(10)]
    assert [isinstance(answer, Session) for answer in answers] == [True] * 5 + [False] * 5
    assert answers[-1] is Refusal.RATE
    assert isinstance(one.session("10.0.0.2", 5000, 1, 0.0), Session)
    assert isinstance(one.session("10.0.0.1", 5000, 1, 1.0), Session)


def test_the_table_of_sessions_is_bounded_and_those_in_it_go_on():
    one = gate(sessions=10, sessions_per_source=3, source_per_second=1000)
    for source in range(5):
        for port in range(5):
            one.session(f"10.0.0.{source}", 5000 + port, 1, 0.0)
    assert one.sessions == 10
    assert one.session("10.0.0.9", 5000, 1, 1.0) is Refusal.FULL
    assert isinstance(one.session("10.0.0.0", 5000, 1, 1.0), Session)


def test_who_was_silent_for_fifteen_minutes_is_forgotten():
    one = gate()
    first = one.session("10.0.0.1", 1, 1, 0.0)
    one.session("10.0.0.1", 2, 1, 899.0)
    assert one.session("10.0.0.1", 1, 1, 899.0) is first
    one.session("10.0.0.2", 1, 1, 1799.5)
    assert one.sessions == 1


def test_where_there_is_no_room_who_skipped_a_minute_makes_some():
    one = gate(sessions=2)
    for port in (1, 2):
        one.session("10.0.0.1", port, 1, 0.0)
    assert one.session("10.0.0.2", 1, 1, 59.0) is Refusal.FULL
    one.session("10.0.0.1", 1, 1, 59.0)
    assert isinstance(one.session("10.0.0.2", 1, 1, 61.0), Session)
    assert one.session("10.0.0.2", 2, 1, 61.0) is Refusal.FULL


def test_an_allowance_holds_one_second_and_no_more():
    allowance = Allowance(3, 0.0)
    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.take(100.4)


def test_a_copy_of_a_request_is_not_counted_again():
    session = Session(0.0)
    for sequence in (0, 1, 1, 3, 2, 3, 0, 2000, 1999, 1999):
        session.count(sequence)
    assert session.counted == 6


def test_beyond_loopback_somebody_must_say_who_may_ask():
    with pytest.raises(sdk.UsageError, match=r"listening on 0\.0\.0\.0 takes --allow"):
        allow_list([], [Endpoint("127.0.0.1", 862), Endpoint("0.0.0.0", 862)])
    assert [str(network) for network in allow_list([], [Endpoint("::1", 862)])] == ["127.0.0.0/8", "::1/128"]
    assert allow_list(["10.1.2.3/8"], [Endpoint("::", 862)]) == ALLOWED[:1]


def test_a_network_that_is_none_is_refused_with_its_name():
    with pytest.raises(sdk.UsageError, match="--allow: 'everybody'"):
        allow_list(["everybody"], [])
