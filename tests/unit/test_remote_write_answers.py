"""What every answer of a receiver of remote-write means for the data."""

import pytest

from netmon.delivery.remote_write_answers import failure
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.errors import Outdated, Parked, Rejected, RetryLater, TooLarge, Unreachable

MIMIR_OLD = (
    b"the sample has been rejected because its timestamp is too old (err-mimir-sample-timestamp-too-old)"
)
MIMIR_ORDER = (
    b"the sample has been rejected because another sample with a more recent timestamp has already been "
    b"ingested and out-of-order samples are not allowed (err-mimir-sample-out-of-order)"
)


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, b"<html>please log in</html>", RetryLater),
        (302, b"", Parked),
        (400, b'label name "a-b" is not valid', Rejected),
        (400, b"label value too long, label: 'ifAlias', value: 'Proto lab, switch too old, EOF'", Rejected),
        (400, b'series {ifAlias="tenant 3, out of order"} is not valid', Rejected),
        (400, b"a geofence is no label", Rejected),
        (400, b"snappy: corrupt input", Parked),
        (400, b'remoteAddr: "127.0.0.1:44728"; requestURI: /api/v1/write; snappy: corrupt input', Parked),
        (400, b'{"error": "snappy: corrupt input"}', Parked),
        (400, b'{"message": "label value too long"}', Rejected),
        (400, b"proto: Label: illegal tag 0", Parked),
        (400, b"<html>Bad Request</html>", Parked),
        (400, b"", Parked),
        (401, b"no org id", Parked),
        (403, b"", Parked),
        (404, b"remote write receiver needs to be enabled", Parked),
        (408, b"", RetryLater),
        (413, b"", TooLarge),
        (422, b"series limit", Rejected),
        (429, b"", RetryLater),
        (500, b"engine", RetryLater),
        (502, b"<html>Bad Gateway</html>", Unreachable),
        (503, b"", RetryLater),
    ],
)  # fmt: skip
def test_an_answer_has_one_meaning(status, body, verdict):
    assert type(failure(status, {}, body)) is verdict


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_is_one(status):
    assert failure(status, {}, b"") is None


@pytest.mark.parametrize(
    ("status", "body", "too_old"),
    [
        (400, b"out of bounds", True),
        (500, b"too old sample", True),
        (400, MIMIR_OLD, True),
        (400, b"out of order sample", False),
        (400, b"duplicate sample for timestamp", False),
        (400, MIMIR_ORDER, False),
        (409, b"store locally: out of order sample", False),
    ],
)
def test_what_comes_late_is_told_from_what_is_bad(status, body, too_old):
    error = failure(status, {}, body)
    assert isinstance(error, Outdated)
    assert error.too_old is too_old


def test_plain_prometheus_is_explained():
    assert "out_of_order_time_window" in str(failure(400, {}, b"out of bounds"))
    assert "--web.enable-remote-write-receiver" in str(failure(404, {}, b""))


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://p:9090/api/v1/write", "http://p:9090"),
        ("https://m/api/v1/push", "https://m/prometheus"),
        ("https://x/receive", ""),
    ],
)
def test_queries_are_asked_beside_where_it_is_written(url, base):
    assert RemoteWriteSettings(url).query_base == base
    assert RemoteWriteSettings(url, query_url="http://q/").query_base == "http://q"
