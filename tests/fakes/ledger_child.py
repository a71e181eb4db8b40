"""A process that tests a line for each line it reads, until the cap forbids it, and says what came of it."""

import asyncio
import json
import sys
from pathlib import Path

from fakes.context import make_context

from netmon import sdk
from netmon.ledger import MonthlyLedger
from netmon.store.history import open_history
from probes.bandwidth.probe import BandwidthProbe, BandwidthSettings

CAP_BYTES, TEST_BYTES = 1_000_000_000, 300_000_000


async def test_for_ever(folder: Path, port: str) -> None:
    clock = sdk.SystemClock()
    history, ledger = open_history(folder, clock), MonthlyLedger(clock, {"line": CAP_BYTES})
    await ledger.load(history)
    context = make_context(ledger=ledger, circuits={"line": sdk.Circuit("line")})
    settings = {"method": "http", "directions": "up", "max_bytes": f"{TEST_BYTES}B", "streams": 1}
    settings |= {"until_steady": False, "duration": "20s"}
    assignment = sdk.Assignment("bandwidth", (f"http://127.0.0.1:{port}/",), 60.0, 60.0)
    probe = BandwidthProbe(assignment, BandwidthSettings.model_validate_json(json.dumps(settings)))
    await probe.open(context)
    refused = None
    while refused is None and await asyncio.to_thread(sys.stdin.readline):
        (event,) = [one for one in await probe.read() if isinstance(one, sdk.Event)]
        refused = event.data["refused"]
        said = {name: event.data.get(name) for name in ("refused", "decision", "spent_bytes")}
        sys.stdout.write(json.dumps(said | {"left": ledger.left("line")}) + "\n")
        sys.stdout.flush()
    await history.close()


if __name__ == "__main__":
    asyncio.run(test_for_ever(Path(sys.argv[1]), sys.argv[2]))
