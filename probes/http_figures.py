"""What an HTTP probe tells of its responses: the metrics, and what is read from a response for them."""

from __future__ import annotations

import re
from email.utils import mktime_tz, parsedate_tz

from netmon import sdk
from probes.http_exchange import Response

_LENGTH = re.compile(r"[0-9]{1,18}")  # what fits into 64 bits with a sign


def _phase(phase: str, what: str) -> sdk.Metric:
    return sdk.gauge(
        "probe_http_duration_seconds", f"Time by phase, redirects added up: {what}.", phase=phase
    )


RESOLVE = _phase("resolve", "finding the address")
CONNECT = _phase("connect", "the TCP handshake, as the kernel timed it")
TLS = _phase("tls", "the TLS handshake")
PROCESSING = _phase("processing", "from the request to the first byte, from kernel stamps where possible")
TRANSFER = _phase("transfer", "from the first byte to the last")
STATUS = sdk.state("probe_http_status_code", "Status code of the last response.")
VERSION = sdk.gauge("probe_http_version", "HTTP version of the last response, such as 1.1.")
SECURE = sdk.state("probe_http_ssl", "1 when the last request went over TLS, 0 when it did not.")
REDIRECTS = sdk.integer("probe_http_redirects", "Redirects that were followed.")
CONTENT_LENGTH = sdk.integer(
    "probe_http_content_length", "Length that the response announced; absent without."
)
LAST_MODIFIED = sdk.gauge(
    "probe_http_last_modified_timestamp_seconds",
    "Unix time at which the response says that it was changed last; absent without.",
)
BODY_LENGTH = sdk.integer(
    "probe_http_uncompressed_body_length",
    "Length of the body; absent when it came compressed or was cut off.",
)


def described(response: Response) -> dict[sdk.Metric, sdk.Value]:
    """Return what the head of a response and the length of its body say."""
    announced = response.header(b"content-length")
    compressed = response.header(b"content-encoding") not in ("", "identity")
    return {
        STATUS: response.status,
        VERSION: float(response.version),
        CONTENT_LENGTH: int(announced) if _LENGTH.fullmatch(announced) else None,
        LAST_MODIFIED: unix_seconds(response.header(b"last-modified")),
        BODY_LENGTH: None if compressed or not response.complete else len(response.body),
    }


def unix_seconds(date: str) -> float | None:
    """Return the Unix time of an HTTP date (RFC 9110 §5.6.7); None when it is none."""
    found = parsedate_tz(date)
    try:
        return None if found is None else float(mktime_tz(found))
    except (ValueError, OverflowError):
        return None
