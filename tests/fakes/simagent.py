"""Builds and runs the simulated switch of tests/tools/simagent: fast, and full of faults when asked."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "tools" / "simagent" / "agent.c"


def build_simagent() -> Path | None:
    """Return the program, compiled once per version of its source; None where there is no gcc."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    program = Path(tempfile.gettempdir()) / f"netmon-simagent-{digest}"
    if not program.exists():
        fresh = program.with_suffix(".new")
        subprocess.run([compiler, "-O2", "-w", "-o", str(fresh), str(SOURCE)], check=True)
        fresh.rename(program)
    return program


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@asynccontextmanager
async def simagent(*options: str) -> AsyncIterator[int]:
    """Run it on a free port; every 127.x.y.z answers there as a 48-port switch."""
    program = build_simagent()
    if program is None:
        raise RuntimeError("gcc is needed to build the simulated switch")
    port = free_udp_port()
    process = await asyncio.create_subprocess_exec(
        str(program), "-p", str(port), "-q", *options, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    wanted = f":{port:04X} "
    async with asyncio.timeout(5):
        while wanted not in Path("/proc/net/udp").read_text():  # noqa: ASYNC110, ASYNC240 - nobody can tell us
            await asyncio.sleep(0.01)
