"""Stored days played again: what these rules, hours and windows would have told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from netmon.incidents.engine import Engine
from netmon.incidents.past import REPLAYED_MINUTES, Past, incidents_in, newest, replayable, words_at
from netmon.incidents.record import KIND
from netmon.incidents.rule import Rule
from netmon.incidents.rules import Rules
from netmon.incidents.settings import EngineSettings
from netmon.model import Event, Record, Stamp
from netmon.store.interface import HistoryReader


def rehearse(
    reader: HistoryReader,
    settings: EngineSettings,
    rules: Sequence[Rule],
    start_ms: int,
    end_ms: int,
    measurements: Iterable[str] = (),
) -> list[Event]:
    """Return the steps of incidents that there would have been in a stretch of wall time.

    It begins a quarter of an hour earlier, with the incidents that were open then, so that windows are full.
    `measurements` are those that the rules look at. Planned work is what `settings` say.
    """
    told: list[Event] = []

    def take(records: Sequence[Record]) -> None:
        told.extend(one for one in records if isinstance(one, Event) and one.kind == KIND)

    engine = Engine(take, replace(settings, rules=Rules(rules)))
    before_ms = start_ms - REPLAYED_MINUTES * 60_000
    open_then = [one for one in newest(incidents_in(reader.facts(KIND, at_ms=before_ms))) if one.open]
    engine.resume(Past(open_then, [words_at(reader, before_ms)]), Stamp("rehearsal", 0, before_ms))
    for batch in replayable(reader, before_ms, end_ms, measurements):
        engine.accept(batch)
    return [event for event in told if start_ms <= event.stamp.wall_ms < end_ms]
