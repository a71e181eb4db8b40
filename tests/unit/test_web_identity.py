"""Who is answered: names, tokens, origins, and how often one may be wrong."""

import base64
from hashlib import sha256

import pytest

from netmon.errors import UsageError
from netmon.web.attempts import Attempts
from netmon.web.identity import HostNames, SiteHostNames, Tokens, same_origin
from netmon.web.problem import Problem
from netmon.web.settings import Tls, WebSettings, is_loopback, split_address

TOKEN = "correct-horse-battery"
LOCAL = HostNames("127.0.0.1", ("Netmon.Example.",))
EVERYWHERE = HostNames("0.0.0.0", ())


class Watch:
    now = 0.0

    def __call__(self):
        return self.now


def tokens(watch=None):
    return Tokens([sha256(TOKEN.encode()).hexdigest()], Attempts(5, watch or Watch()))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:9877", "127.0.0.1", "localhost:1", "[::1]:9877", "netmon.example", "NETMON.example:80"],
)
def test_names_of_this_server_are_answered(host):
    assert LOCAL.allow(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5:9877", "[", "a@b:c"],
)
def test_another_name_that_points_here_is_not(host):
    assert not LOCAL.allow(host)


def test_a_listener_on_all_addresses_answers_to_each_of_them_and_to_no_name():
    assert EVERYWHERE.allow("10.0.0.5:9878")
    assert EVERYWHERE.allow("[fd00::5]:9878")
    assert not EVERYWHERE.allow("rebound.example:9878")


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("netmon:9878", True),
        ("NETMON.local:9878", True),
        ("netmon.home.arpa", True),
        ("netmon.library.internal.", True),
        ("local.example", False),
        ("netmon.local.evil.example", False),
        ("10.0.0.5", True),
        ("", False),
        ("[", False),
    ],
)
def test_a_name_that_only_the_site_can_give_is_answered_where_the_whole_site_may_look(host, answered):
    assert SiteHostNames("0.0.0.0", ()).allow(host) is answered


@pytest.mark.parametrize(
    "authorization",
    [f"Bearer {TOKEN}", f"bearer  {TOKEN} ", "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()],
)
def test_a_known_token_passes_also_as_the_password_that_a_browser_sends(authorization):
    tokens().check("10.0.0.9", authorization)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "Basic ???", "Digest x", "Bearer \udcff"]
)
def test_anything_else_does_not(authorization):
    with pytest.raises(Problem) as refused:
        tokens().check("10.0.0.9", authorization)
    assert refused.value.status == 401
    assert "WWW-Authenticate" in refused.value.headers


def test_five_wrong_tokens_a_minute_close_the_door_for_that_address_only():
    watch = Watch()
    gate = tokens(watch)
    for _ in range(5):
        with pytest.raises(Problem):
            gate.check("10.0.0.9", "Bearer wrong")
    with pytest.raises(Problem) as refused:
        gate.check("10.0.0.9", f"Bearer {TOKEN}")
    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) <= 61
    gate.check("10.0.0.8", f"Bearer {TOKEN}")
    watch.now = 61
    gate.check("10.0.0.9", f"Bearer {TOKEN}")


def test_a_request_without_a_token_is_no_failure():
    gate = tokens()
    for _ in range(20):
        with pytest.raises(Problem) as refused:
            gate.check("10.0.0.9", "")
        assert refused.value.status == 401


def test_attempts_of_a_million_addresses_need_bounded_memory():
    attempts = Attempts(5, Watch())
    for number in range(5000):
        attempts.note(str(number))
    assert len(attempts._times) <= 1024


def test_an_action_comes_from_our_own_page_or_from_no_browser():
    assert same_origin(None, "127.0.0.1:9877", "http")
    assert same_origin("http://127.0.0.1:9877", "127.0.0.1:9877", "http")
    assert not same_origin("null", "127.0.0.1:9877", "http")
    assert not same_origin("http://evil.example", "127.0.0.1:9877", "http")


def test_listening_beyond_loopback_needs_tls_and_a_token(tmp_path):
    tls = Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    with pytest.raises(UsageError, match="TLS and a token"):
        WebSettings(listen="0.0.0.0:9877")
    with pytest.raises(UsageError):
        WebSettings(listen="0.0.0.0:9877", tls=tls)
    assert WebSettings(listen="0.0.0.0:9877", tls=tls, token_sha256=("00" * 32,))
    assert WebSettings(technician="0.0.0.0:9878")


@pytest.mark.parametrize("text", ["", "9877", ":9877", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"])
def test_an_address_without_both_parts_is_refused(text):
    with pytest.raises(UsageError):
        split_address(text)


def test_of_names_only_localhost_is_sure_to_be_this_machine():
    assert is_loopback("localhost")
    assert is_loopback("127.9.9.9")
    assert is_loopback("::1")
    assert not is_loopback("appliance")
    assert not is_loopback("")
