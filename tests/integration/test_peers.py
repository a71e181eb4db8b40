"""netmon beside the exporters whose names it keeps: the same targets, the same series, the same values."""

import asyncio
import math
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingUDPServer

import pytest
from fakes.context import make_context
from fakes.daemon import DaemonProcess
from fakes.namespaces import network_namespace
from fakes.peers import blackbox_exporter, samples, scrape, smokeping_prober, snmp_exporter
from fakes.servers import require
from fakes.snmpd import snmpd

from netmon import sdk
from netmon.metrics.excerpt import Part, text_of
from netmon.metrics.fragment import WHOLE
from probes.icmp import IcmpProbe, IcmpSettings

pytestmark = pytest.mark.servers

COMMUNITY = "peers"
MINUTE_NS = 60 * 10**9
SITE = '[site]\nid = "lib"\n'
DEVICE = """
[credential.lab]
version = "2c"
community = {{ env = "COMMUNITY" }}
allow_weak = true

[[device]]
name = "agent"
address = "127.0.0.1:{port}"
credential = "lab"
every = "1s"
collect = ["system", "interfaces", "resources"]
"""
PROBE = """
[[probe]]
name = "{module}"
type = "{kind}"
targets = ["{target}"]
every = "1s"
settings = {settings}
"""
GAUGES_THAT_MOVE = {"sysUpTime", "ifOutQLen", "hrStorageUsed", "hrProcessorLoad"}
INVENTED = {"ifPhysAddress": "00:00:00:00:00:00"}
"""What the peer makes of a port without an address; here such a port has none."""
OWN_BUSINESS = ("go_", "process_", "promhttp_", "smokeping_prober_")


def key(sample, left_out=frozenset()):
    labels = ((name, text) for name, text in sample.labels.items() if name not in left_out)
    return sample.name, frozenset(labels)


def ours_for(sample, ours, without=frozenset()):
    """Return our sample that has the name and all labels of a peer's, and perhaps more."""
    wanted = {(name, text) for name, text in sample.labels.items() if name not in without}
    return next((o for o in ours if o.name == sample.name and wanted <= set(o.labels.items())), None)


@contextmanager
def daemon(folder, config, **environ):
    process = DaemonProcess(folder, SITE + config, environ).start()
    try:
        yield process
    finally:
        process.kill()


def url(process, path):
    return f"http://127.0.0.1:{process.port}{path}"


def uptime(samples):
    return next((s.value for s in samples if s.name == "sysUpTime"), -1)


@pytest.fixture
async def agent(tmp_path):
    async with snmpd(tmp_path, COMMUNITY) as port:
        yield f"127.0.0.1:{port}"


async def test_every_series_of_snmp_exporter_is_there_with_its_labels_and_its_value(tmp_path, agent):
    config = DEVICE.format(port=agent.partition(":")[2])
    with snmp_exporter(tmp_path, COMMUNITY) as peer, daemon(tmp_path, config, COMMUNITY=COMMUNITY) as netmon:
        for module in ("if_mib", "system", "hrDevice", "hrStorage"):
            path = f"/snmp?target={agent}&module={module},if_mib"
            netmon.wait_until(lambda path=path: netmon.get(path)[0] == 200, path)
            before = peer.scrape("/snmp", target=agent, module=module)
            polled = max(uptime(before), 0)
            netmon.wait_until(
                lambda p=path, u=polled: uptime(scrape(url(netmon, p))) >= u + 100, "a later poll"
            )
            ours = scrape(url(netmon, path))
            after = {key(s): s.value for s in peer.scrape("/snmp", target=agent, module=module)}
            assert len(before) > (20 if module == "if_mib" else 2)
            check_snmp(before, ours, after)


def check_snmp(before, ours, after):
    for sample in before:
        if sample.labels.get(sample.name) == INVENTED.get(sample.name, ""):
            continue
        mine = ours_for(sample, ours)
        assert mine is not None, sample
        assert "site" not in mine.labels
        if sample.name.startswith("snmp_scrape_"):
            assert mine.labels["module"], sample
        elif key(sample) in after and after[key(sample)] == sample.value:
            if sample.name not in GAUGES_THAT_MOVE:
                assert mine.value == sample.value, (sample, mine)
        elif sample.name not in GAUGES_THAT_MOVE - {"sysUpTime"} and key(sample) in after:
            assert sample.value <= mine.value <= after[key(sample)] + 100, (sample, mine, after[key(sample)])


