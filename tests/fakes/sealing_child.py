"""A process that commits, seals and forgets, and says each position once it is durable.

What a record holds follows from its position, and its time too: 864 records are a day, so that days end
all the time. `sealing_child.py FOLDER [COMMITS]`: for ever, or for so many commits.
"""

import asyncio
import os
import sys
from pathlib import Path

from fakes.store_clock import HandClock

from netmon.model import Event, Outcome, Reading, Retention, Row, Shape, Stamp, counter, gauge
from netmon.store.history import SqliteHistory, open_history

DAY_POSITIONS = 864
KEPT_DAYS = 3
START_MS = 1_800_057_600_000
PROBE = Shape("icmp", (gauge("rtt_seconds", "Round trip."),), (Row((("probe", "icmp"), ("target", "a"))),))
PORTS = Shape("interface", (counter("octets", "Octets."),), tuple(Row((("port", str(n)),)) for n in range(3)))
MINUTES = Shape("circuit_minute", (gauge("state", "State."),), (Row(()),), Retention.EVIDENCE)


def moment(position: int) -> Stamp:
    """The moment of a position."""
    return Stamp("boot-1", (1000 + position * 100) * 10**9, START_MS + position * 100_000)


def record(position: int) -> Reading | Event:
    """What a position holds."""
    if position % 20 == 0:
        return Event("note", (), str(position), moment(position))
    if position % 3 == 0:
        return Reading(PROBE, moment(position), ([position / 8],), (Outcome.OK,))
    if position % 3 == 1:
        cells = [position + 2**40 + n for n in range(3)]
        return Reading(PORTS, moment(position), (cells,), (Outcome.OK,) * 3, (0,) * 3)
    return Reading(MINUTES, moment(position), ([position / 4],), (Outcome.PARTIAL,))


async def commit_and_seal(folder: Path, commits: int | None) -> None:
    clock = HandClock(wall_ns=START_MS * 1_000_000)
    history = open_history(folder, clock)
    # A recorder of writes sees when something was acknowledged.
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
    sealing = asyncio.create_task(_seal_for_ever(history))
    while commits is None or commits > 0:
        first = history.newest + 1
        history.accept([record(position) for position in range(first, first + 24)])
        clock.move((first + 24) * 100 - clock.monotonic())
        newest = await history.commit()
        os.pwrite(said, str(newest).encode(), 0)
        sys.stdout.write(f"{newest}\n")
        sys.stdout.flush()
        commits = None if commits is None else commits - 1
    sealing.cancel()
    await history.close()


async def _seal_for_ever(history: SqliteHistory) -> None:
    while True:
        await history.expire(KEPT_DAYS * 86_400, 2**40, 2**30)
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(commit_and_seal(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
