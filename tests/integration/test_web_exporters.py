"""Scrape jobs of other exporters, moved to netmon: /snmp and /probe, and how any scrape is packed."""

import asyncio
import gzip
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
import pytest
from fakes.context import FakeClock
from fakes.site_sample import sample_site
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from netmon.web.server import WebServer
from netmon.web.settings import WebSettings

OPEN = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def samples(self):
        return [s for family in text_string_to_metric_families(self.text) for s in family.samples]

    def labels_of(self, name):
        return [sample.labels for sample in self.samples if sample.name == name]


@asynccontextmanager
async def serving(site=None):
    site = site or sample_site(FakeClock())
    server = WebServer(site, WebSettings(listen="127.0.0.1:0"))
    await server.start()
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession(auto_decompress=False) as session:

            async def get(path, **headers):
                url = f"http://{server.addresses[0]}{path}"
                async with session.get(url, headers={"Accept-Encoding": "identity", **headers}) as answer:
                    return Reply(answer.status, dict(answer.headers), await answer.read())

            get.site = site
            yield get
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "target", ["sw1", "192.0.2.12:1161", "udp://192.0.2.12:1161"], ids=["name", "address", "transport"]
)
async def test_a_device_is_shown_as_snmp_exporter_shows_it(target):
    async with serving() as get:
        reply = await get(f"/snmp?target={target}&module=if_mib&auth=public_v2")
    assert reply.status == 200
    assert set(reply.labels_of("ifOperStatus")[0]) == {"ifIndex", "ifName", "ifDescr", "ifAlias"}
    assert len(reply.labels_of("ifOperStatus")) == 25
    assert reply.labels_of("sysUpTime") == [{}]


@pytest.mark.parametrize("target", ["2001:db8::161", "[2001:db8::161]", "[2001:db8::161]:161"])
async def test_a_device_may_have_an_address_of_ipv6(target):
    site = sample_site(FakeClock())
    device = replace(site.watch.devices["rt1"], address="2001:db8::161")
    site.watch = replace(site.watch, devices={"rt1": device})
    async with serving(site) as get:
        assert (await get(f"/snmp?target={target}")).status == 200
        assert (await get("/snmp?target=[2001:db8::161]:1161")).status == 400, (
            "another port is another device"
        )


async def test_the_usual_port_and_the_usual_module_may_be_left_out():
    async with serving() as get:
        plain, with_port = await get("/snmp?target=192.0.2.11"), await get("/snmp?target=192.0.2.11:161")
    assert plain.status == with_port.status == 200
    assert plain.body == with_port.body


async def test_modules_are_one_answer_without_doubles():
    async with serving() as get:
        both = await get("/snmp?target=rt1&module=system,if_mib&module=system")
        only = await get("/snmp?target=rt1&module=system")
        everything = await get("/snmp?target=rt1&module=all")
    assert {sample.name for sample in only.samples} == {"sysUpTime", "sysDescr"}
    assert both.text.count("# TYPE sysUpTime") == both.text.count("sysUpTime ") - 1 - 1
    assert {s.name for s in both.samples} == {s.name for s in everything.samples}


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/snmp", 400, "target is missing"),
        ("/snmp?target=192.0.2.99", 400, "make it the [[device]] with this address"),
        ("/snmp?target=sw1&module=cisco_wlc", 400, "there are if_mib, system"),
        ("/snmp?target=ap9", 500, "ap9 did not answer the last poll"),
        ("/probe?target=198.51.100.99", 400, "make it the target of a [[probe]]"),
        ("/probe?target=192.0.2.7&module=http_2xx", 400, "is a target of the probes anchors"),
    ],
)
async def test_what_cannot_be_answered_says_what_to_do(path, status, words):
    async with serving() as get:
        reply = await get(path)
    assert reply.status == status
    assert words in reply.text


async def test_a_device_that_was_never_asked_is_neither_up_nor_down():
    async with serving() as get:
        get.site.clock.advance(3600)
        reply = await get("/snmp?target=sw1")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("module", ["", "&module=icmp", "&module=anchors", "&module=icmp_ttl5"])
async def test_a_target_is_shown_as_blackbox_exporter_shows_it(module):
    async with serving() as get:
        reply = await get(f"/probe?target=192.0.2.7{module}")
    assert reply.labels_of("probe_success") == [{"circuit": "wan1"}]


async def test_a_url_may_lack_what_a_browser_would_add():
    async with serving() as get:
        reply = await get("/probe?target=https://portal.example&module=http_2xx")
    assert [s.value for s in reply.samples if s.name == "probe_http_status_code"] == [200]


async def test_a_target_of_two_probes_needs_a_module():
    site = sample_site(FakeClock())
    probes = dict(site.watch.probes)
    twin = replace(probes["names"], name="again")
    site.watch = replace(site.watch, probes={**probes, "again": twin})
    row = next(site.latest.rows("dns"))
    shape = row.reading.shape
    key = tuple((name, "again" if name == "probe" else text) for name, text in shape.rows[0].key)
    again = replace(shape, rows=(replace(shape.rows[0], key=key),))
    site.take([replace(row.reading, shape=again)])
    async with serving(site) as get:
        unclear = await get("/probe?target=192.0.2.53&module=dns")
        assert (await get("/probe?target=192.0.2.53&module=again")).status == 200
    assert unclear.status == 400
    assert "say module= one of again, names" in unclear.text


async def test_a_probe_that_is_named_is_answered_for_by_no_other_of_its_kind():
    site = sample_site(FakeClock())
    site.watch = replace(
        site.watch, probes={**site.watch.probes, "new": replace(site.watch.probes["names"], name="new")}
    )
    async with serving(site) as get:
        reply = await get("/probe?target=192.0.2.53&module=new")
    assert reply.status == 400
    assert "is a target of the probes names" in reply.text


async def test_open_metrics_is_given_to_who_asks_for_it():
    async with serving() as get:
        get.site.pieces = (b"# TYPE a gauge\na 1\n",)
        scrape, device = await get("/metrics", **OPEN), await get("/snmp?target=sw1", **OPEN)
    for reply in (scrape, device):
        assert reply.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        assert list(open_families(reply.text))


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False), ("br", False)],
)
async def test_a_scrape_is_compressed_for_who_can_read_it(accepted, zipped):
    async with serving() as get:
        get.site.pieces = tuple(f"x{n} 1\n".encode() * 10_000 for n in range(40))
        reply = await get("/metrics", **{"Accept-Encoding": accepted})
        whole = b"".join(get.site.pieces)
    assert (reply.headers.get("Content-Encoding") == "gzip") is zipped
    assert (gzip.decompress(reply.body) if zipped else reply.body) == whole
    assert "Accept-Encoding" in reply.headers["Vary"]
