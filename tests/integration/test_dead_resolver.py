"""A resolver that answers nobody keeps threads busy; none of them is one that the history needs."""

import asyncio
import threading
import time

import pytest
from fakes.clock import FakeClock
from fakes.records import reading, shape

from netmon.errors import SourceError
from netmon.resolver import CachingResolver
from netmon.store.history import open_history
from netmon.threads import DaemonThreads


@pytest.fixture
def hang():
    """Hang until the test ends, as getaddrinfo does for a minute."""
    released = threading.Event()

    def hang(_host=""):
        released.wait(30)
        return ("127.0.0.1",)

    yield hang
    released.set()


async def test_a_black_holed_resolver_never_delays_a_commit(tmp_path, hang):
    loop, clock = asyncio.get_running_loop(), FakeClock()
    loop.set_default_executor(DaemonThreads(8, "default"))
    libraries = [loop.run_in_executor(None, hang) for _ in range(40)]
    resolver = CachingResolver(clock, hang, timeout_seconds=0.2)
    asked = [asyncio.create_task(resolver.addresses(f"host-{n}.example")) for n in range(40)]
    history = open_history(tmp_path, clock)
    slowest = 0.0
    for second in range(20):
        history.accept([reading(shape(), second, [1.5])])
        began = time.monotonic()
        async with asyncio.timeout(1):
            await history.commit()
            await history.after(0, 10)
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.02)
    assert slowest < 5
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, SourceError) for answer in answers)
    assert not any(one.done() for one in libraries)
    await history.close()
    for one in libraries:
        one.cancel()
