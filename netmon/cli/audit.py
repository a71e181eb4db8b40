"""`netmon influx audit`: compare a receiver with the store hour by hour, and send again what it lacks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from netmon.app.sink_settings import sink
from netmon.cli.period import Period
from netmon.clock import Clock
from netmon.delivery.audit import Auditor, Window, differences, tally, windows
from netmon.delivery.audit_influx import InfluxAuditor
from netmon.delivery.audit_remote_write import RemoteWriteAuditor
from netmon.delivery.courier import Courier, Line
from netmon.delivery.gate import unsettled_key
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.pacing import Patience
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.sink import Sink
from netmon.delivery.unsettled import Unsettled
from netmon.errors import Unreachable
from netmon.model import Record
from netmon.store.interface import Entry, Position
from netmon.store.reader import SqliteReader, open_reader
from netmon.units import iso_8601

_RESEND_SECONDS = 600.0
"""Longest time to send one hour again."""
_LOOK_AGAIN_SECONDS = (0.0, 1.0, 5.0)
"""Waits before looking whether it arrived: VictoriaMetrics shows after some seconds what it took."""
_QUICK = Patience(retry_cap=5.0, parked_first=5.0, parked_cap=30.0)


@dataclass(slots=True)
class Findings:
    """What the audit found, and what became of it."""

    hours: int = 0
    series: int = 0
    values: int = 0
    missing: int = 0
    """Values that the receiver did not have."""
    differing: int = 0
    """Series and hours whose count or checksum was another one."""
    sent_again: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Lines that the receiver refuses, by its reason."""
    still_differing: int = 0
    not_compared: int = 0
    """Records that are still on their way, or that went out before the time was known."""

    @property
    def whole(self) -> bool:
        """Tell whether the receiver has everything now."""
        return not self.still_differing


@dataclass(frozen=True, slots=True)
class Audit:
    """One run over a period; `dry` compares only."""

    folder: Path
    settings: InfluxSettings | RemoteWriteSettings
    period: Period
    clock: Clock
    dry: bool = False

    def run(self) -> Findings:
        """Compare every hour as far as it has been delivered; raises DeliveryError when nobody answers."""
        with closing(open_reader(self.folder)) as reader:
            return asyncio.run(self._run(reader))

    async def _run(self, reader: SqliteReader) -> Findings:
        findings, receiver = Findings(), sink(self.settings, self.clock)
        auditor = _auditor(self.settings)
        try:
            delivered = _Delivered(reader, self.settings)
            for window in windows(*delivered.limit(self.period)):
                await self._compare(delivered, auditor, receiver, window, findings)
        finally:
            await auditor.close()
            await receiver.close()
        return findings

    async def _compare(
        self, delivered: _Delivered, auditor: Auditor, receiver: Sink, window: Window, findings: Findings
    ) -> None:
        here = tally(delivered.records(window), auditor)
        findings.not_compared += delivered.left_out
        findings.hours += 1
        findings.series = max(findings.series, len(here))
        findings.values += sum(one.count for one in here.values())
        lacks = list(differences(here, await auditor.there(window, here)))
        if not lacks:
            return
        missing = sum(count for _, count in lacks)
        findings.differing += len(lacks)
        findings.missing += missing
        sys.stderr.write(f"{iso_8601(window.start_ms)}: {len(lacks)} series differ, {missing} values lack\n")
        if not self.dry:
            await self._send(delivered.records(window), receiver, findings)
            for pause_seconds in _LOOK_AGAIN_SECONDS:
                await asyncio.sleep(pause_seconds)
                lacks = list(differences(here, await auditor.there(window, here)))
                if not lacks:
                    break
        findings.still_differing += len(lacks)

    async def _send(self, records: Iterable[Record], receiver: Sink, findings: Findings) -> None:
        """Send a window again, whole: what is there already comes to the same."""

        async def refuse(_sink: str, _position: Position, _line: str, reason: str) -> None:
            findings.refused[reason] = findings.refused.get(reason, 0) + 1

        courier = Courier(receiver, self.clock, refuse, _QUICK, Random())
        try:
            async with asyncio.timeout(_RESEND_SECONDS):
                for batch in _batches(records, receiver):
                    await courier.deliver(batch)
        except TimeoutError as error:
            raise Unreachable(courier.trouble or "it took too long") from error
        findings.sent_again += courier.sent_total
        for reason, lines in courier.outdated_total.items():
            if lines:
                findings.refused[reason] = findings.refused.get(reason, 0) + lines


class _Delivered:
    """What the store has and a receiver should have, too, under the same times.

    Left out: what waits or is held back, and what was sent before anybody knew the time. That bears the time
    that it was sent with, and must not get a second one.
    """

    def __init__(self, reader: SqliteReader, settings: InfluxSettings | RemoteWriteSettings) -> None:
        self.left_out = 0
        """How many records of the last window that was read to its end."""
        self._reader = reader
        self._until = reader.cursor(settings.cursor)
        self._unsettled = Unsettled(reader.read_state(unsettled_key(settings.cursor)))

    def limit(self, period: Period) -> tuple[int, int]:
        """Return the beginning and end of what has been delivered of a period."""
        waiting = (entry.record.stamp for entry in self._reader.after(self._until, 1))
        end_ms = min([period.end_ms, *(stamp.wall_ms for stamp in waiting if stamp.synced)])
        oldest_ms = self._reader.oldest_ms()
        return max(period.start_ms, end_ms if oldest_ms is None else oldest_ms), end_ms

    def records(self, window: Window) -> Iterator[Record]:
        """Yield the records of a window."""
        self.left_out = 0
        for entry in self._reader.entries(window.start_ms, window.end_ms):
            if entry.position <= self._until and self._unsettled.as_sent(entry) is None:
                yield entry.record
            else:
                self.left_out += 1


def _auditor(settings: InfluxSettings | RemoteWriteSettings) -> Auditor:
    if isinstance(settings, InfluxSettings):
        return InfluxAuditor(settings)
    return RemoteWriteAuditor(settings)


def _batches(records: Iterable[Record], receiver: Sink) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for record in records:
        batch += [(Entry(0, record), text) for text in receiver.encode_past(record)]
        if len(batch) >= receiver.batch_lines:
            yield batch
            batch = []
    yield batch
