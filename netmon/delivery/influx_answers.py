"""What an InfluxDB's answers mean: which dialect it speaks, and what becomes of the data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum

from netmon.delivery.answers import by_status, unquoted
from netmon.delivery.influx_settings import InfluxSettings
from netmon.errors import DeliveryError, Parked, Rejected, RetryLater
from netmon.text import clean

_VERSION = re.compile(r"v?(\d+)\.")
# 400 answers that speak of the request, not of a line: bisecting them would set everything aside.
_NOT_THE_DATA = re.compile(
    r"is required|not found|unable to authenticate|org(anization)? .*invalid", re.IGNORECASE
)


class Dialect(StrEnum):
    """Which write endpoint a server has."""

    V1 = "1"
    """`/write?db=`: all of 1.x, and VictoriaMetrics."""
    V2 = "2"
    """`/api/v2/write?bucket=`: 2.x and 3.x."""


def dialect(server_version: str, settings: InfluxSettings) -> Dialect:
    """Return how to write to a server that says this version; what it does not say, the settings do.

    1.8 has the second endpoint too, but its first one needs no mapping from buckets to databases.
    """
    if settings.version != "auto":
        return Dialect.V1 if settings.version == "1" else Dialect.V2
    match = _VERSION.match(server_version)
    if match is not None:
        return Dialect.V1 if match[1] in ("0", "1") else Dialect.V2
    return Dialect.V2 if settings.bucket else Dialect.V1


def failure(status: int, headers: Mapping[str, str], body: bytes) -> DeliveryError:
    """Return the verdict on data that was answered with anything but 204."""
    words, is_influx = _words(headers, body)
    said = f"{status}: {words}" if words else str(status)
    if status in (400, 422):
        return _refused(said, words, is_influx=is_influx)
    if status < 300:
        # A captive portal says 200 to everything.
        return RetryLater(f"{status} instead of 204: this is not InfluxDB")
    missing = status == 404 and "database not found" in words
    return by_status(status, said, headers, "; `netmon influx setup` creates it" if missing else "")


def _refused(said: str, words: str, *, is_influx: bool) -> DeliveryError:
    own = unquoted(words)
    partial = "partial write" in own
    if partial or (is_influx and not _NOT_THE_DATA.search(own)):
        return Rejected(said, partial=partial)
    return Parked(said)


def _words(headers: Mapping[str, str], body: bytes) -> tuple[str, bool]:
    """Return the server's words, and whether they come in InfluxDB's own form."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        for key in ("error", "message"):
            if isinstance(document.get(key), str):
                return clean(document[key]), True
    own = headers.get("X-Influxdb-Error", "")
    return clean(own or body[:1000]), bool(own)
