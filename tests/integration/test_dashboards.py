"""Every query of every dashboard, put to real servers that the real daemon has filled."""

import asyncio
import contextlib
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace

import pytest
from fakes import later
from fakes.daemon import DaemonProcess
from fakes.dashboards import FILES, FOLDER, language, load, queries
from fakes.servers import Server, influxd, prometheus, require, victoria_metrics

from collectors.demo.command import configuration
from collectors.demo.day import moment
from collectors.demo.library import DOWN_BITS_PER_SECOND
from collectors.demo.site import COMMUNITY, SimulatedSite
from netmon.clock import SystemClock

pytestmark = pytest.mark.servers

SITE = "demo-library"
EVERY_SECONDS = 1
WINDOW_SECONDS, STEP_SECONDS = 300, 2
RANGE_SECONDS = 7200
FILLED_WITHIN_SECONDS = 45.0
HOUR, DAY_SECONDS = 12.0, 86_400.0

# What a simulated site on a virtual machine has not got; the queries must still be answered without an error.
MAY_BE_EMPTY = {
    "Not known now, and why/A": "everything is known",
    "Not known now, and why/B": "nothing is silent",
    "Minutes down by fault/A": "the line was up",
    **dict.fromkeys(("Every circuit/F", "Every circuit/G"), "no hour is over yet"),
    "Health of parts/A": "no part of the site tells its health",
    "Large packets/A": "loopback's own limit is that of the way",
    "Opinion score of calls/A": "calls are judged from the second minute on",
    "netmon restarted": "nobody restarted it",
    **dict.fromkeys(("Sites by verdict/B", "Sites by verdict/C", "Sites by verdict/D"), "all is well"),
    "Temperature/A": "a virtual machine has no sensor",
    "Held back by the board/A": "only the firmware of a Raspberry Pi tells",
    "Certificates end/A": "the simulated line speaks no TLS",
}

VARIABLES = {
    "site": {SITE},
    "circuit": {"wan1"},
    "device": {"router", "sw1"},
    "ifName": {"wan0", "lan0", "Gi1/0/1", "Te1/1/2"},
    "probe": {"gateway", "anchors", "resolver", "portal", "nowhere"},
    "instance": set(),
}


class Echo(asyncio.DatagramProtocol):
    """Sends back what comes (RFC 862): an anchor beyond the line, under a name that hides that it is near."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class LivingSite:
    """The simulated site in a thread of its own."""

    def __init__(self):
        self.site = SimulatedSite(SystemClock(), DAY_SECONDS, start_hour=HOUR)
        self._loop = asyncio.new_event_loop()
        self._up, self._task = threading.Event(), None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._live())
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _live(self):
        loop = asyncio.get_running_loop()
        echo, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
        self.echo_port = echo.get_extra_info("sockname")[1]
        with contextlib.closing(echo):
            async with self.site:
                self._up.set()
                await self.site.live()

    def restart_router(self):
        """Let the router's uptime fall, as after a power cut."""
        self.site._devices[0].started += 86_400 * 39

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)


def daemon_configuration(site, listen, influx_url, echo_port):
    """Return the demonstration's own configuration, faster, with an output and two more things to ask."""
    text = configuration(site, listen).replace('every = "5s"', f'every = "{EVERY_SECONDS}s"')
    text = text.replace('timeout = "2s"', 'timeout = "900ms"').replace(
        'commit_every = "2s"', 'commit_every = "200ms"\nhold_unsynced = "0s"'
    )
    return f"""{text}
[output.influxdb]
url = "{influx_url}"
version = "1"
database = "netmon"

[[probe]]
name = "nowhere"
type = "tcp"
role = "service"
targets = ["127.0.0.1:1", "127.0.0.23:{site.ports["portal"]}"]
every = "{EVERY_SECONDS}s"
timeout = "900ms"

[[probe]]
name = "far"
type = "udp"
role = "anchor"
circuit = "wan1"
targets = ["localhost:{echo_port}"]
every = "{EVERY_SECONDS}s"
timeout = "900ms"

[[probe]]
name = "way"
type = "path"
targets = ["127.0.0.1"]
every = "10s"
timeout = "9s"

[[probe]]
name = "appliance"
type = "host"
targets = ["localhost"]
every = "{EVERY_SECONDS}s"
timeout = "900ms"
"""


