"""The cap of a month holds, also when the process is killed in the middle of a test."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from fakes.ledger_child import CAP_BYTES, TEST_BYTES

CHILD = Path(__file__).parents[1] / "fakes" / "ledger_child.py"
ROOT = Path(__file__).parents[2]
PIECE_BYTES, PIECE_SECONDS = 4_000_000, 0.01


class Sink:
    """Takes uploads no faster than 400 MB/s, so that there is a middle of a test; counts them."""

    def __init__(self) -> None:
        self.tests: list[int] = []
        self.middle = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST"):
                self.tests.append(0)
                while head.startswith(b"POST"):
                    await self._take(
                        reader, int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                    )
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    head = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async def _take(self, reader: asyncio.StreamReader, size_bytes: int) -> None:
        while size_bytes > 0:
            piece = await reader.read(min(PIECE_BYTES, size_bytes))
            if not piece:
                raise OSError
            size_bytes -= len(piece)
            self.tests[-1] += len(piece)
            if len(self.tests) == 2 and self.tests[-1] > TEST_BYTES // 3:
                self.middle.set()
            await asyncio.sleep(PIECE_SECONDS * len(piece) / PIECE_BYTES)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    made = Sink()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=PIECE_BYTES)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@asynccontextmanager
async def child(folder: Path, sink: Sink, tests: int = 9) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(CHILD), str(folder), str(sink.port)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environ)
    process.stdin.write(b"test\n" * tests)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> list[dict]:
    output, _ = await process.communicate()
    return [json.loads(line) for line in output.splitlines()]


def are_three(sink: Sink) -> None:
    assert len(sink.tests) == 3
    assert sum(sink.tests) <= CAP_BYTES
    assert max(sink.tests) <= 1.02 * TEST_BYTES  # 20 ms of a loop that others keep busy


async def test_a_cap_of_a_thousand_megabytes_is_three_tests_of_300(sink, tmp_path):
    async with asyncio.timeout(60), child(tmp_path, sink) as process:
        found = await said(process)
    assert [one["decision"] for one in found] == [None, None, None, "cap"]
    assert 0 <= found[-1]["left"] < TEST_BYTES
    are_three(sink)


async def test_it_is_three_also_when_the_process_is_killed_after_the_second(sink, tmp_path):
    async with asyncio.timeout(60), child(tmp_path, sink, tests=2) as process:
        for _ in range(2):
            assert json.loads(await process.stdout.readline())["refused"] is None
        process.send_signal(signal.SIGKILL)
    async with asyncio.timeout(60), child(tmp_path, sink) as process:
        found = await said(process)
    assert [one["decision"] for one in found] == [None, "cap"]
    are_three(sink)


async def test_it_is_three_also_when_the_process_is_killed_in_the_second(sink, tmp_path):
    async with asyncio.timeout(60), child(tmp_path, sink) as process:
        await sink.middle.wait()
        process.send_signal(signal.SIGKILL)
    async with asyncio.timeout(60), child(tmp_path, sink) as process:
        found = await said(process)
    assert [one["decision"] for one in found] == [None, "cap"]
    are_three(sink)
    assert sink.tests[1] < TEST_BYTES
