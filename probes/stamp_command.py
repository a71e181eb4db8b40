"""`netmon reflector`: let other netmons measure to this host."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from ipaddress import ip_address, ip_network

from netmon import sdk
from probes.bandwidth.server import options as capacity
from probes.bandwidth.server.desk import Desk
from probes.stamp_gate import Gate, Limits, Network, Refusal
from probes.stamp_packet import PORT
from probes.stamp_reflector import Reflector
from probes.target import Endpoint, parse_endpoint
from probes.timestamping import StampKeeper

log = logging.getLogger(__name__)

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class ReflectorCommand(sdk.Command):
    """Answer STAMP packets and capacity tests of those who are allowed to, until interrupted."""

    summary = "STAMP reflector and capacity-test server, so that one netmon measures to another"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        limits = Limits()
        parser.add_argument(
            "--listen",
            metavar="ADDRESS[:PORT]",
            action="append",
            help=f"address of this host to answer on (repeatable; default: 127.0.0.1:{PORT})",
        )
        parser.add_argument(
            "--allow",
            metavar="NETWORK",
            action="append",
            default=[],
            help="address or network of senders (repeatable); needed beyond loopback",
        )
        parser.add_argument(
            "--rate",
            type=float,
            default=limits.source_per_second,
            help="packets per second that one address may send (default: %(default)g)",
        )
        parser.add_argument(
            "--total-rate",
            type=float,
            default=limits.total_per_second,
            help="packets per second of all together (default: %(default)g)",
        )
        parser.add_argument(
            "--report", default="1m", help="how often counters are shown (default: %(default)s)"
        )
        capacity.add_arguments(parser)

    def run(self, options: Namespace) -> int:
        """Reflect until interrupted."""
        listen = [_address(text) for text in options.listen or [f"127.0.0.1:{PORT}"]]
        served = [*listen, *([capacity.capacity_endpoint(options)] if options.capacity else [])]
        allowed = allow_list(options.allow, served)
        if options.rate < 1 or options.total_rate < 1:
            raise sdk.UsageError("--rate and --total-rate need at least one packet per second")
        try:
            report_seconds = sdk.duration_seconds(options.report)
        except ValueError as error:
            raise sdk.UsageError(f"--report: {error}") from error
        gate = Gate(allowed, Limits(options.rate, options.total_rate))
        desk = capacity.make_desk(options, allowed, sdk.SystemClock()) if options.capacity else None
        return asyncio.run(_serve(listen, gate, desk, options, max(report_seconds, 1.0)))


def allow_list(texts: Sequence[str], listen: Sequence[Endpoint]) -> tuple[Network, ...]:
    """Return the networks that may ask; UsageError when others than this host could, and nobody said who."""
    try:
        allowed = tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise sdk.UsageError(f"--allow: {error}") from error
    if not allowed:
        beyond = [one.host for one in listen if not ip_address(one.host).is_loopback]
        if beyond:
            raise sdk.UsageError(
                f"listening on {beyond[0]} takes --allow: the addresses or networks that may measure to here"
            )
        return _LOOPBACK
    return allowed


def bound_socket(endpoint: Endpoint) -> socket.socket:
    """Return a UDP socket on this address; SourceError says what to do where that is not permitted."""
    family = socket.AF_INET6 if ip_address(endpoint.host).version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((endpoint.host, endpoint.port))
    except OSError as error:
        sock.close()
        remedy = ""
        if error.errno == errno.EACCES:
            remedy = f"; sysctl -w net.ipv4.ip_unprivileged_port_start={endpoint.port} permits it"
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED, f"cannot listen on {endpoint.host} port {endpoint.port}: {error}{remedy}"
        ) from error
    return sock


async def _serve(
    listen: Sequence[Endpoint], gate: Gate, desk: Desk | None, options: Namespace, report_seconds: float
) -> int:
    clock, stopped, loop = sdk.SystemClock(), asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    keeper = await StampKeeper.open(clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(keeper.close)
        if desk is not None:
            server = await capacity.open_server(desk, options)
            stack.push_async_callback(server.close)
            log.info("capacity tests on port %s", server.port)
        reflectors = []
        for endpoint in listen:
            reflector = Reflector(bound_socket(endpoint), clock, gate)
            stack.callback(reflector.close)
            reflectors.append(reflector)
            log.info("reflecting on %s port %s", endpoint.host, endpoint.port)
        log.info("for %s", ", ".join(str(network) for network in gate.allowed))
        await _report(
            lambda: _counters(reflectors, gate, desk), stopped, report_seconds, as_json=options.json
        )
    return 0


async def _report(
    count: Callable[[], dict[str, int]], stopped: asyncio.Event, report_seconds: float, *, as_json: bool
) -> None:
    """Show counters every so often, when they have changed, until the end."""
    shown = ""
    while not stopped.is_set():
        try:
            async with asyncio.timeout(report_seconds):
                await stopped.wait()
        except TimeoutError:
            pass
        counters = count()
        line = json.dumps(counters) if as_json else _text(counters)
        if line != shown:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        shown = line


def _counters(reflectors: Sequence[Reflector], gate: Gate, desk: Desk | None) -> dict[str, int]:
    refused: Counter[Refusal] = sum((reflector.refused_total for reflector in reflectors), Counter())
    tests = {}
    if desk is not None:
        tests = {"tests": desk.tests_total, "tests_bytes": desk.spent_bytes_total}
        tests |= {f"tests_refused_{why.name.lower()}": count for why, count in desk.turned_total.items()}
    return {
        "reflected": sum(reflector.reflected_total for reflector in reflectors),
        "sessions": gate.sessions,
        **{f"refused_{refusal}": refused[refusal] for refusal in Refusal},
        **tests,
    }


def _text(counters: dict[str, int]) -> str:
    return (
        ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counters.items() if count)
        or "nothing yet"
    )


def _address(text: str) -> Endpoint:
    endpoint = parse_endpoint(text, PORT)
    try:
        ip_address(endpoint.host)
    except ValueError as error:
        raise sdk.UsageError(f"--listen {text}: write an address of this host") from error
    return endpoint