@dataclass
class Filled:
    """Servers with the daemon's data, by name."""

    servers: dict
    instance: str
    answers: dict = field(default_factory=dict)

    def values(self, interval, window):
        """Return what Grafana would put in the place of each variable when everything is chosen."""
        return dict.fromkeys(("ifName", "probe"), ".*") | {
            "circuit": ".+",
            "device": "(router|sw1)",
            "site": SITE,
            "instance": self.instance,
            "timeFilter": f"time >= now() - {WINDOW_SECONDS}s",
            "__rate_interval": window,
            "__interval": interval,
            "__range": f"{RANGE_SECONDS}s",
            "__range_s": str(RANGE_SECONDS),
            "__from": str(time.time_ns() // 1_000_000 - RANGE_SECONDS * 1000),
            "__to": str(time.time_ns() // 1_000_000),
        }


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dashboards")
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(LivingSite())
        influx = stack.enter_context(influxd(folder))
        daemon = DaemonProcess(folder, environ={"NETMON_DEMO_COMMUNITY": COMMUNITY})
        stack.callback(daemon.kill)
        listen = f"127.0.0.1:{daemon.port}"
        scrape = (FOLDER / "prometheus" / "prometheus.example.yml").read_text("utf-8")
        beside = stack.enter_context(later.serving(later.exposed(later.now())))
        scrape = scrape.replace('"127.0.0.1:9877"', f'"{listen}", "{beside}"').replace(
            "30s", f"{EVERY_SECONDS}s"
        )
        shutil.copy(FOLDER / "prometheus" / "netmon.rules.yml", folder)
        prom = stack.enter_context(prometheus(folder, scrape))
        (folder / "scrape.yml").write_text(scrape)
        victoria = stack.enter_context(
            victoria_metrics(
                folder, f"-promscrape.config={folder / 'scrape.yml'}", "-promscrape.config.strictParse=false"
            )
        )
        influx.get("/query", q="CREATE DATABASE netmon")
        influx.post("/write?db=netmon&precision=ms", b"\n".join(later.lines(later.now())))
        daemon.config_file.write_text(
            daemon_configuration(site.site, listen, influx.url, site.echo_port), "utf-8"
        )
        daemon.start()
        daemon.wait_until(lambda: all(map(knows_the_router, (prom, victoria))), "a first poll, scraped")
        daemon.wait_until(lambda: "netmon_circuit_degraded{" in daemon.get("/metrics")[1], "a minute", 90)
        daemon.wait_until(lambda: knows_a_minute(prom), "a minute, scraped")
        site.restart_router()
        yield Filled({"prometheus": prom, "victoria-metrics": victoria, "influxdb": influx}, listen)
        assert "Traceback" not in daemon.log


def knows_the_router(server):
    return server.json("/api/v1/query", query='sysUpTime{device="router"}')["data"]["result"]


def knows_a_minute(server):
    return server.json("/api/v1/query", query="netmon_site_state")["data"]["result"]


def ask_prometheus(server: Server, query, filled):
    """Return the series that Grafana would get: labels and values."""
    text = query.filled(filled.values(f"{STEP_SECONDS}s", f"{STEP_SECONDS * 5}s"))
    now = time.time()
    if query.kind == "variable":
        selector, _, label = text.removeprefix("label_values(").removesuffix(")").rpartition(", ")
        times = {"start": str(now - WINDOW_SECONDS), "end": str(now)}
        return [({}, server.json(f"/api/v1/label/{label}/values", **{"match[]": selector}, **times)["data"])]
    if query.at_once:
        # Minutes are counted at full minutes: as of the next one, the newest has been told.
        answer = server.json("/api/v1/query", query=text, time=str((now // 60 + 1) * 60))
        return [(one["metric"], [one["value"][1]]) for one in answer["data"]["result"]]
    times = {"start": str(now - WINDOW_SECONDS), "end": str(now), "step": str(STEP_SECONDS)}
    answer = server.json("/api/v1/query_range", query=text, **times)
    return [(one["metric"], [value for _, value in one["values"]]) for one in answer["data"]["result"]]


def ask_influxdb(server: Server, query, filled):
    """Return the series that Grafana would get: tags and values, without their times."""
    text = query.filled(filled.values(f"{STEP_SECONDS}s", ""))
    (answer,) = server.json("/query", db="netmon", epoch="ms", q=text)["results"]
    assert "error" not in answer, f"{query}: {answer['error']}"
    return [
        (
            series.get("tags", {}),
            [value for row in series["values"] for value in row[1:] if value is not None],
        )
        for series in answer.get("series", ())
    ]


ASK = {"prometheus": ask_prometheus, "victoria-metrics": ask_prometheus, "influxdb": ask_influxdb}
CASES = [
    (server, path)
    for path in FILES
    for server in (
        {"prometheus": ("prometheus", "victoria-metrics")}.get(language(load(path)), ("influxdb",))
    )
]


def answers(filled, name, path):
    """Ask everything, once for all tests, until every query has an answer that must have one."""
    if (name, path) not in filled.answers:
        filled.answers[name, path] = _ask_all(filled, name, path)
    return filled.answers[name, path]


def _ask_all(filled, name, path):
    server, found = filled.servers[name], {}
    missing = list(queries(load(path)))
    deadline = time.monotonic() + FILLED_WITHIN_SECONDS
    while missing and time.monotonic() < deadline:
        if name == "victoria-metrics":
            server.get("/internal/force_flush")
        found |= {query: ASK[name](server, query, filled) for query in missing}
        missing = [query for query in missing if not numbers(found[query])]
        if all(query.place in MAY_BE_EMPTY for query in missing):
            break
        time.sleep(0.3)
    return found


def numbers(series):
    return [value for _, values in series for value in values if value not in {"NaN", "+Inf", "-Inf"}]


EVERYWHERE = pytest.mark.parametrize(
    ("name", "path"), CASES, ids=[f"{name}-{path.stem}" for name, path in CASES]
)


@EVERYWHERE
def test_every_query_is_answered_with_data(filled, name, path):
    found = answers(filled, name, path)
    empty = {query.place for query, series in found.items() if not numbers(series)}
    assert empty <= MAY_BE_EMPTY.keys(), f"{name} has nothing for {sorted(empty - MAY_BE_EMPTY.keys())}"


@EVERYWHERE
def test_every_legend_finds_its_labels(filled, name, path):
    for query, series in answers(filled, name, path).items():
        wanted = {label or tag for label, tag in re.findall(r"\{\{(\w+)\}\}|\$tag_(\w+)", query.legend)}
        if query.kind == "annotation":
            continue  # marks of different things share one title
        assert [labels for labels, _ in series if not all(map(labels.get, wanted))] == [], query


@EVERYWHERE
def test_every_variable_offers_what_the_site_has(filled, name, path):
    for query, series in answers(filled, name, path).items():
        if query.kind == "variable":
            assert VARIABLES[query.place] <= set(numbers(series)), query


SITE_ONLY = pytest.mark.parametrize(
    ("name", "path"), [case for case in CASES if case[1].stem.startswith("netmon-site")]
)


@SITE_ONLY
def test_the_numbers_are_those_of_the_simulated_site(filled, name, path):
    asked = {query.place: query for query in queries(load(path))}

    def newest(place):
        return float(numbers(ASK[name](filled.servers[name], asked[place], filled))[-1])

    carried = moment(HOUR).use * DOWN_BITS_PER_SECOND
    deadline = time.monotonic() + FILLED_WITHIN_SECONDS
    answers(filled, name, path)
    # A rate in Prometheus is too small until its window is full.
    while abs(newest("Traffic on WAN ports/A") / carried - 1) > 0.1:
        assert time.monotonic() < deadline, newest("Traffic on WAN ports/A")
        time.sleep(0.5)
    assert newest("Targets without an answer/A") == 1, "the closed port, and nothing else"
    assert newest("WAN ports/A") == 1


@SITE_ONLY
def test_a_query_that_is_broken_on_purpose_is_caught(filled, name, path):
    query = next(one for one in queries(load(path)) if "ifHCInOctets" in one.text)
    with pytest.raises(AssertionError, match=r"4(00|22)"):
        ASK[name](filled.servers[name], replace(query, text=query.text.replace(")", "", 1)), filled)
    misspelt = replace(query, text=query.text.replace("ifHCInOctets", "ifHCInOctet"))
    assert numbers(ASK[name](filled.servers[name], misspelt, filled)) == []
    mislabelled = replace(query, text=re.sub(r'(\b|")circuit("?\s*!=)', r"\1line\2", query.text))
    assert mislabelled.text != query.text
    assert numbers(ASK[name](filled.servers[name], mislabelled, filled)) == []


CHANNELS = {"netmon_notify_test_success", "netmon_notify_receipts_missing_total"}
"""A demonstration tells nobody."""


def test_every_rule_is_evaluated_and_finds_its_metrics(filled):
    prom = filled.servers["prometheus"]
    rules = [rule for group in prom.json("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]
    names = set(prom.json("/api/v1/label/__name__/values")["data"])
    assert len(rules) == (FOLDER / "prometheus" / "netmon.rules.yml").read_text("utf-8").count("- alert:")
    for rule in rules:
        assert rule["health"] in {"ok", "unknown"}, rule
        asked = set(re.findall(r"\b((?:netmon_|if[A-Z]|sys[A-Z])\w+)\b(?!=)", rule["query"])) - {
            "ifName",
            "ifAlias",
        }
        assert asked
        assert asked <= names | CHANNELS, (rule["name"], asked - names)
        for name in ("prometheus", "victoria-metrics"):
            answer = filled.servers[name].json("/api/v1/query", query=rule["query"])
            assert answer["status"] == "success"
    filled.answers["prometheus", "rules"] = filled.answers["victoria-metrics", "rules"] = rules


def test_how_many_queries_that_were(filled, capsys):
    counts = {
        name: sum(len(found) for (one, _), found in filled.answers.items() if one == name) for name in ASK
    }
    with capsys.disabled():
        sys.stdout.write(f"\nqueries executed: {counts}\n")
    assert min(counts.values()) > 100


def test_the_example_scrape_configuration_is_one():
    done = subprocess.run(
        [require("promtool"), "check", "config", str(FOLDER / "prometheus" / "prometheus.example.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
