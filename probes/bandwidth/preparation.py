"""What a test needs before its first byte: where it goes, by which method, and who pings beside it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

from netmon import sdk
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.iperf3 import PORT as IPERF3_PORT
from probes.bandwidth.iperf3 import Iperf3
from probes.bandwidth.latency import Pinger, make_pinger
from probes.bandwidth.measured import Method
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import Place, find_place
from probes.bandwidth.settings import BandwidthSettings, Kind
from probes.bandwidth.trains import Trains

_WEB_PORT_PATHS = {Kind.HTTP: "/backend/"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything to test one target with; no pinger where latency is not asked for."""

    endpoint: str
    address: str
    method: Method
    pinger: Pinger | None


async def prepare(
    context: sdk.Context, settings: BandwidthSettings, circuit: sdk.Circuit | None, target: str
) -> Prepared:
    """Look up a target and make the method for it; SourceError when its name has no address."""
    place = await _place(context, settings, circuit, target)
    pinger = None
    if settings.latency != "none":
        pinger = await make_pinger(settings.latency, context, place.resolved, circuit)
    method = await _method(place, settings, context.clock)
    return Prepared(place.url.host, place.resolved.address, method, pinger)


async def _place(
    context: sdk.Context, settings: BandwidthSettings, circuit: sdk.Circuit | None, target: str
) -> Place:
    token = await asyncio.to_thread(_read_token, settings.token_file) if settings.token_file else ""
    place = await find_place(context, target, settings.family, circuit, token)
    return place.with_defaults(
        port=IPERF3_PORT if settings.method is Kind.IPERF3 else None,
        path=_WEB_PORT_PATHS.get(settings.method, "/"),
        bare="://" not in target,
    )


async def _method(place: Place, settings: BandwidthSettings, clock: sdk.Clock) -> Method:
    tls = await asyncio.to_thread(_tls, settings) if place.url.secure else None
    if settings.method is Kind.NDT7:
        return Ndt7(place, clock, tls)
    if settings.method is Kind.HTTP:
        return HttpStreams(place, clock, Paths(settings.download_path, settings.upload_path))
    if settings.method is Kind.IPERF3:
        return Iperf3(place)
    return Trains(place, clock, tls, fill_buffer=settings.buffer)


def _tls(settings: BandwidthSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:  # ssl.SSLError is one
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED, f"{settings.ca_file} cannot be used: {error}"
        ) from error
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _read_token(path: str) -> str:
    try:
        return Path(path).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"the token cannot be read: {error}") from error
