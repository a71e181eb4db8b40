"""Recorded devices: where they are, how an agent replays one, and what another program replays."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.simagent import free_udp_port

from collectors.snmp import recording
from collectors.snmp.agent import SortedObjects, Typed


def lab(*parts: str) -> Path:
    """Return a path of the laboratory; skip where the environment names none."""
    root = os.environ.get("NETMON_LAB")
    if not root:
        pytest.skip("NETMON_LAB is not set: no recorded devices here")
    return Path(root, *parts)


def replayed(text: str) -> SortedObjects:
    """Return a recording as the objects of our own agent."""
    return SortedObjects({r.name: Typed(r.tag, r.content) for r in recording.read(text.splitlines())})


@asynccontextmanager
async def recsim(*files: Path) -> AsyncIterator[int]:
    """Replay recordings with the laboratory's simulator: a device answers to its file's name."""
    program, port = lab("tools", "recsim.py"), free_udp_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(program), "--port", str(port), "--address", "127.0.0.1", *map(str, files)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    wanted = f":{port:04X} "
    try:
        async with asyncio.timeout(30):
            while wanted not in Path("/proc/net/udp").read_text():  # noqa: ASYNC110, ASYNC240 - nobody can tell us
                await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        await process.wait()
