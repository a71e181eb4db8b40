"""The daemon's hour: what is over is sealed, and the signed roots go where all events go."""

import asyncio
import json
import logging

from fakes.clock import FakeClock
from fakes.records import stamp

from netmon.app.sealing import Sealing
from netmon.evidence.seal.folder import SealFolder
from netmon.evidence.seal.verify import chain_faults, root_faults
from netmon.hub import Hub
from netmon.model import Event, Reading, Retention, Row, Shape
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS
from netmon.store.history import open_history

START_SECONDS = 1_800_000_000
SHAPE = Shape(
    CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (Row((("site", "s1"), ("circuit", "c1"))),), Retention.EVIDENCE
)


def minute(number):
    cells = tuple((1 if metric.name == "netmon_circuit_state" else None,) for metric in SHAPE.metrics)
    return Reading(SHAPE, stamp(60 * number + 30), cells, ("ok",))


class Kept:
    """A subscriber that remembers the roots."""

    def __init__(self):
        self.events = []

    def accept(self, records):
        self.events += [one for one in records if isinstance(one, Event)]


def clock(minutes, *, synced=True):
    return FakeClock(wall_ns=(START_SECONDS + 60 * minutes) * 10**9, synced=synced)


async def live(folder, kept, first, last, now, *, synced=True):
    """Take minutes into the history, then let the hour's job come."""
    history = open_history(folder, clock(now))
    try:
        history.accept([minute(number) for number in range(first, last)])
        await history.commit()
        job = Sealing(Hub((kept,)), clock(now, synced=synced), history, folder)
        await job.seal("s1")
        await history.commit()
    finally:
        await history.close()


def test_hours_are_sealed_once_and_their_roots_told_once(tmp_path):
    kept = Kept()
    asyncio.run(live(tmp_path, kept, 0, 200, 200))
    assert [event.data["count"] for event in kept.events] == [60, 60], (
        "the third hour's last rows may still come"
    )
    asyncio.run(live(tmp_path, kept, 200, 300, 300))
    asyncio.run(live(tmp_path, kept, 300, 301, 301))
    assert [event.data["first"] for event in kept.events] == [0, 60, 120, 180]
    moments = [event.stamp.wall_ms for event in kept.events]
    assert moments == sorted(set(moments)), "a database keeps one of a kind at a time"
    folder = SealFolder(tmp_path / "evidence")
    hours = folder.stretch(0, 10**9)
    assert list(chain_faults(hours.entries)) == []
    assert list(root_faults(hours.roots, hours.entries, folder.signer.public)) == []
    assert json.loads(hours.roots[-1].line())["hour"] == kept.events[-1].data["hour"]


def test_a_clock_that_may_still_be_set_seals_nothing(tmp_path):
    kept = Kept()
    asyncio.run(live(tmp_path, kept, 0, 200, 200, synced=False))
    assert kept.events == []
    assert not (tmp_path / "evidence").exists()


def test_a_folder_that_cannot_be_used_is_told_once_and_harms_nobody(tmp_path, caplog):
    (tmp_path / "evidence").write_text("a file in the way")
    kept = Kept()
    with caplog.at_level(logging.INFO):
        asyncio.run(twice(tmp_path, kept))
    assert [record.levelname for record in caplog.records if "sealed" in record.message] == [
        "WARNING",
        "INFO",
    ]
    assert len(kept.events) == 2


async def twice(folder, kept):
    history = open_history(folder, clock(200))
    try:
        history.accept([minute(number) for number in range(200)])
        await history.commit()
        job = Sealing(Hub((kept,)), clock(200), history, folder)
        await job.seal("s1")
        await job.seal("s1")
        (folder / "evidence").unlink()
        await job.seal("s1")
    finally:
        await history.close()
