"""The instrument's own ceiling: what it carries to itself, by every method, with both ends on this host.

Both ends share the processors, so that a test with one end here has more; what a network card costs on top
is not in it, and is taken from the test of the path.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from multiprocessing.connection import Connection

from netmon import sdk
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.measured import Ask, Direction, Method
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import Place, find_place
from probes.bandwidth.server.desk import Desk, Limits
from probes.bandwidth.server.web_server import CapacityServer

_ADDRESS, _START_SECONDS = "127.0.0.1", 20.0
_SECONDS, _STREAMS = 1.0, 4
_PLENTY_BYTES = 1 << 50


async def ceilings(context: sdk.Context) -> Mapping[str, Mapping[Direction, int]]:
    """Return bit/s of TCP by method and direction; SourceError when loopback cannot be tested."""
    async with _served() as port:
        found: dict[str, dict[Direction, int]] = {}
        for name in ("http", "ndt7"):
            found[name] = {}
            for direction in Direction:
                place = await find_place(context, f"http://{_ADDRESS}:{port}/", "any", None, "")
                meter = Meter(context.ledger, "", _PLENTY_BYTES)
                ask = Ask(direction, _SECONDS, _STREAMS, until_steady=False)
                measured = await _method(name, place, context.clock).run(ask, meter)
                found[name][direction] = round(measured.bits_per_second or 0)
                context.trace(f"ceiling of {name} {direction}: {found[name][direction] / 1e9:.2f} Gbit/s")
    return found


def _method(name: str, place: Place, clock: sdk.Clock) -> Method:
    return Ndt7(place, clock, None) if name == "ndt7" else HttpStreams(place, clock, Paths())


@asynccontextmanager
async def _served() -> AsyncIterator[int]:
    """Run the far end as a process of its own; gives its port."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        if not await asyncio.to_thread(ours.poll, _START_SECONDS):
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "the far end on this host did not start")
        try:
            port = ours.recv()
        except EOFError as error:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, "there is no far end on this host") from error
        yield port
    finally:
        ours.close()
        await asyncio.to_thread(process.join, 2.0)
        process.kill()
        await asyncio.to_thread(process.join)
        process.close()


def _serve(told: Connection) -> None:
    asyncio.run(_serve_until_closed(told))


async def _serve_until_closed(told: Connection) -> None:
    desk = Desk((ip_network(_ADDRESS),), "", Limits(test_bytes=_PLENTY_BYTES), sdk.SystemClock())
    server = CapacityServer(desk)
    await server.open(_ADDRESS, 0)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(told.fileno(), ended.set)
    told.send(server.port)
    await ended.wait()
    await server.close()
