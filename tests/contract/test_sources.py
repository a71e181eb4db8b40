"""What every probe and collector must hold to, run over all that are registered."""

import asyncio
import importlib
import re
import sys
import tomllib
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakes.capacity import capacity_server
from fakes.context import make_context
from fakes.loopback import SELF_SIGNED, silence, tcp_server, udp_server
from fakes.namespaces import network_namespace
from fakes.ports import free_port
from fakes.reflecting import reflecting
from fakes.stun_server import stun_server
from fakes.time_server import time_server
from pydantic import SecretStr

from collectors.demo.library import router
from collectors.demo.site import COMMUNITY
from collectors.snmp.agent import Agent, serve
from netmon import sdk
from probes.raw.helper import Helper

ROOT = Path(__file__).parents[2]
REGISTERED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["netmon.sources"]
HELPED = ("lan",)
"""Sources that only ask the raw helper."""
PROBES = sorted({name for name, value in REGISTERED.items() if value.startswith("probes.")} - {*HELPED})
UDP_SERVERS = ("dns", "egress", "ntp", "udp")
"""Probes that ask a UDP server on a port of the target's."""
FACT_COLLECTORS = ("addresses", "inventory", "neighbours", "vlans")
"""They measure nothing: what they yield are facts and events."""
PARTICULAR_COLLECTORS = ("power", "resources", "sensors", "wireless")
"""They read what the simulated router does not have."""
DEVICE_COLLECTORS = ("interfaces", "objects", "system", *FACT_COLLECTORS, *PARTICULAR_COLLECTORS)

# Names that others gave, kept because dashboards and rules rely on them: MIB objects ...
MIB_NAMES = re.compile(r"(if|ifHC(In|Out)|sys|dot3Stats|hr|entSensor)[A-Z]\w+")
# ... and those of blackbox_exporter and snmp_exporter.
PEER_NAMES = {
    "probe_success", "probe_duration_seconds", "probe_ip_protocol", "probe_ip_addr_hash", "probe_dns_serial",
    "probe_http_last_modified_timestamp_seconds", "probe_ssl_last_chain_info", "smokeping_response_ttl",
    "smokeping_send_errors_total", "probe_timeout_seconds", "smokeping_receive_errors_total",
    "probe_dns_lookup_time_seconds",
    "probe_failed_due_to_regex", "probe_icmp_duration_seconds", "probe_icmp_reply_hop_limit",
    "probe_dns_duration_seconds", "probe_dns_answer_rrs", "probe_dns_authority_rrs",
    "probe_dns_additional_rrs", "probe_dns_query_succeeded", "probe_http_duration_seconds",
    "probe_http_status_code", "probe_http_version", "probe_http_ssl", "probe_http_redirects",
    "probe_http_content_length", "probe_http_uncompressed_body_length", "probe_ssl_earliest_cert_expiry",
    "probe_ssl_last_chain_expiry_timestamp_seconds", "probe_tls_version_info", "probe_tls_cipher_info",
    "smokeping_requests_total", "smokeping_response_duplicates_total",
    *(f"smokeping_response_duration_seconds{part}" for part in ("_bucket", "_sum", "_count")),
    "snmp_scrape_packets_sent", "snmp_scrape_packets_retried", "snmp_scrape_pdus_returned",
    "snmp_scrape_duration_seconds", "snmp_scrape_walk_duration_seconds",
}  # fmt: skip
BASE_UNITS = ("_seconds", "_bytes", "_bits", "_ratio", "_celsius", "_volts", "_amperes", "_watts", "_hertz",
              "_meters", "_per_second", "_voltamperes", "_pascals", "_joules", "_rpm", "_dbm",
              "_decibels")  # fmt: skip
WITHOUT_UNIT = {"netmon_host_load_average", "netmon_sensor_quantity", "netmon_train_mos"}
OTHER_UNITS = re.compile(r"_(ms|us|ns|milliseconds|microseconds|minutes|hours|days|percent|k?bps|[kmg]b)$")


