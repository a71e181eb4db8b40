"""What every answer of an InfluxDB means for the data."""

import pytest

from netmon.delivery.answers import retry_after_seconds
from netmon.delivery.influx_answers import Dialect, dialect, failure
from netmon.delivery.influx_settings import InfluxSettings
from netmon.errors import Parked, Rejected, RetryLater, TooLarge, Unreachable

V1_PARSE = b'{"error":"unable to parse \'x\': missing fields"}'
V1_PARTIAL = b'{"error":"partial write: field type conflict: input field \\"v\\" dropped=1"}'
V2_INVALID = b'{"code":"invalid","message":"unable to parse \'x\': missing fields"}'
V2_RETENTION = (
    b'{"code":"unprocessable entity","message":"failure: partial write: points beyond retention dropped=3"}'
)


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, b"<html>please log in</html>", RetryLater),
        (302, b"", Parked),
        (400, V1_PARSE, Rejected),
        (400, V1_PARTIAL, Rejected),
        (400, V2_INVALID, Rejected),
        (400, b'{"error":"database is required"}', Parked),
        (400, b"<html>Bad Request</html>", Parked),
        (401, b'{"error":"authorization failed"}', Parked),
        (403, b"", Parked),
        (404, b'{"error":"database not found: \\"netmon\\""}', Parked),
        (405, b"", Parked),
        (408, b"", RetryLater),
        (413, b"", TooLarge),
        (422, V2_RETENTION, Rejected),
        (429, b"", RetryLater),
        (500, b'{"error":"timeout"}', RetryLater),
        (502, b"<html>Bad Gateway</html>", Unreachable),
        (503, b"", RetryLater),
    ],
)  # fmt: skip
def test_an_answer_has_one_meaning(status, body, verdict):
    assert type(failure(status, {}, body)) is verdict


def test_only_a_partial_write_has_kept_the_good_lines():
    assert [failure(400, {}, body).partial for body in (V1_PARSE, V1_PARTIAL, V2_INVALID)] == [
        False,
        True,
        False,
    ]


def test_the_servers_words_are_kept_and_made_harmless():
    assert str(failure(401, {}, b'{"error":"no \\u001b[31m entry"}')) == "401: no \ufffd[31m entry"
    assert str(failure(503, {}, b"\xff\x00" * 600)).startswith("503: ")


def test_a_missing_database_comes_with_its_remedy():
    assert "netmon influx setup" in str(failure(404, {}, b'{"error":"database not found: \\"netmon\\""}'))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "315360000"}, 315_360_000.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(headers, seconds):
    assert retry_after_seconds(headers) == seconds


@pytest.mark.parametrize(
    ("said", "settings", "expected"),
    [
        ("1.6.7~rc0", {}, Dialect.V1),
        ("1.8.10", {}, Dialect.V1),
        ("v2.7.1", {}, Dialect.V2),
        ("3.0.1", {}, Dialect.V2),
        ("unknown", {"database": "x"}, Dialect.V1),
        ("unknown", {"bucket": "x"}, Dialect.V2),
        ("unknown", {"version": "2"}, Dialect.V2),
        ("2.7.1", {"version": "1"}, Dialect.V1),
        ("1.6.7", {"version": "3"}, Dialect.V2),
    ],
)
def test_the_server_says_which_endpoint_it_has_unless_the_settings_do(said, settings, expected):
    assert dialect(said, InfluxSettings("http://127.0.0.1", **settings)) is expected


def test_secrets_are_not_part_of_the_settings_text():
    settings = InfluxSettings("http://127.0.0.1", token="t0ken", password="passw0rd")
    assert "t0ken" not in repr(settings)
    assert "passw0rd" not in repr(settings)
