"""The TLS probe against servers on loopback."""

import ssl

import pytest
from fakes.context import FakeResolver
from fakes.loopback import EXPIRED, SELF_SIGNED, hang_up, silence, tcp_server
from fakes.probing import probe_once

from netmon.sdk import Outcome
from probes.tls import TlsProbe

EARLIEST, CHAIN = "probe_ssl_earliest_cert_expiry", "probe_ssl_last_chain_expiry_timestamp_seconds"
ENDS_2021, ENDS_2100 = 1_609_459_200.0, 4_102_444_800.0


async def shake(certificate, settings=None, host="localhost", talk=silence, timeout_seconds=2.0):
    async with tcp_server(talk, certificate) as port:
        names = FakeResolver({"elsewhere.test": ("127.0.0.1",)})
        target = f"{host}:{port}"
        return await probe_once(TlsProbe, target, settings, timeout_seconds, resolver=names)


async def test_a_handshake_has_phases_a_version_a_cipher_and_certificates_that_end():
    found = await shake(SELF_SIGNED, {"ca_file": str(SELF_SIGNED)})
    assert found.outcome is Outcome.OK, found.detail
    assert (found[EARLIEST], found[CHAIN]) == (ENDS_2100, ENDS_2100)
    assert 0 < found["netmon_probe_tls_duration_seconds connect"] < 1
    assert 0 < found["netmon_probe_tls_duration_seconds handshake"] < 1
    assert found.texts["probe_tls_version_info"] == "TLS 1.3"
    assert found.texts["probe_tls_cipher_info"].startswith("TLS_")


async def test_without_verification_there_is_no_verified_chain():
    found = await shake(SELF_SIGNED, {"verify": False})
    assert (found.outcome, found[EARLIEST], found[CHAIN]) == (Outcome.OK, ENDS_2100, None)


@pytest.mark.parametrize(
    ("certificate", "host", "settings", "ends", "says"),
    [
        (EXPIRED, "localhost", {"ca_file": str(EXPIRED)}, ENDS_2021, "expired"),
        (SELF_SIGNED, "localhost", {}, ENDS_2100, "self-signed"),
        (SELF_SIGNED, "elsewhere.test", {"ca_file": str(SELF_SIGNED)}, ENDS_2100, "elsewhere.test"),
    ],
    ids=["expired", "nobody known signed it", "for another name"],
)
async def test_a_certificate_that_is_refused_is_shown_all_the_same(certificate, host, settings, ends, says):
    found = await shake(certificate, settings, host)
    assert (found.outcome, found[EARLIEST], found[CHAIN]) == (Outcome.REJECTED, ends, None)
    assert says in found.detail
    assert found.texts["probe_tls_version_info"] == "TLS 1.3"


async def test_the_name_that_is_expected_may_be_another_than_the_targets():
    found = await shake(
        SELF_SIGNED, {"ca_file": str(SELF_SIGNED), "server_name": "localhost"}, "elsewhere.test"
    )
    assert found.outcome is Outcome.OK, found.detail


@pytest.mark.parametrize(
    ("talk", "outcome"), [(silence, Outcome.TIMEOUT), (hang_up, Outcome.GARBLED)], ids=["stalls", "hangs up"]
)
async def test_a_far_end_without_tls_has_its_outcome(talk, outcome):
    found = await shake(None, {"verify": False}, talk=talk, timeout_seconds=0.3)
    assert found.outcome is outcome


async def test_an_old_version_only_is_no_handshake():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    async with tcp_server(silence, context) as port:
        found = await probe_once(TlsProbe, f"localhost:{port}", {"verify": False})
    assert (found.outcome, found["probe_success"]) == (Outcome.GARBLED, 0)
