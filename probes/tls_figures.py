"""What a TLS connection says about itself: figures that the TLS and HTTP probes have in common."""

from __future__ import annotations

import ssl

from netmon import sdk
from probes.certificate import earliest_expiry_seconds, presented_chain, verified_chain

EARLIEST_EXPIRY = sdk.gauge(
    "probe_ssl_earliest_cert_expiry",
    "Unix time at which the first of the certificates ends that the far end showed.",
)
CHAIN_EXPIRY = sdk.gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Unix time at which the first certificate of the verified chain ends; absent where nobody verified it.",
)
CERTIFICATE_METRICS = (EARLIEST_EXPIRY, CHAIN_EXPIRY)


def certificate_values(tls: ssl.SSLObject) -> dict[sdk.Metric, sdk.Value]:
    """Return when the certificates of a connection end; None what cannot be read."""
    return {
        EARLIEST_EXPIRY: earliest_expiry_seconds(presented_chain(tls)),
        CHAIN_EXPIRY: earliest_expiry_seconds(verified_chain(tls)),
    }