class Page(BaseHTTPRequestHandler):
    """A page as small as it can be."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.send_header("Last-Modified", "Tue, 15 Nov 1994 12:45:26 GMT")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        """Say nothing."""


class Resolver(BaseRequestHandler):
    """Answers every question: an address, or the zone's SOA with serial 77."""

    def handle(self):
        data, sock = self.request
        end = data.index(0, 12) + 5
        kind = data[end - 4 : end - 2]
        numbers = b"".join(n.to_bytes(4, "big") for n in (77, 1, 2, 3, 4))
        body = b"\x7f\0\0\x09" if kind == b"\0\x01" else b"\x02ns\0\x02hm\0" + numbers
        record = b"\xc0\x0c" + kind + b"\0\x01\0\0\0\x3c" + len(body).to_bytes(2, "big") + body
        sock.sendto(data[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0" + data[12:end] + record, self.client_address)


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def certificate(tmp_path):
    file = tmp_path / "server.pem"
    key, names = tmp_path / "key.pem", "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = [
        require("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    command += ["-nodes", "-days", "9", "-subj", "/C=GB/O=Test, a/CN=localhost", "-addext", names]
    subprocess.run([*command, "-keyout", str(key), "-out", str(file)], check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file


@pytest.fixture
def loopback():
    """Return with a network of the test's own, where anybody may ping."""
    with network_namespace(net_ipv4_ping_group_range="0 2147483647"):
        yield


@pytest.fixture
def ports(loopback, certificate):  # noqa: ARG001 - its servers live in that network
    """Ports of a page, of the same by TLS, and of a resolver."""
    secure = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    plain = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    resolver = ThreadingUDPServer(("127.0.0.1", 0), Resolver)
    with serving(plain) as http, serving(secure) as https, serving(resolver) as dns:
        yield http, https, dns


def cases(http, https, dns, authority):
    """By module: our kind, the target, our settings, the peer's module."""
    tls = {"ca_file": str(authority), "server_name": "localhost"}
    ip4 = {"preferred_ip_protocol": "ip4"}
    asked = 'query_name = "example.org", query_type = '
    trust = f'ca_file = "{authority}"'
    body = {"fail_if_body_not_matches_regexp": ["hello"]}
    return {
        "icmp": ("icmp", "127.0.0.1", "packets = 1", {"prober": "icmp", "icmp": ip4}),
        "http_2xx": ("http", f"http://127.0.0.1:{http}/", "", {"prober": "http", "http": ip4 | body}),
        "https": ("http", f"https://localhost:{https}/", f'{trust}, family = "ipv4"',
                  {"prober": "http", "http": ip4 | {"tls_config": tls}}),
        "tcp_connect": ("tcp", f"127.0.0.1:{http}", "", {"prober": "tcp", "tcp": ip4}),
        "http_other": ("http", f"http://127.0.0.1:{http}/", 'body_pattern = "other"',
                       {"prober": "http", "http": ip4 | {"fail_if_body_not_matches_regexp": ["other"]}}),
        "tls_connect": ("tls", f"localhost:{https}", f'{trust}, server_name = "localhost", family = "ipv4"',
                        {"prober": "tcp", "tcp": ip4 | {"tls": True, "tls_config": tls}}),
        "dns_a": ("dns", f"127.0.0.1:{dns}", f'{asked}"A"',
                  {"prober": "dns", "dns": ip4 | {"query_name": "example.org", "query_type": "A"}}),
        "dns_soa": ("dns", f"127.0.0.1:{dns}", f'{asked}"SOA"',
                    {"prober": "dns", "dns": ip4 | {"query_name": "example.org", "query_type": "SOA"}}),
    }  # fmt: skip


NOT_SAID = {("tls_connect", "probe_failed_due_to_regex")}
"""A TLS probe has no pattern."""


def test_every_series_of_blackbox_exporter_is_there_with_its_labels_and_its_value(
    tmp_path, ports, certificate
):
    every = cases(*ports, certificate)
    config = "".join(
        PROBE.format(module=module, kind=kind, target=target, settings=f"{{ {settings} }}")
        for module, (kind, target, settings, _) in every.items()
    )
    modules = {module: case[3] for module, case in every.items()}
    with blackbox_exporter(tmp_path, modules) as peer, daemon(tmp_path, config) as netmon:
        for module, (_, target, _, _) in every.items():
            path = f"/probe?target={target}&module={module}"
            netmon.wait_until(lambda path=path: netmon.get(path)[0] == 200, path)
            ours = scrape(url(netmon, path))
            for sample in peer.scrape("/probe", target=target, module=module):
                if (module, sample.name) not in NOT_SAID:
                    check_probe(module, sample, ours)


def check_probe(module, sample, ours):
    mine = ours_for(sample, ours)
    assert mine is not None, (module, sample)
    if sample.name.endswith(("_duration_seconds", "_lookup_time_seconds")):
        assert 0 <= mine.value < 2, (module, sample, mine)
        assert (
            mine.value > 0
            or sample.labels.get("phase") in ("resolve", "tls", "connect")
            or "lookup" in sample.name
        )
    else:
        assert math.isclose(mine.value, sample.value), (module, sample, mine)


async def pinged(target):
    """Return what a minute of pings tells, without waiting for its end."""
    context = make_context()
    probe = IcmpProbe(sdk.Assignment("smoke", (target,), 0.05, 2.0), IcmpSettings(packets=1))
    await probe.open(context)
    try:
        for _ in range(3):
            await probe.read()
    finally:
        await probe.close()
        await context.shared.close()
    now = context.clock.stamp()
    end_ns = (now.boottime_ns // MINUTE_NS + 2) * MINUTE_NS - 1
    return probe._book.readings(replace(now, boottime_ns=end_ns), {target: sdk.Outcome.OK})


def test_every_series_of_smokeping_prober_is_there_with_its_labels(tmp_path, loopback):  # noqa: ARG001
    with smokeping_prober(tmp_path, "127.0.0.1") as peer:
        parts = [Part(reading, WHOLE) for reading in asyncio.run(pinged("127.0.0.1"))]
        ours = samples(text_of(parts).decode())
        found = peer.scrape()
        while not any(s.name == "smokeping_response_ttl" and s.value for s in found):
            time.sleep(0.05)
            found = peer.scrape()
    theirs = [s for s in found if not s.name.startswith(OWN_BUSINESS)]
    assert {s.name for s in theirs} >= {"smokeping_requests_total", "smokeping_response_duplicates_total"}
    for sample in theirs:
        mine = ours_for(sample, ours)
        assert mine is not None, sample
        if sample.name == "smokeping_response_ttl":
            assert mine.value == sample.value
    by_name = {s.name: s.value for s in ours}
    assert by_name["smokeping_requests_total"] == by_name["smokeping_response_duration_seconds_count"] == 3
