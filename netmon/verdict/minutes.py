"""Decides each minute of each circuit, once, a few seconds after it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from netmon.clock import Clock
from netmon.hub import Hub
from netmon.model import Record, SlotState, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE
from netmon.verdict.book import PATH, Book
from netmon.verdict.faults import Judgement, beside, judge
from netmon.verdict.minute_rows import circuit_row, site_row
from netmon.verdict.outside import outside_reading
from netmon.verdict.scene import Scene
from netmon.verdict.scenes import SceneMaker
from netmon.verdict.slots import Grid, Slot, stamp_of
from netmon.verdict.told import Changes, Shapes

_LOOK_SECONDS = 1.0
_MOST_AT_ONCE = 30
"""Minutes decided at one look: after a suspended night the loop must not stand still for them."""
_SETTLE_SECONDS = (5.0, 30.0)
_GRACE_SECONDS = 3.0
"""What a probe may take beyond its timeout, its late beginning included."""


class Minutes:
    """Publishes `circuit_minute` and `site_minute`, and facts and events where they change."""

    def __init__(self, hub: Hub, clock: Clock, book: Book, on_trouble: Callable[[str], object]) -> None:
        self._hub, self._clock, self._book, self._on_trouble = hub, clock, book, on_trouble
        self._maker = SceneMaker(book)
        self._shapes, self._changes = Shapes(), Changes()
        self._sound: dict[str, bool] = {}
        self.grid = Grid(clock.stamp())

    @property
    def settle_seconds(self) -> float:
        """How long a minute's last probes may take to end; those without a role decide nothing."""
        least, most = _SETTLE_SECONDS
        asked = (one for one in self._book.watch.probes.values() if one.role or one.outside_of)
        longest = max((probe.timeout_seconds for probe in asked), default=least)
        return min(max(longest + _GRACE_SECONDS, least), most)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Decide the minutes that are over and settled."""
        self._decide(self.settle_seconds)

    def finish(self) -> None:
        """Decide what is over, settled or not: netmon ends."""
        self._decide(0.0)

    def _decide(self, settle_seconds: float) -> None:
        now = self._clock.stamp()
        for slot in self.grid.ended(now, settle_seconds, _MOST_AT_ONCE):
            self._hub.publish(list(self._records(slot, now)))
            self._book.forget(slot.end_ns)

    def _records(self, slot: Slot, now: Stamp) -> Iterator[Record]:
        site, stamp = self._book.watch.site, stamp_of(slot, now)
        scenes, whole = self._maker.scenes(slot)
        circuits = _judged(scenes)
        rows = [circuit_row(site, scene, judged, self._book, slot) for scene, judged in circuits]
        if rows:
            yield self._shapes.reading(CIRCUIT_MINUTE, rows, stamp)
        for row, (scene, judged) in zip(rows, circuits, strict=True):
            if judged.state is SlotState.UP:
                self._maker.learn(scene)
            self._look_into(dict(row.key)["circuit"], judged)
            yield from self._changes.told(CIRCUIT_MINUTE, row.key, judged, stamp)
        scene = replace(whole, cut=_cut(circuits))
        judged = replace(judge(scene), beside=beside(scene))
        row = site_row(site, scene, judged)
        yield self._shapes.reading(SITE_MINUTE, [row], stamp)
        yield from self._changes.fact(SITE_MINUTE, row.key, judged, stamp)
        yield from outside_reading(self._book, slot, judged.state, self._shapes, stamp)

    def _look_into(self, circuit: str, judged: Judgement) -> None:
        """Have paths traced at once when a circuit is not well any more."""
        sound = judged.state is SlotState.UP and not judged.degraded
        if not sound and self._sound.get(circuit, True):
            for probe in self._book.watch.probes.values():
                if probe.kind == PATH and probe.circuit in ("", circuit):
                    self._on_trouble(probe.name)
        self._sound[circuit] = sound


def _judged(scenes: Sequence[Scene]) -> list[tuple[Scene, Judgement]]:
    """Judge each circuit; where another one is up, the way to the router is known to work."""
    found = [(scene, judge(scene)) for scene in scenes]
    if not any(judged.state is SlotState.UP for _, judged in found):
        return found
    helped = [replace(s, others_up=True) if j.state is not SlotState.UP else s for s, j in found]
    return [(scene, judge(scene)) for scene in helped]


def _cut(circuits: Sequence[tuple[Scene, Judgement]]) -> list[tuple[str, str]]:
    """Return the circuits that are down, and where their fault is."""
    return [
        (scene.circuit.id, str(judged.fault))
        for scene, judged in circuits
        if scene.circuit is not None and judged.state is SlotState.DOWN
    ]
