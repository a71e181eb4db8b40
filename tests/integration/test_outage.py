"""Two weeks without a receiver, in compressed time: what waits fits the disk, and all of it arrives."""

from fakes import records
from fakes.clock import FakeClock
from fakes.delivering import delivering, until
from fakes.remote_write import faulty_receiver

from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.store.history import open_history

DAYS, EVERY = 14, 300
READINGS = DAYS * 86_400 // EVERY
ROWS = tuple(f"10.0.0.{n}" for n in range(20))
SHAPE = records.shape(rows=ROWS)
FAR_MS = 30 * 86_400_000


def reading(n):
    """Noise, as compression would fit everything into nothing otherwise."""
    noise = [((n * 2_654_435_761 + row * 40_503) % 2**31) / 2**31 for row in range(len(ROWS))]
    return records.reading(SHAPE, n * EVERY, noise)


async def outage(folder, clock, cursor, keep_bytes):
    """The daemon's history over two weeks in which nothing could be sent."""
    history = open_history(folder, clock)
    await history.cursor(cursor)
    largest = 0
    for n in range(READINGS):
        history.accept([reading(n)])
        clock.move(EVERY)
        if n % 144 == 143:
            await history.commit()
            await history.expire(400 * 86_400, keep_bytes, 800 * 86_400)
            await history.commit()
            largest = max(largest, history.size_bytes)
    await history.commit()
    return history, largest


def held(server):
    found = {(dict(one)["target"], at) for one, at in server.values("probe_duration_seconds")}
    assert len(found) == sum(dict(one)["__name__"] == "probe_duration_seconds" for one, _, _ in server.taken)
    return found


def everything(first=0):
    return {(row, 1_800_000_000_000 + n * EVERY * 1000) for n in range(first, READINGS) for row in ROWS}


async def delivered(server, folder, keep_bytes):
    clock = FakeClock()
    sink = RemoteWriteSink(RemoteWriteSettings(server.url, site="lib"), clock)
    history, largest = await outage(folder, clock, sink.cursor, keep_bytes)
    try:
        async with delivering(history, sink, clock, settle=0.0, catch_up_lines=1e7) as pump:
            pump.committed(history.newest)
            await until(lambda: history._cursors.get(sink.cursor) == history.newest)
    finally:
        await history.close()
    return pump, history, largest


async def test_two_weeks_wait_within_the_disks_share_and_arrive_exactly_once(tmp_path):
    async with faulty_receiver(window_ms=FAR_MS) as server:
        pump, history, largest = await delivered(server, tmp_path, keep_bytes=4_000_000)
    assert held(server) == everything()
    assert (pump.dropped_total, history.dropped_unsent_total) == (0, 0)
    assert largest < 4_000_000


async def test_what_the_disks_share_cannot_hold_goes_oldest_first_and_is_counted(tmp_path):
    async with faulty_receiver(window_ms=FAR_MS) as server:
        _, history, _ = await delivered(server, tmp_path, keep_bytes=300_000)
    found = held(server)
    lost = READINGS - len(found) // len(ROWS)
    assert lost > 0
    assert found == everything(lost)
    assert history.dropped_unsent_total == lost
