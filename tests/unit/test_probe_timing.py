"""Round trips from kernel and own stamps, and what the error queue says."""

import errno
import socket
import struct

import pytest

from netmon import sdk
from probes.error_queue import NetworkError, failure, notice_of, outcome_of
from probes.stamped_socket import traffic_class
from probes.tcp_info import parse_tcp_info
from probes.timestamping import Arrival, Departure, kernel_stamp_ns, round_trip

SENT = Departure(boottime_ns=1_000, wall_ns=500_000_000_000_001_000)


def came(own_ns, kernel_ns=None):
    wall_ns = SENT.wall_ns + own_ns
    return Arrival(
        SENT.boottime_ns + own_ns, wall_ns, None if kernel_ns is None else SENT.wall_ns + kernel_ns
    )


def stamped(kernel_ns):
    return Departure(SENT.boottime_ns, SENT.wall_ns, SENT.wall_ns + kernel_ns)


def test_two_kernel_stamps_make_the_round_trip():
    trip = round_trip(stamped(40_000), came(5_000_000, kernel_ns=1_040_000))
    assert trip.seconds == pytest.approx(0.001)
    assert trip.kernel


def test_without_a_transmit_stamp_the_own_clock_begins_and_it_shows():
    trip = round_trip(SENT, came(5_000_000, kernel_ns=1_040_000))
    assert trip.seconds == pytest.approx(0.00104)
    assert not trip.kernel


def test_without_a_receive_stamp_the_clock_that_nobody_sets_counts():
    trip = round_trip(stamped(40_000), came(5_000_000))
    assert trip.seconds == pytest.approx(0.005)
    assert not trip.kernel


@pytest.mark.parametrize("step_ns", [3_600 * 10**9, -3_600 * 10**9], ids=["forward", "back"])
def test_a_step_of_the_wall_clock_does_not_make_an_absurd_round_trip(step_ns):
    trip = round_trip(stamped(40_000), came(5_000_000, kernel_ns=1_040_000 + step_ns))
    assert trip.seconds == pytest.approx(0.005)
    assert not trip.kernel


def stamp_message(seconds, nanoseconds):
    return (socket.SOL_SOCKET, 65, struct.pack("=qqqqqq", seconds, nanoseconds, 0, 0, 0, 0))


def test_the_kernel_stamp_is_read_from_the_control_messages():
    assert kernel_stamp_ns([(0, 0, b""), stamp_message(7, 5)]) == 7_000_000_005


@pytest.mark.parametrize(
    "messages",
    [[], [stamp_message(0, 0)], [(socket.SOL_SOCKET, 65, b"short")]],
    ids=["none", "hardware only", "cut off"],
)
def test_no_kernel_stamp_is_none(messages):
    assert kernel_stamp_ns(messages) is None


def extended_error(origin, icmp_type=0, code=0, number=0, sockaddr=b"", error=errno.EHOSTUNREACH):
    return (0, 11, struct.pack("=IBBBBII", error, origin, icmp_type, code, 0, 0, number) + sockaddr)


def test_an_error_queue_entry_names_the_packet_that_was_stamped():
    assert notice_of([extended_error(4, number=77)]).key == 77


def test_an_icmp_error_names_its_type_and_who_sent_it():
    sockaddr = struct.pack("=HH4s8x", socket.AF_INET, 0, bytes((192, 0, 2, 7)))
    notice = notice_of([extended_error(2, 3, 1, sockaddr=sockaddr)])
    assert (notice.icmp_type, notice.icmp_code, notice.offender, notice.key) == (3, 1, "192.0.2.7", None)


def test_an_entry_that_says_nothing_known_is_none():
    assert notice_of([(0, 11, b"\0"), (1, 2, b"")]) is None


@pytest.mark.parametrize(
    ("origin", "icmp_type", "code", "outcome"),
    [
        (2, 3, 3, sdk.Outcome.REFUSED),
        (3, 1, 4, sdk.Outcome.REFUSED),
        (2, 3, 1, sdk.Outcome.UNREACHABLE),
        (2, 11, 0, sdk.Outcome.UNREACHABLE),
        (3, 3, 0, sdk.Outcome.UNREACHABLE),
    ],
    ids=["v4 port", "v6 port", "v4 host", "v4 hop limit", "v6 hop limit"],
)
def test_an_icmp_error_is_a_refusal_only_when_it_is_about_the_port(origin, icmp_type, code, outcome):
    error = NetworkError(
        notice_of([extended_error(origin, icmp_type, code)]), "192.0.2.1", 9, b"", Arrival(0, 0)
    )
    assert error.outcome is outcome


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, sdk.Outcome.REFUSED),
        (errno.ENETUNREACH, sdk.Outcome.UNREACHABLE),
        (errno.EACCES, sdk.Outcome.UNSUPPORTED),
        (errno.ETIMEDOUT, sdk.Outcome.TIMEOUT),
        (None, sdk.Outcome.UNREACHABLE),
    ],
)
def test_a_failed_call_has_an_outcome(number, outcome):
    assert outcome_of(number) is outcome


def test_a_failure_says_which_call_failed_and_why():
    error = failure(OSError(errno.ECONNREFUSED, "no"), "192.0.2.1 port 80")
    assert (error.outcome, str(error)) == ("refused", "192.0.2.1 port 80: ECONNREFUSED")


def test_a_dscp_marks_packets_of_both_families():
    assert traffic_class(socket.AF_INET, 46) == ((socket.IPPROTO_IP, socket.IP_TOS, struct.pack("=i", 184)),)
    assert traffic_class(socket.AF_INET6, 46)[0][:2] == (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
    assert traffic_class(socket.AF_INET, 0) == ()


def test_the_handshake_time_and_the_retransmits_are_read_from_tcp_info():
    fields = [0] * 24
    fields[15], fields[23] = 12_500, 2
    info = parse_tcp_info(struct.pack("=8B24I", *[0] * 8, *fields))
    assert (info.rtt_seconds, info.retransmits_total) == (0.0125, 2)


def test_a_tcp_info_that_is_cut_off_is_none():
    assert parse_tcp_info(bytes(50)) is None
