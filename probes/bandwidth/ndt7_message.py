"""What ndt7 says in its text messages (M-Lab's ndt7 specification, section "Measurements message")."""

from __future__ import annotations

import json
from collections.abc import Mapping

from netmon import sdk
from probes.tcp_info import TcpFlow

PROTOCOL = "net.measurementlab.ndt.v7"
DOWNLOAD_PATH, UPLOAD_PATH = "/ndt/v7/download", "/ndt/v7/upload"
FIRST_MESSAGE_BYTES, LARGEST_MESSAGE_BYTES = 1 << 13, 1 << 20
MEASURED_EVERY_SECONDS = 0.25
_SCALING = 16
# Names of the specification, and what they are here: microseconds and bytes.
_SECONDS = {
    "MinRTT": "min_rtt_seconds",
    "RTT": "rtt_seconds",
    "BusyTime": "busy_seconds",
    "RWndLimited": "window_limited_seconds",
    "SndBufLimited": "buffer_limited_seconds",
}
_BYTES = {
    "BytesAcked": "bytes_acked",
    "BytesReceived": "bytes_received",
    "BytesSent": "bytes_sent",
    "BytesRetrans": "bytes_retransmitted",
}
# What another server may tell of itself: plenty for any, little enough for a record.
_MOST_NUMBERS = 64
_LARGEST_NUMBER = 1e18


def next_message_bytes(size_bytes: int, sent_bytes: int) -> int:
    """Return the next message's size: doubled while it is a sixteenth of what was sent, at most."""
    if size_bytes < LARGEST_MESSAGE_BYTES and size_bytes <= sent_bytes // _SCALING:
        return size_bytes * 2
    return size_bytes


def encode_measurement(
    test: str, seconds: float, app_bytes: int, flow: TcpFlow | None, more: Mapping[str, sdk.Json]
) -> str:
    """Return a server's measurement of a running test."""
    elapsed_us = round(seconds * 1e6)
    document: dict[str, sdk.Json] = {
        "AppInfo": {"ElapsedTime": elapsed_us, "NumBytes": app_bytes},
        "Origin": "server",
        "Test": test,
        **more,
    }
    if flow is not None:
        told: dict[str, sdk.Json] = {"ElapsedTime": elapsed_us}
        told |= {name: round(getattr(flow, attribute) * 1e6) for name, attribute in _SECONDS.items()}
        told |= {name: getattr(flow, attribute) for name, attribute in _BYTES.items()}
        document["TCPInfo"] = told
    return json.dumps(document)


def server_record(message: Mapping[str, sdk.Json]) -> dict[str, sdk.Json]:
    """Return what a server's measurement says, by our names; empty where it is none."""
    record: dict[str, sdk.Json] = {}
    tcp, app, own = (message.get(name) for name in ("TCPInfo", "AppInfo", "Netmon"))
    if isinstance(tcp, Mapping):
        elapsed_seconds = _number(tcp.get("ElapsedTime")) / 1e6
        record["seconds"] = elapsed_seconds
        record |= {ours: _number(tcp.get(name)) / 1e6 for name, ours in _SECONDS.items() if name in tcp}
        record |= {ours: _number(tcp.get(name)) for name, ours in _BYTES.items() if name in tcp}
    if isinstance(app, Mapping):
        record["app_bytes"] = _number(app.get("NumBytes"))
    if isinstance(own, Mapping):
        record |= own_record(own)
    return record


def parse_object(text: bytes | str) -> dict[str, sdk.Json] | None:
    """Return the JSON object of a far end's text; None for what is none, or is nested without end."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def own_record(said: Mapping[str, sdk.Json]) -> dict[str, sdk.Json]:
    """Return what a netmon at the far end says of itself, made harmless."""
    record: dict[str, sdk.Json] = {}
    for name, value in list(said.items())[:_MOST_NUMBERS]:
        if isinstance(value, str):
            record[sdk.clean(name)] = sdk.clean(value)
        elif value is None or isinstance(value, bool) or _number(value) == value:
            record[sdk.clean(name)] = value
    return record


def _number(value: sdk.Json) -> float:
    """Return a number that can be counted with; 0 for what is none, is infinite, or has no end."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return value if -_LARGEST_NUMBER < value < _LARGEST_NUMBER else 0
