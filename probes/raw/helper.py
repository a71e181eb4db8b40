"""The raw helper: `netmon-raw`, a process of its own that may use raw sockets and can do four things."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from probes.raw.client import SOCKET
from probes.raw.grammar import ASK_BYTES_MAX, Ask, Frame, Task, decode_ask, encode_error, encode_frames

log = logging.getLogger(__name__)

_READ_SECONDS = 5.0
_QUEUE_MAX = 8
_LISTENERS_MAX = 8


class Helper:
    """Answers one question at a time; who comes while too many wait is told so.

    `on_wire` does what was asked, on a thread; `listen` makes what hears switches on an interface.
    """

    def __init__(
        self,
        on_wire: Callable[[Ask], Sequence[Frame]],
        listen: Callable[[str], Callable[[], Sequence[Frame]]],
    ) -> None:
        self._on_wire = on_wire
        self._listen = listen
        self._listeners: dict[str, Callable[[], Sequence[Frame]]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection: a line in, a line out."""
        try:
            async with asyncio.timeout(_READ_SECONDS):
                line = await reader.readline()
            writer.write(await self._answer(line))
            async with asyncio.timeout(_READ_SECONDS):
                await writer.drain()
        except (TimeoutError, OSError, ValueError) as error:
            log.debug("a question was not answered: %r", error)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> bytes:
        try:
            ask = decode_ask(line)
        except ValueError as error:
            return encode_error(f"that is no question: {error}")
        if self._waiting >= _QUEUE_MAX:
            return encode_error("too many questions at once")
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return encode_frames(await self._do(ask))
        except OSError as error:
            return encode_error(f"{ask.interface}: {error.strerror or error}")
        finally:
            self._waiting -= 1

    async def _do(self, ask: Ask) -> Sequence[Frame]:
        if ask.task is not Task.LINK:
            return await asyncio.to_thread(self._on_wire, ask)
        if ask.interface not in self._listeners:
            if len(self._listeners) >= _LISTENERS_MAX:
                raise OSError(0, "too many interfaces are listened to")
            self._listeners[ask.interface] = await asyncio.to_thread(self._listen, ask.interface)
        return self._listeners[ask.interface]()


async def run(path: Path, helper: Helper) -> None:
    """Serve on a UNIX socket, which members of its group may use, until the process is told to stop."""
    server = await asyncio.start_unix_server(helper.serve, sock=_listening(path), limit=ASK_BYTES_MAX)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("listening at %s", path)
    async with server:
        await stop.wait()


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # left by a helper that was killed
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o660)
    return listening


def main() -> int:
    """Run the helper; scapy is imported here and not before."""
    parser = argparse.ArgumentParser(
        prog="netmon-raw", description="Raw sockets for netmon, and nothing else."
    )
    parser.add_argument("--socket", type=Path, default=SOCKET, help="where to listen (default: %(default)s)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("scapy").setLevel(logging.ERROR)
    try:
        from probes.raw import wire  # noqa: PLC0415 - 50 MB and half a second, only for who asks for them
    except ImportError as error:
        parser.error(f"scapy is not installed ({error}): pip install 'netmon-edge[raw]'")
    asyncio.run(run(options.socket, Helper(wire.ask_wire, lambda interface: wire.Listener(interface).frames)))
    return 0
