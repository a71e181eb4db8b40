"""Send from memory by the kernel alone: parts of a file, over and over, as fast as a socket takes them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator


async def pour(
    sock: socket.socket,
    file: int,
    parts: Iterator[tuple[int, int]],
    between: Callable[[], None] | None = None,
) -> None:
    """Send parts of a file (offset and length) until there are no more; `between` is called before each."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    offset = left_bytes = 0

    def write() -> None:
        nonlocal offset, left_bytes
        try:
            if not left_bytes:
                if between is not None:
                    between()
                offset, left_bytes = next(parts)
            sent = os.sendfile(sock.fileno(), file, offset, left_bytes)
        except BlockingIOError:
            return
        except StopIteration:
            _settle(done, None)
            return
        except OSError as error:
            _settle(done, error)
            return
        offset, left_bytes = offset + sent, left_bytes - sent

    loop.add_writer(sock.fileno(), write)
    try:
        await done
    finally:
        loop.remove_writer(sock.fileno())


def _settle(done: asyncio.Future[None], error: OSError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