def load(name):
    module, _, attribute = REGISTERED[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


@pytest.fixture(params=sorted(REGISTERED))
def name(request):
    return request.param


@pytest.fixture
def source(name):
    return load(name)


def declared(source):
    return [metric for metrics in source.metrics.values() for metric in metrics]


def settings_of(source):
    needed = {
        "TlsProbe": {"verify": False},  # the far end's is self-signed
        "BandwidthProbe": {"max_bytes": "3MB", "directions": "down"},
    }
    return source.settings_type(**needed.get(source.__name__, {}))


def device(port, address="127.0.0.1"):
    credential = sdk.Credential("test", sdk.SnmpVersion.V2C, community=SecretStr(COMMUNITY))
    return sdk.Device("router", address, port, credential)


def make(name, target="", timeout_seconds=1.0, port=0, helper=None):
    """Return a source of that name, for a target (probes) or a port of a device (collectors)."""
    source = load(name)
    ready = {"http": "http://127.0.0.1/", "tcp": "127.0.0.1:80", "traps": "127.0.0.1:0"}
    target = target or ready.get(name, "127.0.0.1")
    assigned = device(port or 161) if name in DEVICE_COLLECTORS else None
    assignment = sdk.Assignment(
        name, (target,), 0.05, timeout_seconds, device=assigned, credentials=(device(161).credential,)
    )
    settings = settings_of(source) if helper is None else source.settings_type(socket=helper)
    return source(assignment, settings)


# Declarations


def test_what_is_installed_is_what_is_registered():
    installed = {entry.name: entry.value for entry in entry_points(group="netmon.sources")}
    assert {name: installed.get(name) for name in REGISTERED} == REGISTERED


def test_a_registered_source_is_a_source(name, source):
    assert issubclass(source, sdk.Source)
    assert issubclass(source.settings_type, sdk.Settings)
    assert source.__doc__
    assert bool(source.metrics) is (name not in FACT_COLLECTORS)
    assert all(source.metrics.values())


def test_help_is_a_sentence(source):
    assert [
        m.name
        for m in declared(source)
        if not ((m.help.endswith(".") and m.help[0].isupper()) or m.help[0].isdigit())
    ] == []


def test_new_names_are_ours_and_all_others_are_on_the_frozen_list(source):
    strange = {m.name for m in declared(source) if not m.name.startswith("netmon_")} - PEER_NAMES
    assert {name for name in strange if not MIB_NAMES.fullmatch(name)} == set()


def test_names_say_what_prometheus_expects_of_them(source):
    ours = [metric for metric in declared(source) if metric.name.startswith("netmon_")]
    assert [m.name for m in ours if OTHER_UNITS.search(m.name)] == []
    assert [m.name for m in ours if (m.kind is sdk.Kind.COUNTER) != m.name.endswith("_total")] == []
    assert [m.name for m in ours if (m.kind is sdk.Kind.INFO) != m.name.endswith("_info")] == []
    floats = {m.name for m in ours if m.kind is sdk.Kind.GAUGE and m.number is sdk.Number.FLOAT}
    assert {name for name in floats - WITHOUT_UNIT if not name.endswith(BASE_UNITS)} == set()


def test_a_name_means_the_same_everywhere():
    meanings = {}
    for source in map(load, REGISTERED):
        for metric in declared(source):
            meanings.setdefault(metric.name, set()).add((metric.kind, metric.number))
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


def test_no_metric_is_declared_twice(source):
    for metrics in source.metrics.values():
        keys = [(metric.name, metric.labels) for metric in metrics]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_of_ours_leaves_by_its_circuit(probe):
    assert load(probe).binds


# Life


@pytest.fixture(scope="session")
def network_calls():
    """Calls to the network, noted while `watching` is set; an audit hook cannot be taken back."""
    calls, watching = [], []

    def hook(event, args):
        if watching and event.startswith("socket."):
            calls.append((event, args))

    sys.addaudithook(hook)
    return calls, watching


def test_a_constructor_touches_no_network(name, network_calls):
    calls, watching = network_calls
    load(name)
    watching.append(True)
    try:
        make(name)
    finally:
        watching.clear()
    assert calls == []


async def test_closing_what_was_never_opened_is_allowed(name):
    await make(name).close()


async def test_a_source_can_be_opened_and_closed_again_and_leaves_nothing_open(name):
    async def round_of_life():
        context = make_context()
        source = make(name)
        for _ in range(2):
            await source.open(context)
            await source.close()
        await source.close()
        await context.shared.close()

    await round_of_life()
    before = open_files()
    await round_of_life()
    assert open_files() == before


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_run_that_is_cancelled_ends_at_once_and_the_source_closes(name):
    async with silent_end(name) as there:
        context = make_context()
        source = make(name, **there, timeout_seconds=30.0)
        await source.open(context)
        reading = asyncio.create_task(source.read())
        for _ in range(10):
            await asyncio.sleep(0)
        reading.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(reading, return_exceptions=True)
        assert reading.cancelled() or reading.exception() is None
        await source.close()
        await context.shared.close()


# Readings


async def test_only_what_was_declared_is_measured_with_the_declared_types(name):
    async with answering_end(name) as there:
        context = make_context()
        source = make(name, **there)
        await source.open(context)
        records = [record for _ in range(2) for record in await source.read()]
        await source.close()
        await context.shared.close()
    readings = [record for record in records if isinstance(record, sdk.Reading)]
    assert readings or name in (*FACT_COLLECTORS, *PARTICULAR_COLLECTORS)
    for reading in readings:
        assert set(reading.shape.metrics) <= set(source.metrics[reading.shape.measurement])
        assert set(reading.outcomes) == {sdk.Outcome.OK}
        assert wrong_types(reading) == []


def wrong_types(reading):
    allowed = {sdk.Number.INTEGER: int, sdk.Number.FLOAT: (int, float)}
    return [
        (metric.name, value)
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True)
        for value in column
        if value is not None and (isinstance(value, bool) or not isinstance(value, allowed[metric.number]))
    ]


