"""The NTP probe against servers on loopback, right, wrong and broken ones."""

import pytest
from fakes.loopback import udp_server
from fakes.probing import probe_once
from fakes.time_server import time_server

from netmon.sdk import Outcome
from probes.ntp import NtpProbe

OFFSET = "netmon_probe_ntp_offset_seconds"


async def ask(answer, settings=None, timeout_seconds=0.5):
    async with udp_server(answer) as server:
        return await probe_once(NtpProbe, f"127.0.0.1:{server.port}", settings, timeout_seconds)


@pytest.mark.parametrize("ahead_seconds", [0.0, 12.5, -3600.0])
async def test_the_offset_and_what_the_server_says_of_itself_are_read(ahead_seconds):
    found = await ask(time_server(ahead_seconds))
    assert found.outcome is Outcome.OK, found.detail
    assert found[OFFSET] == pytest.approx(ahead_seconds, abs=0.05)
    assert (found["netmon_probe_ntp_stratum"], found["netmon_probe_ntp_leap"]) == (2, 0)
    assert found["netmon_probe_ntp_root_delay_seconds"] == 0.5
    assert found["netmon_probe_ntp_root_dispersion_seconds"] == 0.0625
    assert 0 < found["netmon_probe_ntp_duration_seconds rtt"] < 0.1
    assert found["netmon_probe_kernel_timestamps"] == 1


@pytest.mark.parametrize(
    ("server", "settings", "outcome", "says"),
    [
        ({"ahead_seconds": 2.0}, {"max_offset": "1s"}, Outcome.REJECTED, "stratum 2"),
        ({"stratum": 9}, {"max_stratum": 4}, Outcome.REJECTED, "stratum 9"),
        ({"leap": 3}, {}, Outcome.REJECTED, "not set"),
        ({"stratum": 16}, {}, Outcome.REJECTED, "not set"),
        ({"stratum": 0, "reference": b"RATE"}, {}, Outcome.DENIED, "RATE"),
    ],
    ids=["too far away", "too many steps", "not set", "unsynchronised", "kiss of death"],
)
async def test_an_answer_that_is_no_good_is_said_to_be_so(server, settings, outcome, says):
    found = await ask(time_server(**server), settings)
    assert found.outcome is outcome
    assert says in found.detail


@pytest.mark.parametrize(
    ("damage", "outcome"),
    [
        (lambda data: data[:24] + bytes(8) + data[32:], Outcome.TIMEOUT),
        (lambda data: bytes((data[0] & 0xF8 | 3,)) + data[1:], Outcome.GARBLED),
        (lambda data: data[:40], Outcome.GARBLED),
        (lambda _data: b"", Outcome.TIMEOUT),
    ],
    ids=["to another request", "a request", "cut off", "empty"],
)
async def test_what_is_no_answer_to_the_request_does_not_count(damage, outcome):
    answer = time_server()
    found = await ask(lambda request: [damage(one) for one in answer(request)], timeout_seconds=0.2)
    assert (found.outcome, found[OFFSET]) == (outcome, None)
