"""Other tools over the same path: fping, ping, icmplib, blackbox_exporter, smokeping_prober."""

from __future__ import annotations

import asyncio
import http.client
import importlib
import importlib.metadata
import re
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import uniform

from _probe_lab import ADDRESSES, DNS_PORT, HTTP_PORT, Trips, busy_loop
from fakes.referee import EmulatedPath

BLACKBOX, SMOKEPING = "prometheus-blackbox-exporter", "prometheus-smokeping-prober"
_BLACKBOX_MODULES = """
modules:
  icmp: {prober: icmp, timeout: 2s, icmp: {preferred_ip_protocol: ip4}}
  tcp: {prober: tcp, timeout: 2s, tcp: {preferred_ip_protocol: ip4}}
  http: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}
  dns: {prober: dns, timeout: 2s, dns: {preferred_ip_protocol: ip4, query_name: example.org, query_type: A}}
"""
_SAID = {
    "icmp": 'probe_icmp_duration_seconds{phase="rtt"} ',
    "tcp": "probe_duration_seconds ",
    "http": 'probe_http_duration_seconds{phase="processing"} ',
    "dns": 'probe_dns_duration_seconds{phase="request"} ',
}
_SMOKEPING_PORT, _BLACKBOX_PORT = 9374, 9115


def need(program: str) -> str:
    """Return the program's path; FileNotFoundError names it when it is not there."""
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(program)
    return found


def version(program: str, option: str = "--version") -> str:
    """Return a program's name and version."""
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    found = re.search(
        r"(?:version |[Vv]ersion:? |utils |from iputils )v?([0-9][\w.]*)", done.stdout + done.stderr
    )
    return f"{program} {found[1]}" if found else program


def fping(path: EmulatedPath, rounds: int) -> Trips:
    """Ask all addresses, once every 200 ms each."""
    command = (need("fping"), "-C", str(rounds), "-q", "-p", "200", "-t", "1000", "-i", "1", *ADDRESSES)
    text = path.near.run(*command, timeout_seconds=120).stderr
    lines = (line.split(" : ") for line in text.splitlines() if " : " in line)
    return {
        address.strip(): [None if word == "-" else float(word) / 1000 for word in words.split()]
        for address, words in lines
    }


def ping(path: EmulatedPath, rounds: int) -> Trips:
    """Ask each address by a process of its own, once every 200 ms."""
    program, found = need("ping"), {}
    running = [
        (
            address,
            subprocess.Popen(
                [*path.near.prefix, program, "-n", "-c", str(rounds), "-i", "0.2", "-W", "1", address],
                stdout=subprocess.PIPE,
                text=True,
            ),
        )
        for address in ADDRESSES
    ]
    for address, process in running:
        text, _ = process.communicate(timeout=120)
        by_number = {
            int(n): float(ms) / 1000 for n, ms in re.findall(r"icmp_seq=(\d+) .*time=([\d.]+)", text)
        }
        found[address] = [by_number.get(number) for number in range(1, rounds + 1)]
    return found


async def icmplib(rounds: int, *, busy: bool) -> Trips:
    """Ask all addresses together, in an event loop as busy as ours."""
    library, found = importlib.import_module("icmplib"), defaultdict(list)

    async def ask(address: str) -> None:
        host = await library.async_ping(address, count=1, timeout=1, privileged=False)
        found[address].append(host.rtts[0] / 1000 if host.rtts else None)

    async with busy_loop() if busy else asyncio.timeout(None):
        for _ in range(rounds):
            await asyncio.gather(*map(ask, ADDRESSES))
            await asyncio.sleep(uniform(0.1, 0.3))
    return found


@contextmanager
def _exporter(path: EmulatedPath, port: int, *command: str) -> Iterator[http.client.HTTPConnection]:
    environment = ("env", "GOMAXPROCS=1")
    process = subprocess.Popen(
        [*path.near.prefix, *environment, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        with path.near.entered():
            _connect(connection)
        yield connection
    finally:
        connection.close()
        process.kill()
        process.wait()


def _connect(connection: http.client.HTTPConnection) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            connection.connect()
        except OSError:
            assert time.monotonic() < end, "the exporter does not start"
            time.sleep(0.05)
        else:
            return


def _get(connection: http.client.HTTPConnection, path: str) -> str:
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def blackbox(path: EmulatedPath, kind: str, rounds: int) -> Trips:
    """Ask for one probe after the other, as a scraper does."""
    config = path.folder / "blackbox.yml"
    config.write_text(_BLACKBOX_MODULES)
    port = {"tcp": f":{HTTP_PORT}", "http": f":{HTTP_PORT}", "dns": f":{DNS_PORT}"}.get(kind, "")
    found = defaultdict(list)
    options = (f"--config.file={config}", f"--web.listen-address=127.0.0.1:{_BLACKBOX_PORT}")
    with _exporter(path, _BLACKBOX_PORT, need(BLACKBOX), *options) as connection:
        for _ in range(rounds):
            for address in ADDRESSES:
                text = _get(connection, f"/probe?module={kind}&target={address}{port}")
                assert "probe_success 1" in text, text
                said = next(line for line in text.splitlines() if line.startswith(_SAID[kind]))
                found[address].append(float(said.split()[-1]))
    return found


def smokeping_means(path: EmulatedPath, seconds: float, addresses: Sequence[str]) -> dict[str, float]:
    """Let it probe for a while; return the mean time by address, which is what it tells."""
    listen = f"--web.listen-address=127.0.0.1:{_SMOKEPING_PORT}"
    empty = path.folder / "smokeping.yml"
    empty.write_text("targets: []\n")
    options = (f"--config.file={empty}", listen, "--ping.interval=200ms", "--privileged", *addresses)
    with _exporter(path, _SMOKEPING_PORT, need(SMOKEPING), *options) as connection:
        time.sleep(seconds)
        text = _get(connection, "/metrics")
    sums, counts = ({}, {})
    for line in text.splitlines():
        match = re.match(r'smokeping_response_duration_seconds_(sum|count)\{.*ip="([\d.]+)".*\} (\S+)', line)
        if match:
            (sums if match[1] == "sum" else counts)[match[2]] = float(match[3])
    return {address: sums[address] / counts[address] for address in sums if counts.get(address)}


def installed(library: str) -> str:
    """Return a library's name and version."""
    try:
        return f"{library} {importlib.metadata.version(library)}"
    except importlib.metadata.PackageNotFoundError as error:
        raise ImportError(library) from error
