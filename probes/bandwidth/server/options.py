"""What `netmon reflector` is told about its capacity server."""

from __future__ import annotations

import ssl
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from netmon import sdk
from probes.bandwidth.place import PORT
from probes.bandwidth.server.desk import Desk, Limits
from probes.bandwidth.server.web_server import CapacityServer
from probes.stamp_gate import Network
from probes.target import Endpoint, parse_endpoint

_SHORTEST_TOKEN = 16


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what concerns capacity tests."""
    limits = Limits()
    group = parser.add_argument_group("capacity tests (ndt7, HTTP, trains), off unless --capacity is given")
    group.add_argument(
        "--capacity", metavar="ADDRESS[:PORT]", help=f"address of this host to serve them on (port: {PORT})"
    )
    group.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="secret that clients must know; needed beyond loopback",
    )
    group.add_argument("--certificate", type=Path, metavar="FILE", help="serve https and wss with this chain")
    group.add_argument("--key", type=Path, metavar="FILE", help="private key of the certificate")
    group.add_argument(
        "--tests-per-hour",
        type=int,
        default=limits.tests_per_hour,
        help="tests of an hour by one address (default: %(default)s)",
    )
    group.add_argument(
        "--most-rate",
        metavar="RATE",
        help="most that a transfer may have, such as 500Mbit/s (default: no limit)",
    )
    group.add_argument(
        "--day-volume", default="200GB", help="bytes of a day by all together (default: %(default)s)"
    )


def make_desk(options: Namespace, allowed: Sequence[Network], clock: sdk.Clock) -> Desk:
    """Return the desk that the options describe; UsageError when it would serve everybody."""
    endpoint = capacity_endpoint(options)
    token = _token(options.token_file)
    if not token and not ip_address(endpoint.host).is_loopback:
        raise sdk.UsageError("--capacity beyond loopback takes --token-file: who knows the token may test")
    try:
        day_bytes = sdk.size_bytes(options.day_volume)
        rate = sdk.rate_bits_per_second(options.most_rate) if options.most_rate else 0
    except ValueError as error:
        raise sdk.UsageError(f"--day-volume, --most-rate: {error}") from error
    if options.tests_per_hour < 1:
        raise sdk.UsageError("--tests-per-hour needs a number above zero")
    limits = Limits(tests_per_hour=options.tests_per_hour, day_bytes=day_bytes, bits_per_second=rate)
    return Desk(allowed, token, limits, clock)


def capacity_endpoint(options: Namespace) -> Endpoint:
    """Return where to serve; UsageError for what is no address."""
    endpoint = parse_endpoint(options.capacity, PORT)
    try:
        ip_address(endpoint.host)
    except ValueError as error:
        raise sdk.UsageError(f"--capacity {options.capacity}: write an address of this host") from error
    return endpoint


async def open_server(desk: Desk, options: Namespace) -> CapacityServer:
    """Return a server that listens; SourceError when it cannot."""
    server, endpoint = CapacityServer(desk), capacity_endpoint(options)
    try:
        await server.open(endpoint.host, endpoint.port, _tls(options))
    except OSError as error:
        await server.close()
        where = f"{endpoint.host} port {endpoint.port}"
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"cannot serve on {where}: {error}") from error
    return server


def _tls(options: Namespace) -> ssl.SSLContext | None:
    if options.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certificate, options.key)
    except OSError as error:
        raise sdk.UsageError(f"--certificate: {error}") from error
    return context


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise sdk.UsageError(f"--token-file: {error}") from error
    if len(token) < _SHORTEST_TOKEN:
        raise sdk.UsageError(f"--token-file: a token has at least {_SHORTEST_TOKEN} characters")
    return token
