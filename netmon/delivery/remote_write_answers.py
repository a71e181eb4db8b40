"""What the answers of receivers of remote-write mean for the data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from netmon.delivery.answers import by_status, unquoted
from netmon.errors import DeliveryError, Outdated, Parked, Rejected, RetryLater
from netmon.text import clean

# Prometheus ("out of bounds", "too old sample"), Mimir and Cortex ("timestamp is too old"), Thanos.
_TOO_OLD = re.compile(r"out of bounds|too[ -]old", re.IGNORECASE)
_OUT_OF_ORDER = re.compile(
    r"out[ -]of[ -]order|duplicate sample|duplicate[ -]timestamp|repeated timestamp|more recent timestamp",
    re.IGNORECASE,
)
# They speak of the request, not of a sample: searching it for one would set everything aside.
_NOT_THE_DATA = re.compile(
    r"\b(snappy|proto(buf)?|unmarshal\w*|decod\w*|(un|de)compress\w*|EOF|tenant|org id)\b", re.IGNORECASE
)
_VICTORIAS_PREFIX = re.compile(
    rb"^remoteAddr: \"[^\"]*\"(, X-Forwarded-For: \"[^\"]*\")?; requestURI: [^;]*; "
)
_TOO_OLD_ADVICE = (
    "the server takes nothing this old: Prometheus does with storage.tsdb.out_of_order_time_window, "
    "VictoriaMetrics as it is; afterwards `netmon influx audit --output remote_write` sends it"
)
_ORDER_ADVICE = "the server has newer samples of the same series; most often these were there already"


def failure(status: int, headers: Mapping[str, str], body: bytes) -> DeliveryError | None:
    """Return the verdict on data that were answered so; None when they were taken."""
    words = clean(_message(body[:4000]))[:1000]
    html = "html" in headers.get("Content-Type", "") or words.startswith("<")
    if 200 <= status < 300:
        # A captive portal says 200 to everything.
        return RetryLater(f"{status} with a web page: this is no receiver of remote-write") if html else None
    said, own = f"{status}: {words}" if words else str(status), unquoted(words)
    if status in (400, 409, 422, 500) and not html:
        # Prometheus before 2.45 says "too old sample" with 500.
        if _TOO_OLD.search(own):
            return Outdated(f"{said}: {_TOO_OLD_ADVICE}", too_old=True)
        if _OUT_OF_ORDER.search(own):
            return Outdated(f"{said}: {_ORDER_ADVICE}", too_old=False)
    if status in (400, 422):
        data = words and not html and not _NOT_THE_DATA.search(own)
        return Rejected(said) if data else Parked(said)
    return by_status(status, said, headers, _advice(status))


def _message(body: bytes) -> bytes | str:
    """Return what is said: gateways wrap it in JSON, VictoriaMetrics puts the request before it."""
    try:
        document = json.loads(body)
    except ValueError:
        return _VICTORIAS_PREFIX.sub(b"", body, count=1)
    said = document.get("error", document.get("message")) if isinstance(document, dict) else None
    return said if isinstance(said, str) else body


def _advice(status: int) -> str:
    if status == 404:
        return "; is `url` right? Prometheus takes it only with --web.enable-remote-write-receiver"
    return ""
