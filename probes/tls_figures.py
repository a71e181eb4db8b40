"""What a TLS connection says about itself: figures that the TLS and HTTP probes have in common."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from netmon import sdk
from probes.certificate import earliest_expiry_seconds, presented_chain, verified_chain
from probes.certificate_names import certificate_names

EARLIEST_EXPIRY = sdk.gauge(
    "probe_ssl_earliest_cert_expiry",
    "Unix time at which the first of the certificates ends that the far end showed.",
)
CHAIN_EXPIRY = sdk.gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Unix time at which the first certificate of the verified chain ends; absent where nobody verified it.",
)
CERTIFICATE_METRICS = (EARLIEST_EXPIRY, CHAIN_EXPIRY)
VERSION = sdk.info("probe_tls_version_info", "Version of TLS that was agreed on.", label="version")
CIPHER = sdk.info("probe_tls_cipher_info", "Cipher that was agreed on.", label="cipher")
AGREED_METRICS = (VERSION, CIPHER)

CERTIFICATE = "certificate"
CHAIN_INFO = sdk.info(
    "probe_ssl_last_chain_info",
    "The far end's own certificate: its fingerprint, whose it is, who says so, and its other names.",
    label="fingerprint_sha256",
)
FURTHER_METRICS = {CERTIFICATE: (CHAIN_INFO,)}


def certificate_values(tls: ssl.SSLObject) -> dict[sdk.Metric, sdk.Value]:
    """Return when the certificates of a connection end; None what cannot be read."""
    return {
        EARLIEST_EXPIRY: earliest_expiry_seconds(presented_chain(tls)),
        CHAIN_EXPIRY: earliest_expiry_seconds(verified_chain(tls)),
    }


def agreed_texts(tls: ssl.SSLObject) -> dict[sdk.Metric, str]:
    """Return what a connection agreed on: the version as in "TLS 1.3", and the cipher."""
    cipher = tls.cipher()
    texts = {VERSION: (tls.version() or "").replace("TLSv", "TLS "), CIPHER: cipher[0] if cipher else ""}
    return {metric: sdk.clean(text) for metric, text in texts.items() if text}


class CertificateBook:
    """The readings about certificates of a probe's targets; a shape stays while its certificate does."""

    def __init__(self, key: Callable[[str], sdk.Labels]) -> None:
        self._key = key
        self._shapes: dict[str, sdk.Shape] = {}

    def readings(self, target: str, tls: ssl.SSLObject, stamp: sdk.Stamp) -> tuple[sdk.Reading, ...]:
        """Return the reading about what a target showed; nothing when it cannot be read."""
        chain = presented_chain(tls)
        names = certificate_names(chain[0]) if chain else None
        if names is None:
            return ()
        info = (
            ("subject", names.subject),
            ("issuer", names.issuer),
            ("subjectalternative", names.alternatives),
        )
        row = sdk.Row(self._key(target), info, ((CHAIN_INFO.name, names.fingerprint),))
        shape = self._shapes.get(target)
        if shape is None or shape.rows != (row,):
            shape = self._shapes[target] = sdk.Shape(CERTIFICATE, FURTHER_METRICS[CERTIFICATE], (row,))
        return (sdk.Reading(shape, stamp, ([1],), (sdk.Outcome.OK,)),)
