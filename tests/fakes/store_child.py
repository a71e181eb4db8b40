"""A process that commits for ever and says each position once it is durable, until a test kills it."""

import asyncio
import sys
from pathlib import Path

from netmon.clock import SystemClock
from netmon.model import Event, Outcome, Reading, Row, Shape, gauge
from netmon.store.history import open_history


async def commit_for_ever(folder: Path) -> None:
    clock = SystemClock()
    history = open_history(folder, clock)
    of = Shape("load", (gauge("n", "Number."),), tuple(Row((("row", str(n)),)) for n in range(40)))
    while True:
        stamp = clock.stamp()
        history.accept([Reading(of, stamp, ([float(n) for n in range(40)],), (Outcome.OK,) * 40)])
        history.accept([Event("count", (), f"after {history.newest}", stamp)])
        sys.stdout.write(f"{await history.commit()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(commit_for_ever(Path(sys.argv[1])))
