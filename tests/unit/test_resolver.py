"""Names to addresses, also when the resolver is dead."""

import asyncio
import subprocess
import sys
import threading

import pytest
from fakes.clock import FakeClock

from netmon.errors import SourceError
from netmon.resolver import CachingResolver, NoSuchName


def answering(table):
    def lookup(host):
        answer = table[host]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return lookup


async def test_addresses_need_no_lookup_and_families_are_kept_apart():
    resolver = CachingResolver(FakeClock(), answering({"both": ("::1", "127.0.0.1")}))
    assert await resolver.addresses("127.0.0.9") == ("127.0.0.9",)
    assert await resolver.addresses("both") == ("127.0.0.1", "::1")
    assert await resolver.addresses("both", 6) == ("::1",)
    with pytest.raises(SourceError, match="has no IPv6 address"):
        await resolver.addresses("127.0.0.9", 6)


async def test_a_dead_resolver_gives_the_last_good_answer_for_a_day():
    clock, table = FakeClock(), {"anchor": ("127.0.0.1",)}
    resolver = CachingResolver(clock, answering(table))
    await resolver.addresses("anchor")
    table["anchor"] = OSError("resolver is dead")
    clock.move(3600)
    assert await resolver.addresses("anchor") == ("127.0.0.1",)
    assert resolver.stale_answers_total == 1
    clock.move(100_000)
    with pytest.raises(SourceError, match="resolver is dead"):
        await resolver.addresses("anchor")


async def test_a_black_holed_resolver_costs_one_thread_per_name_and_a_bounded_wait():
    release = threading.Event()
    calls = []

    def hang(host):
        calls.append(host)
        release.wait(5)
        return ("127.0.0.1",)

    resolver = CachingResolver(FakeClock(), hang, timeout_seconds=0.05)
    asked = await asyncio.gather(*(resolver.addresses("x") for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, SourceError) for answer in asked)
    assert calls == ["x"]
    release.set()


async def test_a_resolver_that_says_there_is_no_such_name_is_believed():
    clock, table = FakeClock(), {"old": ("127.0.0.1",)}
    resolver = CachingResolver(clock, answering(table))
    await resolver.addresses("old")
    table["old"] = NoSuchName(-2, "Name or service not known")
    clock.move(3600)
    with pytest.raises(SourceError, match="not known"):
        await resolver.addresses("old")


async def test_names_beyond_number_are_forgotten_oldest_first():
    resolver = CachingResolver(FakeClock(), lambda _host: ("127.0.0.1",))
    for number in range(600):
        await resolver.addresses(f"name-{number}")
    assert len(resolver._known) == 512


def test_a_lookup_that_hangs_does_not_keep_the_process(tmp_path):
    script = tmp_path / "hang.py"
    script.write_text(
        "import asyncio, time\n"
        "from netmon.clock import SystemClock\n"
        "from netmon.resolver import CachingResolver\n"
        "async def main():\n"
        "    hang = lambda host: time.sleep(60) or ()\n"
        "    resolver = CachingResolver(SystemClock(), hang, timeout_seconds=0.05)\n"
        "    try:\n"
        "        await resolver.addresses('x')\n"
        "    except Exception as error:\n"
        "        print(error)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=20, check=True
    )
    assert "no answer in 0.05 s" in done.stdout
