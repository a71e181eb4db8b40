"""Targets, addresses on the web, and the fence around them."""

import pytest
from fakes.context import FakeResolver, make_context
from hypothesis import given
from hypothesis import strategies as st

from netmon import sdk
from probes.fence import check_address
from probes.target import Endpoint, parse_endpoint, resolve
from probes.url import parse_url


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("example.org:443", Endpoint("example.org", 443)),
        ("[2001:db8::1]:53", Endpoint("2001:db8::1", 53)),
        ("192.0.2.1", Endpoint("192.0.2.1", 53)),
        ("2001:db8::1", Endpoint("2001:db8::1", 53)),
        ("[2001:db8::1]", Endpoint("2001:db8::1", 53)),
    ],
)
def test_a_target_names_a_host_and_a_port(text, endpoint):
    assert parse_endpoint(text, default_port=53) == endpoint


@pytest.mark.parametrize(
    "text", ["", ":80", "host:", "host:0", "host:65536", "host:²", "a b:1", "[::1", "[::1]x"]
)
def test_a_target_that_names_none_is_a_usage_error(text):
    with pytest.raises(sdk.UsageError):
        parse_endpoint(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_a_target(text):
    try:
        endpoint = parse_endpoint(text, default_port=53)
    except sdk.UsageError:
        return
    assert endpoint.host
    assert 0 < endpoint.port < 65_536


async def test_an_address_is_spelled_as_the_kernel_spells_it():
    context = make_context(resolver=FakeResolver({"six.test": ("2001:DB8:0::1",)}))
    assert (await resolve(context, "six.test")).address == "2001:db8::1"


async def test_the_family_narrows_the_addresses():
    context = make_context(resolver=FakeResolver({"both.test": ("192.0.2.1", "2001:db8::1")}))
    assert (await resolve(context, "both.test")).version == 4
    assert (await resolve(context, "both.test", "ipv6")).version == 6


@pytest.mark.parametrize(
    ("text", "authority", "path"),
    [
        ("http://example.org", "example.org", "/"),
        ("https://example.org:443/a?b=c#d", "example.org", "/a?b=c"),
        ("http://[2001:db8::1]:8080/x y", "[2001:db8::1]:8080", "/x%20y"),
        ("http://bücher.example/ü?q=ü", "xn--bcher-kva.example", "/%C3%BC?q=%C3%BC"),
    ],
)
def test_an_address_on_the_web_is_made_fit_for_the_wire(text, authority, path):
    url = parse_url(text)
    assert (url.authority, url.path) == (authority, path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file:///etc/passwd",
        "gopher://example.org",
        "http://",
        "http://u:p@example.org/",
        "http://h:99999/",
    ],
)
def test_what_is_no_web_address_is_a_usage_error(text):
    with pytest.raises(sdk.UsageError):
        parse_url(text)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(sdk.UsageError) as caught:
        parse_url("http://user:geheim@example.org/")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("/new", "http://a.test/new"),
        ("b", "http://a.test/x/b"),
        ("https://b.test", "https://b.test/"),
        ("//c.test/", "http://c.test/"),
    ],
)
def test_a_redirect_is_joined_with_where_it_came_from(location, there):
    assert str(parse_url("http://a.test/x/y").join(location)) == there


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://a.test/", "http://u:p@a.test/", "http://[::1/"]
)
def test_a_redirect_to_another_scheme_is_refused(location):
    with pytest.raises(sdk.SourceError) as caught:
        parse_url("http://a.test/").join(location)
    assert caught.value.outcome == sdk.Outcome.REJECTED


@given(st.text(max_size=60))
def test_no_location_breaks_the_probe(location):
    try:
        url = parse_url("http://a.test/").join(location)
    except sdk.SourceError:
        return
    assert url.path.isascii()
    assert " " not in url.path


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "0.0.0.0", "::", "fd00:ec2::254",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_the_fence_keeps_probes_from_metadata_services_in_every_wrapping(address):
    with pytest.raises(sdk.SourceError) as caught:
        check_address(address, came_from=None)
    assert caught.value.outcome == sdk.Outcome.REJECTED


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.8.8.8"])
def test_a_redirect_from_elsewhere_does_not_lead_to_this_host(address):
    with pytest.raises(sdk.SourceError):
        check_address(address, came_from="192.0.2.1")
    check_address(address, came_from=None)
    check_address(address, came_from="127.0.0.1")


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "fd00::1", "192.0.2.1", "2001:db8::1"])
def test_private_networks_are_allowed(address):
    check_address(address, came_from="198.51.100.1")
