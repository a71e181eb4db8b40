"""What probes make of what they found, and settings that cannot work."""

import ssl
from argparse import ArgumentParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon import sdk
from probes.certificate import expiry_seconds
from probes.command import ProbeCommand, make_probe
from probes.dns import DnsProbe, DnsSettings
from probes.echo import Countdown, Echo
from probes.http import HttpProbe, HttpSettings, parse_status
from probes.icmp import RTT, IcmpProbe, IcmpSettings
from probes.stamped_socket import Datagram
from probes.tcp import TcpProbe, TcpSettings
from probes.timestamping import KERNEL_STAMPS, Arrival, Departure
from probes.train import DUPLICATED, LOSS, RTT_MAX, RTT_MIN, train_sample

TLS = Path(__file__).parents[1] / "fixtures" / "tls"


def assignment(*targets, timeout_seconds=1.0):
    return sdk.Assignment("a probe", targets, 10.0, timeout_seconds)


def echo(seconds=None, duplicates=0):
    sent = Departure(0, 10**18, 10**18)
    found = Echo("192.0.2.1", b"", Countdown(), sent, duplicates=duplicates)
    if seconds is not None:
        nanoseconds = round(seconds * 1e9)
        came = Arrival(nanoseconds + 1000, 10**18 + nanoseconds + 1000, 10**18 + nanoseconds)
        found.reply = Datagram(b"", "192.0.2.1", 0, came, 61)
    return found


def test_a_train_has_a_median_its_extremes_and_its_loss():
    sample = train_sample([echo(0.030), echo(), echo(0.010), echo(0.020, duplicates=2)], RTT, {}, {})
    found = {metric: sample.values[metric] for metric in (RTT, RTT_MIN, RTT_MAX, LOSS)}
    assert found == {RTT: 0.020, RTT_MIN: 0.010, RTT_MAX: 0.030, LOSS: 0.25}
    assert (sample.values[DUPLICATED], sample.values[KERNEL_STAMPS]) == (2, 1)
    assert sample.outcome is sdk.Outcome.OK


def test_a_train_without_replies_has_a_loss_and_no_round_trip():
    sample = train_sample([echo(), echo()], RTT, {}, {})
    assert (sample.outcome, sample.values[LOSS]) == (sdk.Outcome.TIMEOUT, 1.0)
    assert RTT not in sample.values


def test_status_lists_are_ranges_and_single_codes():
    assert parse_status("200-202, 304") == {200, 201, 202, 304}


@pytest.mark.parametrize("text", ["", "2xx", "99", "600", "200-", "200,,201", "٢٠٠"])
def test_a_status_list_that_is_none_is_a_usage_error(text):
    with pytest.raises(sdk.UsageError):
        parse_status(text)


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        (IcmpProbe, IcmpSettings(packets=0), "packets"),
        (IcmpProbe, IcmpSettings(dscp=64), "dscp"),
        (IcmpProbe, IcmpSettings(size_bytes=4), "size_bytes"),
        (IcmpProbe, IcmpSettings(packets=50), "do not fit"),
        (DnsProbe, DnsSettings(query_type="ANY"), "query_type"),
        (DnsProbe, DnsSettings(valid_rcodes=""), "valid_rcodes"),
        (TcpProbe, TcpSettings(expect_pattern="("), "regular expression"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_sent(kind, settings, says):
    with pytest.raises(sdk.UsageError, match=says):
        kind(assignment("192.0.2.1:53" if kind is not IcmpProbe else "192.0.2.1"), settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "DELETE"}, {"valid_status": "x"}, {"body_pattern": "["}, {"max_bytes": "0B"},
        {"headers": {"Host": "x"}}, {"ca_file": "/nowhere/ca.pem"},
    ],
)  # fmt: skip
def test_http_settings_that_cannot_work_are_refused(settings):
    with pytest.raises(sdk.UsageError):
        HttpProbe(assignment("http://192.0.2.1/"), HttpSettings(**settings))


@pytest.mark.parametrize(
    ("name", "seconds"), [("expired_in_2021", 1_609_459_200.0), ("self_signed_until_2100", 4_102_444_800.0)]
)
def test_the_end_of_a_certificate_is_read_whatever_its_time_format(name, seconds):
    pem = (TLS / f"{name}.pem").read_text()
    assert expiry_seconds(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :])) == seconds


@given(st.binary(max_size=200))
def test_what_is_no_certificate_has_no_end(der):
    assert expiry_seconds(der) is None


@given(st.integers(0, 400), st.integers(0, 255))
def test_no_damage_to_a_certificate_raises(at, octet):
    pem = (TLS / "expired_in_2021.pem").read_text()
    der = bytearray(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :]))
    der[at % len(der)] = octet
    expiry_seconds(bytes(der))


def test_settings_from_the_command_line_are_typed_by_the_probe():
    probe = make_probe("http", "http://192.0.2.1/", ["headers.A=1", "headers.B=2", "verify=false"], 1.0)
    assert (probe.settings.headers, probe.settings.verify) == ({"A": "1", "B": "2"}, False)
    assert make_probe("icmp", "192.0.2.1", ["packets=5", "spacing=20ms"], 1.0).settings.spacing == 0.02


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        ("icmpp", [], "did you mean 'icmp'"),
        ("host", [], "no probe"),
        ("icmp", ["packets"], "KEY=VALUE"),
        ("icmp", ["packets=many"], "packets"),
        ("icmp", ["colour=red"], "colour"),
    ],
)
def test_a_mistake_on_the_command_line_is_explained(kind, settings, says):
    with pytest.raises(sdk.UsageError, match=says):
        make_probe(kind, "192.0.2.1", settings, 1.0)


@pytest.mark.parametrize("words", [["--timeout", "5"], ["--count", "0"]])
def test_amounts_without_sense_are_usage_errors(words):
    command, parser = ProbeCommand(), ArgumentParser()
    command.arguments(parser)
    with pytest.raises(sdk.UsageError):
        command.run(parser.parse_args(["icmp", "192.0.2.1", *words]))