async def test_a_shape_is_kept_from_run_to_run(name):
    async with answering_end(name) as there:
        context = make_context()
        source = make(name, **there)
        await source.open(context)
        first, second = await source.read(), await source.read()
        await source.close()
        await context.shared.close()
    shapes = [[r.shape for r in records if isinstance(r, sdk.Reading)] for records in (first, second)]
    assert all(one is other for one, other in zip(*shapes, strict=True))


# Outcomes of probes


async def outcome_of(name, target, timeout_seconds=1.0, **overrides):
    context = make_context(**overrides)
    source = make(name, target, timeout_seconds)
    try:
        await source.open(context)
        reading, *_ = await source.read()
    finally:
        await source.close()
        await context.shared.close()
    return reading.outcomes[0]


@pytest.mark.parametrize("probe", ["bandwidth", "dns", "egress", "http", "ntp", "stamp", "tcp", "tls", "udp"])
async def test_a_closed_port_is_a_refusal(probe):
    port = free_port()
    target = f"http://127.0.0.1:{port}/" if probe == "http" else f"127.0.0.1:{port}"
    assert await outcome_of(probe, target) is sdk.Outcome.REFUSED


@pytest.mark.parametrize("probe", ["bandwidth", "dns", "egress", "http", "ntp", "tls"])
async def test_silence_is_a_timeout(probe):
    async with silent_end(probe) as there:
        assert await outcome_of(probe, **there, timeout_seconds=0.2) is sdk.Outcome.TIMEOUT


@pytest.mark.parametrize("probe", PROBES)
async def test_no_route_is_unreachable(probe):
    target = {"http": "http://192.0.2.1/", "tcp": "192.0.2.1:80"}.get(probe, "192.0.2.1")
    with network_namespace():
        assert await outcome_of(probe, target) is sdk.Outcome.UNREACHABLE


@pytest.mark.parametrize("probe", PROBES)
async def test_a_name_without_address_is_unresolved(probe):
    target = {"http": "http://no.test/", "tcp": "no.test:80"}.get(probe, "no.test")
    assert await outcome_of(probe, target) is sdk.Outcome.UNRESOLVED


# Far ends


@asynccontextmanager
async def answering_end(name):
    """Serve what a source of that name asks; gives the arguments of make()."""
    async with AsyncExitStack() as stack:
        if name in DEVICE_COLLECTORS:
            simulated = router(asyncio.get_running_loop().time)
            transport, port = await serve(Agent(simulated.objects, COMMUNITY), "127.0.0.1")
            stack.callback(transport.close)
            yield {"port": port}
        elif name in ("tcp", "tls"):
            certificate = SELF_SIGNED if name == "tls" else None
            yield {"target": f"127.0.0.1:{await stack.enter_async_context(tcp_server(silence, certificate))}"}
        elif name == "http":
            yield {"target": f"http://127.0.0.1:{await stack.enter_async_context(tcp_server(say_hello))}/"}
        elif name == "dns":
            server = await stack.enter_async_context(udp_server(no_such_data))
            yield {"target": f"127.0.0.1:{server.port}"}
        elif name in ("ntp", "udp"):
            answer = time_server() if name == "ntp" else lambda data: [data]
            yield {"target": f"127.0.0.1:{(await stack.enter_async_context(udp_server(answer))).port}"}
        elif name == "egress":
            yield {"target": f"127.0.0.1:{(await stack.enter_async_context(udp_server(stun_server()))).port}"}
        elif name in HELPED:
            yield {
                "helper": await stack.enter_async_context(
                    helper(Helper(lambda _ask: [], lambda _name: list).serve)
                )
            }
        elif name == "bandwidth":
            yield {"target": f"127.0.0.1:{await stack.enter_async_context(capacity_server())}"}
        elif name == "stamp":
            reflector = stack.enter_context(reflecting(None, "127.0.0.1", 0))
            yield {"target": f"127.0.0.1:{reflector.port}"}
        else:
            yield {}


@asynccontextmanager
async def silent_end(name):
    """Take what a source of that name sends, and say nothing."""
    if name in ("bandwidth", "tcp", "tls", "http"):
        async with tcp_server(silence) as port:
            yield {"target": f"http://127.0.0.1:{port}/" if name == "http" else f"127.0.0.1:{port}"}
    elif name == "traps":
        yield {}  # it asks nobody
    elif name in HELPED:
        async with helper(listen_only) as path:
            yield {"helper": path}
    else:
        async with udp_server(lambda _data: []) as server:
            on_device = name in DEVICE_COLLECTORS
            target = f"127.0.0.1:{server.port}" if name in UDP_SERVERS else "127.0.0.1"
            yield {"port": server.port} if on_device else {"target": target}


async def listen_only(reader, writer):
    while await reader.read(100):
        continue
    writer.close()
    await writer.wait_closed()


@asynccontextmanager
async def helper(serve):
    """Be the raw helper; gives the path of its socket."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        async with await asyncio.start_unix_server(serve, path):
            yield path


async def say_hello(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    await reader.read()


def no_such_data(query):
    return [query[:2] + b"\x81\x80" + query[4:]]
